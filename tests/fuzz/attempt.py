"""`attempt`: one input tried under limits, and `Failure`, what came of it that must not.

An input may take two seconds of processor time. Memory is limited for the whole process, by `limit_memory`; what needs
more meets MemoryError there.
"""

from __future__ import annotations

import resource
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from fuzz.inputs import Fuzzer, Input

SECONDS = 2.0
MEMORY = 500 << 20


class TooSlowError(BaseException):
    """An input took more than its time; no `except Exception` on the way catches it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """`place` is the innermost line of ours, by which failures that are one are known; `story` is the traceback."""

    kind: str
    place: str
    story: str

    @property
    def same(self) -> tuple[str, str]:
        return self.kind, self.place


def limit_memory() -> None:
    """From now on this process, with all that it has loaded, gets no more than `MEMORY` bytes of data."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def attempt(fuzzer: Fuzzer, given: Input, *, seconds: float = SECONDS) -> Failure | None:
    """What an input does that must not happen, or None."""
    before = time.process_time()
    try:
        with _limited(seconds):
            fuzzer.check(given)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return _failure(error)
    took = time.process_time() - before
    return Failure("TooSlowError", "caught on its way", f"it took {took:.1f} s") if took > seconds else None


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlowError(f"more than {seconds} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _failure(error: BaseException) -> Failure:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/stagemill/" in frame.filename] or frames
    place = f"{ours[-1].filename.rpartition('/stagemill/')[2]}:{ours[-1].lineno}" if ours else ""
    kind = type(error).__name__
    if isinstance(error, TooSlowError):
        place = ours[-1].filename.rpartition("/stagemill/")[2]  # where it was stopped in there is chance
    return Failure(kind, place, "".join(traceback.format_exception(error, limit=-12, chain=False)))
