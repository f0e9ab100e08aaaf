"""`campaign`: many inputs of one kind, tried in a process of their own that may die of any of them."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fuzz.attempt import Failure

_WORKER = Path(__file__).with_name("worker.py")
_SOURCE = Path(__file__).parents[2] / "src"
_HUNG = 60.0  # seconds without a word: an input waits for something that never comes


@dataclass(frozen=True, slots=True)
class Found:
    """A failure with the input that shows it. `new` says that this campaign has not met the like of it before."""

    name: str
    seed: int
    number: int
    failure: Failure
    data: bytes
    salt: int
    new: bool

    def __str__(self) -> str:
        failure = self.failure
        return (
            f"{self.name}: {failure.kind} at {failure.place}\n"
            f"again: python tests/fuzz/run.py --seed {self.seed} --from {self.number} --count 1 {self.name}\n"
            f"reduced: {self.data!r} (salt {self.salt})\n{failure.story}"
        )


@dataclass(frozen=True, slots=True)
class At:
    """How far a campaign is: `done` inputs have been tried."""

    done: int


def campaign(name: str, *, seed: int, numbers: range, deadline: float | None = None) -> Iterator[At | Found]:
    """Tries the inputs of these numbers, or what can be had before the `deadline` of the monotonic clock."""
    first = numbers.start
    while first < numbers.stop and not _is_over(deadline):
        with (
            tempfile.TemporaryDirectory(prefix="stagemill-fuzz-", ignore_cleanup_errors=True) as scratch,
            tempfile.TemporaryFile() as said,
            _start(name, seed, range(first, numbers.stop), said=said, scratch=scratch) as process,
        ):
            at = first
            try:
                for line in _lines(process, deadline):
                    if line.startswith("{"):
                        yield _found(name, seed, json.loads(line))
                    else:
                        at = int(line)
                        yield At(at - numbers.start)
            finally:
                process.kill()
                status = process.wait()
            if _is_over(deadline):
                return
            if status == 0:
                yield At(len(numbers))
                return
            yield _died(name, seed, at, status=status, said=said)
            first = at + 1


def _is_over(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _start(name: str, seed: int, numbers: range, *, said: IO[bytes], scratch: str) -> subprocess.Popen[bytes]:
    """The worker, whose temporary files are the caller's to remove, however it ends."""
    command = [sys.executable, str(_WORKER), name, str(seed), str(numbers.start), str(len(numbers))]
    environment = {**os.environ, "PYTHONPATH": str(_SOURCE), "TMPDIR": scratch}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment)


def _lines(process: subprocess.Popen[bytes], deadline: float | None) -> Iterator[str]:
    """What the worker says, until it ends, falls silent for too long, or time is up."""
    assert process.stdout is not None
    rest = b""
    while True:
        patience = _HUNG if deadline is None else min(_HUNG, max(deadline - time.monotonic(), 0))
        if not select.select([process.stdout], [], [], patience)[0]:
            return
        data = os.read(process.stdout.fileno(), 1 << 16)
        if not data:
            process.wait()
            return
        *lines, rest = (rest + data).split(b"\n")
        yield from (line.decode() for line in lines)
        if _is_over(deadline):
            return


def _found(name: str, seed: int, facts: dict[str, Any]) -> Found:
    failure = Failure(facts["kind"], facts["place"], facts["story"])
    return Found(name, seed, facts["number"], failure, bytes.fromhex(facts["data"]), facts["salt"], facts["new"])


def _died(name: str, seed: int, number: int, *, status: int, said: IO[bytes]) -> Found:
    said.seek(0)
    why = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
    why = f"no word for {_HUNG:.0f} s" if status == -signal.SIGKILL else why
    failure = Failure("Died", why, said.read().decode(errors="replace"))
    return Found(name, seed, number, failure, b"", 0, new=True)
