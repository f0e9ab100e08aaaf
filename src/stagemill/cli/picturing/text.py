"""A picture for a terminal: a stage after the other, each step with a mark, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagemill.cli.progress.text import cells, harmless
from stagemill.insight.picture.picture import Arrow, Box, Picture, Row, Tone, Way, amount, cut, took

_MARKS = {Tone.CACHED: "○", Tone.RAN: "●", Tone.OPEN: "◐", Tone.FAILED: "✗", Tone.UNKNOWN: "·"}
_DONE = "○ cached   ● ran   ✗ failed   · not needed"
_FORESEEN = "○ cached   ● would run   ◐ would run, or be found by content"
_TEXT, _LEAST = 52, 24  # characters of an instruction
_FIGURES = 26  # columns of a line beside it


def text(picture: Picture, *, columns: int | None = None) -> str:
    """Instructions are cut so that their lines fit into `columns`, as long as something is left of them."""
    lines = [harmless(picture.heading)]
    for box in picture.boxes:
        lines += ["", *_stage(box, [arrow for arrow in picture.arrows if arrow.target == box.title], columns)]
    if picture.skipped:
        lines += ["", *(f"skipped: {harmless(title)} ({why})" for title, why in picture.skipped)]
    if slow := picture.slow:
        seconds = sum(row.seconds or 0.0 for row in slow)
        known = f", {took(seconds)}" if seconds else ""
        lines += ["", f"critical path (┃): {len(slow)} step{'' if len(slow) == 1 else 's'}{known}"]
    return "\n".join([*lines, "", _FORESEEN if picture.future else _DONE])


def _stage(box: Box, arrows: list[Arrow], columns: int | None) -> Iterator[str]:
    reads = {place: [arrow for arrow in arrows if arrow.row == place] for place in range(-1, len(box.rows))}
    sources = [_reads(arrow.source for arrow in reads[place]) for place in range(len(box.rows))]
    room = _TEXT if columns is None else columns - _FIGURES - max(map(cells, sources), default=0)
    after = "".join(f"  after {harmless(arrow.source)}" for arrow in reads[-1] if arrow.way is Way.AFTER)
    yield f"{harmless(box.label)}   FROM {harmless(box.base)}{after}"
    for place, row in enumerate(box.rows):
        last = place == len(box.rows) - 1
        yield f"{_step(row, last=last, room=min(_TEXT, max(_LEAST, room)))}{sources[place]}".rstrip()


def _reads(sources: Iterable[str]) -> str:
    names = ", ".join(map(harmless, sources))
    return f"  ← {names}" if names else ""


def _step(row: Row, *, last: bool, room: int) -> str:
    bar = "┃" if row.slow else "└" if last else "│"
    time = took(row.seconds) if row.seconds is not None else ""
    size = amount(row.size) if row.size else ""
    words = cut(harmless(row.short), room)
    return f"{bar} {_MARKS[row.tone]} {row.line or '':>4} {words.ljust(room)} {time:>7}{size:>9}"
