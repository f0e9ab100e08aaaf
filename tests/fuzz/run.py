#!/usr/bin/env python3
"""Tries random inputs until one shows a mistake: every input is refused in words or understood, in time and in memory.

Examples:
  tests/fuzz/run.py                                a minute of all fuzzers, with a seed of its own
  tests/fuzz/run.py --seconds 600 archive flags
  tests/fuzz/run.py --count 100000 --seed 7 --jobs 2
  tests/fuzz/run.py --seed 7 --from 4711 --count 1 archive     one input again

A failure is told with its seed and number, with as little of its input as still fails, and with the traceback.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.campaign import At, Found, campaign
from fuzz.kinds import NAMES

_FOREVER = 1 << 40


@dataclass
class Board:
    """What is known while it runs, shown on one line of the terminal."""

    begun: float = field(default_factory=time.monotonic)
    done: dict[str, int] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _shown: float = 0.0

    def take(self, key: str, event: At | Found) -> None:
        with self._lock:
            if isinstance(event, Found):
                self.found.append(event)
                if event.new:
                    self._clear()
                    print(f"{event}\n", flush=True)
            else:
                self.done[key] = event.done
            self._show()

    def _show(self) -> None:
        if sys.stderr.isatty() and time.monotonic() - self._shown > 0.2:
            self._shown = time.monotonic()
            sys.stderr.write(f"\r\x1b[K{self.summary()}")
            sys.stderr.flush()

    def _clear(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def summary(self) -> str:
        """`archive 1,200  flags 9,000; 10,200 inputs in 12 s, 2 failures`."""
        counts: dict[str, int] = {}
        for key, done in self.done.items():
            counts[key.partition(":")[0]] = counts.get(key.partition(":")[0], 0) + done
        parts = "  ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
        took = time.monotonic() - self.begun
        return f"{parts}; {sum(counts.values()):,} inputs in {took:.0f} s, {len(self.found)} failures"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} [all]")
    parser.add_argument("--seconds", type=float, help="for all of them together [60]")
    parser.add_argument("--count", type=int, help="inputs of each, instead of a time")
    parser.add_argument("--seed", type=int, help="[a new one]")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="NUMBER", help="the first input [0]")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once [1]")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in NAMES]:
        parser.error(f"there is no fuzzer {', '.join(unknown)}; known: {', '.join(NAMES)}")
    return args


def pieces(names: Iterable[str], *, first: int, count: int | None, jobs: int) -> list[tuple[str, range]]:
    """What there is to do: each fuzzer in as many pieces as there are jobs."""
    total = _FOREVER if count is None else count
    size = -(-total // jobs)
    ends = first + total
    return [(name, range(at, min(at + size, ends))) for name in names for at in range(first, ends, size)]


def run(board: Board, todo: list[tuple[str, range]], *, seed: int, jobs: int, seconds: float | None) -> None:
    """Works through the pieces, `jobs` at once; each has its share of the time."""
    share = None if seconds is None else seconds * jobs / len(todo)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not todo:
                    return
                name, numbers = todo.pop(0)
            deadline = None if share is None else time.monotonic() + share
            for event in campaign(name, seed=seed, numbers=numbers, deadline=deadline):
                board.take(f"{name}:{numbers.start}", event)

    threads = [threading.Thread(target=work) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    args = arguments()
    seconds = args.seconds if args.seconds or args.count else 60.0
    seed = secrets.randbelow(1 << 32) if args.seed is None else args.seed
    print(f"seed {seed}", flush=True)
    board = Board()
    todo = pieces(args.names or NAMES, first=args.first, count=args.count, jobs=args.jobs)
    run(board, todo, seed=seed, jobs=args.jobs, seconds=seconds)
    print(("\r\x1b[K" if sys.stdout.isatty() else "") + f"seed {seed}: {board.summary()}")
    sys.exit(1 if board.found else 0)


if __name__ == "__main__":
    main()
