"""`Plain`: events in BuildKit's plain form, for logs and pipes.

#5 [builder 2/4] RUN npm ci
#5 0.312 added 120 packages
#5 DONE 1.2s
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from threading import Lock
from typing import assert_never

from stagemill import events
from stagemill.cli.progress.out import Out
from stagemill.cli.progress.text import Lines, clip, harmless, progress
from stagemill.cli.progress.turns import Speaker, Turns
from stagemill.digest import Digest
from stagemill.values import dataclass

NEWS = 0.05
"""The part of a transfer's total after which it is worth a line."""
SILENCE = 5.0
"""Seconds after which a transfer gets a line in any case."""


@dataclass(slots=True)
class _Part:
    started: float
    shown_at: float
    shown: int


@dataclass(slots=True)
class _Step:
    speaker: Speaker
    started: float
    streams: dict[str, Lines] = field(default_factory=dict)
    parts: dict[str, _Part] = field(default_factory=dict)


class Plain:
    """A listener. Where a step has to wait for its turn, `ticks` is asked to call `tick` regularly from then on.

    `safe` takes out of what processes wrote all that would do more on a terminal than show characters. Names of steps
    are cut at `width` characters where there is one.
    """

    def __init__(
        self,
        out: Out,
        *,
        clock: Callable[[], float],
        ticks: Callable[[Callable[[], None]], None],
        safe: bool,
        width: int | None = None,
    ) -> None:
        self._turns = Turns(out.write, clock)
        self._clock = clock
        self._ticks = ticks
        self._clean: Callable[[str], str] = harmless if safe else str
        self._width = width
        self._lock = Lock()
        self._running: dict[Digest, _Step] = {}

    def __call__(self, event: events.Event) -> None:
        with self._lock:
            self._take(event)
            somebody_waits = self._turns.settle()
        if somebody_waits:
            self._ticks(self.tick)

    def tick(self) -> None:
        """Let a step speak that has waited long enough."""
        with self._lock:
            self._turns.settle()

    def pause(self) -> None:
        """Whoever waits for a turn waits until `resume`."""
        self._lock.acquire()

    def resume(self) -> None:
        self._lock.release()

    def close(self) -> None:
        """Print what is left of steps that never ended."""
        with self._lock:
            for step in self._running.values():
                self._turns.say(step.speaker, self._rest(step, self._clock()))
            self._turns.finish()

    def _take(self, event: events.Event) -> None:
        match event:
            case events.Started(key, name, at):
                step = self._running[key] = _Step(Speaker(self._one_line(name)), at)
                self._turns.enter(step.speaker)
            case events.Cached(_, name):
                self._turns.leave(Speaker(self._one_line(name)), "CACHED")
            case events.Notice(text):
                self._turns.aside(self._clean(line) for line in text.split("\n"))
            case events.Output() | events.Transfer() | events.Finished() | events.Failed():
                if step_or_none := self._running.get(event.step):
                    self._update(step_or_none, event)
            case _:
                assert_never(event)

    def _update(self, step: _Step, event: events.Output | events.Transfer | events.Finished | events.Failed) -> None:
        match event:
            case events.Output(_, stream, data, at):
                lines = step.streams.setdefault(stream, Lines()).feed(data)
                self._turns.say(step.speaker, [f"{_elapsed(at - step.started)} {self._clean(line)}" for line in lines])
            case events.Transfer():
                self._turns.say(step.speaker, [self._clean(line) for line in _news(step, event)])
            case events.Finished(_, at):
                self._end(step, event, f"DONE {max(at - step.started, 0.0):.1f}s")
            case events.Failed(_, message, _, cancelled):
                self._end(step, event, "CANCELED" if cancelled else f"ERROR: {self._one_line(message)}")
            case _:
                assert_never(event)

    def _end(self, step: _Step, event: events.Finished | events.Failed, last: str) -> None:
        self._turns.say(step.speaker, self._rest(step, event.at))
        self._turns.leave(step.speaker, last)
        del self._running[event.step]

    def _rest(self, step: _Step, at: float) -> list[str]:
        """The lines that lack their end, now that nothing more comes."""
        prefix = _elapsed(at - step.started)
        return [f"{prefix} {self._clean(line)}" for lines in step.streams.values() for line in lines.end()]

    def _one_line(self, text: str) -> str:
        line = " ".join(map(self._clean, text.splitlines()))
        return line if self._width is None else clip(line, self._width, mark="...")


def _elapsed(seconds: float) -> str:
    """Seconds with so many decimals that the number keeps its width: `0.312`, `12.34`, `123.4`."""
    seconds = max(seconds, 0.0)
    decimals = 3 if seconds < 10 else 2 if seconds < 100 else 1
    return f"{seconds:.{decimals}f}"


def _news(step: _Step, event: events.Transfer) -> list[str]:
    """A line for a part's progress: its first, its last, and between them those that tell something new."""
    part = step.parts.get(event.part)
    if part and not event.done:
        advance = (event.current - part.shown) / event.total if event.total else 0.0
        if advance < NEWS and event.at - part.shown_at < SILENCE:
            return []
    if part is None:
        part = step.parts[event.part] = _Part(event.at, event.at, event.current)
    part.shown_at, part.shown = event.at, event.current
    seconds = event.at - part.started
    words = [
        event.part,
        progress(event.current, event.total),
        f"{seconds:.1f}s" if seconds > 0.01 else "",
        "done" if event.done else "",
    ]
    return [" ".join(word for word in words if word)]
