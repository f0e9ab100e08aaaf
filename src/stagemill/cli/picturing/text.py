"""A picture for a terminal: a stage after the other, each step with a mark, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.cli.progress.text import harmless
from stagemill.insight.picture.picture import Arrow, Box, Picture, Row, Tone, Way, amount, cut, took

_MARKS = {Tone.CACHED: "○", Tone.RAN: "●", Tone.OPEN: "◐", Tone.FAILED: "✗", Tone.UNKNOWN: "·"}
_DONE = "○ cached   ● ran   ✗ failed   · not needed"
_FORESEEN = "○ cached   ● would run   ◐ would run, or be found by content"
_TEXT = 52  # characters of an instruction


def text(picture: Picture) -> str:
    lines = [harmless(picture.heading)]
    for box in picture.boxes:
        lines += ["", *_stage(box, [arrow for arrow in picture.arrows if arrow.target == box.title])]
    if picture.skipped:
        lines += ["", *(f"skipped: {harmless(title)} ({why})" for title, why in picture.skipped)]
    if slow := picture.slow:
        seconds = sum(row.seconds or 0.0 for row in slow)
        known = f", {took(seconds)}" if seconds else ""
        lines += ["", f"critical path (┃): {len(slow)} step{'' if len(slow) == 1 else 's'}{known}"]
    return "\n".join([*lines, "", _FORESEEN if picture.future else _DONE])


def _stage(box: Box, arrows: list[Arrow]) -> Iterator[str]:
    reads = {place: [arrow for arrow in arrows if arrow.row == place] for place in range(-1, len(box.rows))}
    after = "".join(f"  after {harmless(arrow.source)}" for arrow in reads[-1] if arrow.way is Way.AFTER)
    yield f"{harmless(box.label)}   FROM {harmless(box.base)}{after}"
    for place, row in enumerate(box.rows):
        yield _step(row, [arrow.source for arrow in reads[place]], last=place == len(box.rows) - 1)


def _step(row: Row, sources: list[str], *, last: bool) -> str:
    bar = "┃" if row.slow else "└" if last else "│"
    time = took(row.seconds) if row.seconds is not None else ""
    size = amount(row.size) if row.size else ""
    reads = f"  ← {', '.join(map(harmless, sources))}" if sources else ""
    words = cut(harmless(row.short), _TEXT)
    return f"{bar} {_MARKS[row.tone]} {row.line or '':>4} {words.ljust(_TEXT)} {time:>7}{size:>9}{reads}".rstrip()
