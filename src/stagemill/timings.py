"""What the time of a build goes into: functions that are `measured` have it written down while somebody is `recording`.

Nobody records as a rule, and then a measured call costs one look at a variable. Times are seconds of `time.perf_counter`.
"""

from __future__ import annotations

import builtins
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from stagemill.values import dataclass

P = ParamSpec("P")
R = TypeVar("R")

SHORT = 0.001
"""Seconds. What is shorter counts in the totals and is no span of its own: there may be a million files."""
_LOADED = 0.0002


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the work of one thread, from `begin` for `seconds`; spans of a thread lie in or after each other."""

    name: str
    begin: float
    seconds: float
    thread: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """All calls of one name: `seconds` are theirs alone, less what was measured inside them."""

    seconds: float
    calls: int


@dataclass(slots=True)
class _Open:
    """A part that has not ended, and the seconds of the parts inside that have."""

    name: str
    begin: float
    inside: float = 0.0
    detail: str = ""


class Timings:
    """The spans and totals of one recording. Threads write at the same time."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.spans: list[Span] = []
        self.threads: dict[int, str] = {}
        self._own = threading.local()
        self._guard = threading.Lock()
        self._totals: dict[str, tuple[float, int]] = {}

    @property
    def totals(self) -> Mapping[str, Total]:
        """By name; those that took longest come first."""
        ordered = sorted(self._totals.items(), key=lambda item: (-item[1][0], item[0]))
        return {name: Total(*total) for name, total in ordered}

    def add(self, name: str, begin: float, end: float, *, detail: str = "") -> None:
        """Writes down what this thread did, and was measured some other way."""
        self._written(Span(name, begin, end - begin, threading.get_ident(), detail), inside=0.0)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measures the block."""
        line = self._line()
        mine = _Open(name, time.perf_counter())
        line.append(mine)
        try:
            yield
        finally:
            line.pop()
            seconds = time.perf_counter() - mine.begin
            self._written(Span(name, mine.begin, seconds, threading.get_ident(), mine.detail), inside=mine.inside)

    def about(self, detail: str) -> None:
        """Says what the innermost part of this thread is about."""
        if line := self._line():
            line[-1].detail = detail

    def _line(self) -> list[_Open]:
        """What this thread is in the middle of, the outermost first."""
        line: list[_Open] | None = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = []
        return line

    def _written(self, span: Span, *, inside: float) -> None:
        if line := self._line():
            line[-1].inside += span.seconds
        with self._guard:
            seconds, calls = self._totals.get(span.name, (0.0, 0))
            self._totals[span.name] = seconds + span.seconds - inside, calls + 1
            if span.seconds >= SHORT:
                self.spans.append(span)
                self.threads.setdefault(span.thread, threading.current_thread().name)


_recording: list[Timings] = []
"""One at most. A list, so that nobody needs a global statement."""


@contextmanager
def recording(began: float) -> Iterator[Timings]:
    """Everything measured in the block is written down, and what modules take to load; `began` is when the program did."""
    timings = Timings(began)
    load = builtins.__import__
    builtins.__import__ = _loading(timings, load)
    _recording.append(timings)
    try:
        yield timings
    finally:
        _recording.remove(timings)
        builtins.__import__ = load


def measured(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Has the calls of a function written down under a name; `about` may say in them which one it is."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if not _recording:
                return function(*args, **kwargs)
            with _recording[0].part(name):
                return function(*args, **kwargs)

        return call

    return decorate


def about(detail: str) -> None:
    """Says what the innermost measured call of this thread is about."""
    if _recording:
        _recording[0].about(detail)


def _loading(timings: Timings, load: Callable[P, R]) -> Callable[P, R]:
    """`__import__`, measured where it begins and where it does anything: most calls only find what is there."""
    busy = threading.local()

    @wraps(load)
    def imported(*args: P.args, **kwargs: P.kwargs) -> R:
        if getattr(busy, "now", False):
            return load(*args, **kwargs)
        busy.now = True
        begin = time.perf_counter()
        try:
            return load(*args, **kwargs)
        finally:
            busy.now = False
            if (end := time.perf_counter()) - begin >= _LOADED:
                timings.add("import", begin, end, detail=str(args[0]) if args else "")

    return imported
