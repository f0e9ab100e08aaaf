"""`Board`: what is known of a build's stages and steps, from its events; what the terminal shows is drawn from it."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import field
from typing import Literal, TypeAlias, assert_never

from stagemill import events
from stagemill.cli.progress.text import Lines, harmless
from stagemill.digest import Digest
from stagemill.regex import regex
from stagemill.values import dataclass

TAIL = 6
"""How many lines of a running step's output are kept for the terminal."""

State: TypeAlias = Literal["running", "done", "cached", "failed", "cancelled"]

_PLACE = regex(r"\[(?:[^\]]* )?(\d+/\d+)\] (.+)", re.DOTALL)


@dataclass(slots=True)
class Part:
    """A transfer that is not done."""

    name: str
    current: int
    total: int | None


@dataclass(slots=True)
class Step:
    """One step; `title` is its name without what the stage's heading says already."""

    title: str
    started: float
    state: State = "running"
    ended: float | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    streams: dict[str, Lines] = field(default_factory=dict)
    ended_lines: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))

    def seconds(self, now: float) -> float:
        return max((now if self.ended is None else self.ended) - self.started, 0.0)

    def tail(self, length: int) -> list[str]:
        """The last lines of its output, with those that have not ended yet."""
        lines = [*self.ended_lines, *(lines.partial for lines in self.streams.values() if lines.partial)]
        return [harmless(line) for line in lines[-length:]] if length else []


class Board:
    """Stages in order of appearance, and the steps of each; those of no stage come first, under the empty name.

    Not thread-safe: its owner has the lock.
    """

    def __init__(self, *, lines: int = TAIL) -> None:
        """`lines` is how many of a running step's output are shown at most."""
        self.lines = lines
        self.stages: dict[str, list[Step]] = {"": []}
        self.started: float | None = None
        self._steps: dict[Digest, Step] = {}

    @property
    def steps(self) -> list[Step]:
        return [step for steps in self.stages.values() for step in steps]

    def count(self, state: State) -> int:
        return sum(step.state == state for step in self.steps)

    def take(self, event: events.Event) -> None:
        """Note what an event says; notices are not of any step and are left out."""
        match event:
            case events.Started(key, name, at, stage):
                self._add(key, Step(_title(name, stage), at, ended_lines=deque(maxlen=max(self.lines, TAIL))), stage)
            case events.Cached(key, name, at, stage):
                self._add(key, Step(_title(name, stage), at, "cached", at), stage)
            case events.Output() | events.Transfer() | events.Finished() | events.Failed():
                if step := self._steps.get(event.step):
                    _update(step, event)
            case events.Notice():
                pass
            case _:
                assert_never(event)

    def _add(self, key: Digest, step: Step, stage: str) -> None:
        if self.started is None:
            self.started = step.started
        self._steps[key] = step
        self.stages.setdefault(harmless(stage), []).append(step)


def _update(step: Step, event: events.Output | events.Transfer | events.Finished | events.Failed) -> None:
    match event:
        case events.Output(_, stream, data):
            step.ended_lines.extend(step.streams.setdefault(stream, Lines()).feed(data))
        case events.Transfer(_, part, current, total, _, done):
            step.parts[part] = Part(harmless(part), current, total)
            if done:
                del step.parts[part]
        case events.Finished(_, at):
            step.state, step.ended = "done", at
        case events.Failed(_, _, at, cancelled):
            step.state, step.ended = ("cancelled" if cancelled else "failed"), at
        case _:
            assert_never(event)


def _title(name: str, stage: str) -> str:
    """`2/4 RUN npm ci` for `[builder 2/4] RUN npm ci`, which stands below the heading `builder`."""
    match = _PLACE.fullmatch(name) if stage else None
    return harmless(f"{match[1]} {match[2]}" if match else name)
