"""The process that tries inputs: told a fuzzer, a seed and which numbers, it says which input it is at and what failed.

Its standard output is for `campaign.py`: a line with a number before each input, a line of JSON for each failure.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])

from fuzz.attempt import Failure, attempt, limit_memory
from fuzz.inputs import Fuzzer, Input, numbered
from fuzz.kinds import fuzzer_of
from fuzz.reduce import reduced

_PATIENCE = 20.0  # seconds for reducing one failure


def work(fuzzer: Fuzzer, *, name: str, seed: int, numbers: range, say: Callable[[str], None]) -> None:
    """Failures of one kind at one place are reduced once; of the others only the number is told."""
    known: set[tuple[str, str]] = set()
    for number in numbers:
        say(str(number))
        given = numbered(fuzzer, name=name, seed=seed, number=number)
        failure = attempt(fuzzer, given)
        if failure is None:
            continue
        new = failure.same not in known
        known.add(failure.same)
        small = _reduced(fuzzer, given, failure) if new else given
        facts = {"number": number, "new": new, "data": small.data.hex(), "salt": small.salt, **asdict(failure)}
        say(json.dumps(facts))


def _reduced(fuzzer: Fuzzer, given: Input, failure: Failure) -> Input:
    def fails(smaller: Input) -> bool:
        found = attempt(fuzzer, smaller)
        return found is not None and found.same == failure.same

    return reduced(given, fails, seconds=_PATIENCE)


def main() -> None:
    name, seed, first, count = sys.argv[1], *map(int, sys.argv[2:5])
    fuzzer = fuzzer_of(name)
    limit_memory()
    gc.freeze()
    work(
        fuzzer,
        name=name,
        seed=seed,
        numbers=range(first, first + count),
        say=lambda line: _write(f"{line}\n".encode()),
    )


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
