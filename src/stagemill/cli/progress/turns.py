"""`Turns`: of many that have something to say, one speaks at a time, and nobody waits for ever.

A speaker keeps its turn for at least `TURN` seconds while others wait, longer where it says more than they do. Whoever
has waited for `PATIENCE` seconds is let speak, whoever speaks. A speaker that is interrupted ends with `#5 ...` and
begins its next turn with its heading. This is how BuildKit's plain progress behaves (util/progress/progressui).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field

from stagemill.values import dataclass

TURN = 5.0
PATIENCE = 10.0
"""Seconds."""


@dataclass(slots=True, eq=False)
class Speaker:
    """`number` is 0 until it first speaks; `unseen` is what it has to say; `heard` counts its lines since `since`."""

    heading: str
    number: int = 0
    unseen: list[str] = field(default_factory=list)
    since: float = 0.0
    heard: int = 0

    @property
    def waits(self) -> bool:
        return bool(self.unseen) or not self.number

    def rate(self, now: float) -> float:
        """Lines per second since its turn, or its wait, began."""
        return self.heard / max(now - self.since, 0.001)


class Turns:
    """Not thread-safe: its owner has the lock."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._present: list[Speaker] = []
        self._current: Speaker | None = None
        self._numbers = 0
        self._begun = False

    def enter(self, speaker: Speaker) -> None:
        """The speaker has something to say: its heading."""
        speaker.since = self._clock()
        self._present.append(speaker)

    def say(self, speaker: Speaker, lines: Iterable[str]) -> None:
        """Lines that the speaker will say in its turn."""
        if speaker is not self._current and not speaker.waits:
            speaker.since, speaker.heard = self._clock(), 0
        before = len(speaker.unseen)
        speaker.unseen.extend(lines)
        speaker.heard += len(speaker.unseen) - before

    def leave(self, speaker: Speaker, last: str) -> None:
        """Say everything, and a last line, at once; it need not have entered."""
        if speaker in self._present:
            self._present.remove(speaker)
        speaker.unseen.append(last)
        self._speak(speaker)
        self._current = None

    def aside(self, lines: Iterable[str]) -> None:
        """Lines of nobody, at once; they have the number 0."""
        self._pause()
        self._begin_block()
        self._print(0, lines)

    def settle(self) -> bool:
        """Let those speak whose turn it is. Returns whether somebody still waits."""
        now = self._clock()
        if self._current:
            self._speak(self._current)
        following = self._following(now)
        if following and following is not self._current:
            self._speak(following)
        return any(speaker.waits for speaker in self._present)

    def finish(self) -> None:
        """Let everybody say the rest."""
        for speaker in self._present:
            if speaker.unseen:
                self._speak(speaker)

    def _following(self, now: float) -> Speaker | None:
        current = self._current
        waiting = [speaker for speaker in self._present if speaker.waits]
        if not waiting:
            return current or next(iter(self._present), None)
        busiest = max(waiting, key=lambda speaker: speaker.rate(now))
        if current is None:
            return busiest
        first = min(waiting, key=lambda speaker: speaker.since)
        if now - first.since > PATIENCE:
            return first
        others = sum(speaker.rate(now) for speaker in waiting)
        # A turn is TURN / (1 - share) long, where the share is current / (current + others).
        over = (now - current.since) * others > TURN * (current.rate(now) + others)
        return busiest if over or (not others and now - current.since > TURN) else current

    def _speak(self, speaker: Speaker) -> None:
        if not speaker.number:
            self._numbers += 1
            speaker.number = self._numbers
        if speaker is not self._current:
            self._pause()
            self._begin_block()
            self._print(speaker.number, [speaker.heading])
            self._current, speaker.since, speaker.heard = speaker, self._clock(), 0
        self._print(speaker.number, speaker.unseen)
        speaker.unseen.clear()

    def _pause(self) -> None:
        if current := self._current:
            self._print(current.number, ["..."])
            self._current, current.since, current.heard = None, self._clock(), 0

    def _begin_block(self) -> None:
        if self._begun:
            self._write("\n")
        self._begun = True

    def _print(self, number: int, lines: Iterable[str]) -> None:
        self._write("".join(f"#{number} {line}\n" for line in lines))
