"""A picture as SVG: stages in columns by how many stand before them, a row for each step, arrows between.

The style is in classes, so that a page can put the picture among its own: `alone` has a style sheet within.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from stagemill.insight.picture.picture import Arrow, Box, Picture, Row, amount, cut, plain, took
from stagemill.values import dataclass

WIDTH, ROW, HEAD = 370, 22, 48
_GAP_X, _GAP_Y, _EDGE = 70, 28, 16
_TEXT = 31  # characters of an instruction that stand beside its figures
_TITLE = 40

STYLE = """
.graph { --ink: #1f2328; --soft: #59636e; --paper: #ffffff; --frame: #c4ccd4;
  --cached: #2da44e; --ran: #d9622b; --open: #bf8700; --failed: #cf222e; --unknown: #9aa4ae; }
@media (prefers-color-scheme: dark) { .graph { --ink: #e6edf3; --soft: #9198a1; --paper: #0d1117; --frame: #3d444d;
  --cached: #3fb950; --ran: #f0883e; --open: #d29922; --failed: #f85149; --unknown: #656c76; } }
"""
SHAPES = """
.graph text { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--ink); }
.graph .title { font-weight: bold; font-size: 14px; }
.graph .soft { fill: var(--soft); }
.graph .figure { text-anchor: end; fill: var(--soft); font-size: 11px; }
.graph .box { fill: var(--paper); stroke: var(--frame); }
.graph .wanted { stroke-width: 2.5; stroke: var(--soft); }
.graph .skipped { stroke-dasharray: 5 4; fill: none; stroke: var(--frame); }
.graph .arrow { fill: none; stroke: var(--soft); stroke-width: 1.4; }
.graph .reads { stroke-dasharray: 6 4; }
.graph .after { stroke-dasharray: 2 4; }
.graph .head { fill: var(--soft); }
.graph .mark { fill: var(--unknown); }
.graph .cached .mark { fill: var(--cached); }
.graph .ran .mark { fill: var(--ran); }
.graph .open .mark { fill: var(--open); }
.graph .failed .mark { fill: var(--failed); }
.graph .slow .back { fill: var(--ran); fill-opacity: 0.13; }
.graph .back { fill: transparent; }
"""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a box stands, and how high it is."""

    x: int
    y: int
    height: int

    def row(self, place: int) -> int:
        """The middle of a row, of the FROM for -1."""
        return self.y + (HEAD + ROW * place + ROW // 2 if place >= 0 else HEAD - 14)


def svg(picture: Picture, *, alone: bool = True) -> str:
    spots = layout(picture)
    skipped = len(picture.skipped)
    below = max((spot.y + spot.height for spot in spots.values()), default=0) + _GAP_Y
    width = max((spot.x for spot in spots.values()), default=_EDGE) + WIDTH + _EDGE
    height = below + skipped * (HEAD + 8)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img">'
        ),
        f"<title>{_text(picture.heading)}</title>",
        f"<style>{STYLE}{SHAPES}</style>" if alone else "",
        (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>'
        ),
    ]
    boxes = {box.title: box for box in picture.boxes}
    parts += [_arrow(arrow, spots, boxes) for arrow in picture.arrows]
    parts += [part for box in picture.boxes for part in _box(box, spots[box.title])]
    for number, (title, why) in enumerate(picture.skipped):
        parts += _skipped(title, why, y=below + number * (HEAD + 8))
    return "\n".join([*filter(None, parts), "</svg>"])


def layout(picture: Picture) -> Mapping[str, Spot]:
    """A column for each depth; in a column the boxes stand under each other in the order of the file."""
    heights: dict[int, int] = {}
    spots: dict[str, Spot] = {}
    depths = picture.depths()
    for box in picture.boxes:
        column = depths[box.title]
        y, height = heights.get(column, _EDGE), HEAD + ROW * len(box.rows) + 8
        spots[box.title] = Spot(_EDGE + column * (WIDTH + _GAP_X), y, height)
        heights[column] = y + height + _GAP_Y
    return spots


def _box(box: Box, spot: Spot) -> Iterator[str]:
    wanted = " wanted" if box.role else ""
    yield f'<rect class="box{wanted}" x="{spot.x}" y="{spot.y}" width="{WIDTH}" height="{spot.height}" rx="8"/>'
    yield f'<text class="title" x="{spot.x + 14}" y="{spot.y + 20}">{_text(cut(box.label, _TITLE))}</text>'
    yield f'<text class="soft" x="{spot.x + 14}" y="{spot.y + 38}">{_text(cut(f"FROM {box.base}", _TITLE + 4))}</text>'
    for place, row in enumerate(box.rows):
        yield _row(row, spot, place)


def _row(row: Row, spot: Spot, place: int) -> str:
    y = spot.row(place)
    known = [took(row.seconds)] if row.seconds is not None else []
    figures = " · ".join([*known, *([amount(row.size)] if row.size else [])])
    slow = " slow" if row.slow else ""
    return (
        f'<g class="row {row.tone}{slow}" data-step="{_text(row.id)}">'
        f"<title>{_text(f'line {row.line}: {row.short}: {row.facts}')}</title>"
        f'<rect class="back" x="{spot.x + 1}" y="{y - ROW // 2}" width="{WIDTH - 2}" height="{ROW}"/>'
        f'<rect class="mark" x="{spot.x + 8}" y="{y - 6}" width="5" height="12" rx="2"/>'
        f'<text x="{spot.x + 20}" y="{y + 4}">{_text(cut(row.short, _TEXT))}</text>'
        f'<text class="figure" x="{spot.x + WIDTH - 8}" y="{y + 4}">{_text(figures)}</text></g>'
    )


def _arrow(arrow: Arrow, spots: Mapping[str, Spot], boxes: Mapping[str, Box]) -> str:
    source, target = spots[arrow.source], spots[arrow.target]
    x, y = source.x + WIDTH, source.row(arrow.start(boxes[arrow.source]))
    to_x, to_y = target.x - 1, target.row(arrow.row)
    low = _below(source, target, spots, y, to_y)
    if low is not None:
        half, end = _GAP_X // 2, to_x - _GAP_X
        way = f"{x + half} {y} {x + half} {low} {x + _GAP_X} {low}H{end}C{end + half} {low} {end + half} {to_y} {to_x} {to_y}"
        return f'<path class="arrow {arrow.way}" marker-end="url(#head)" d="M{x} {y}C{way}"/>'
    bend = min(_GAP_X, max(30, (to_x - x) // 2))
    return (
        f'<path class="arrow {arrow.way}" marker-end="url(#head)" '
        f'd="M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"/>'
    )


def _below(source: Spot, target: Spot, spots: Mapping[str, Spot], *ends: int) -> int | None:
    """Where an arrow passes below the boxes between two columns; None where none of them is in its way."""
    between = [spot for spot in spots.values() if source.x < spot.x < target.x]
    if not any(spot.y <= max(ends) and min(ends) <= spot.y + spot.height for spot in between):
        return None
    return max(spot.y + spot.height for spot in between) + _GAP_Y // 2


def _skipped(title: str, why: str, *, y: int) -> Iterator[str]:
    yield f'<rect class="skipped" x="{_EDGE}" y="{y}" width="{WIDTH}" height="{HEAD}" rx="8"/>'
    yield f'<text class="title soft" x="{_EDGE + 14}" y="{y + 20}">{_text(cut(title, _TITLE))}</text>'
    yield f'<text class="soft" x="{_EDGE + 14}" y="{y + 38}">{_text(cut(why, _TITLE + 4))}</text>'


def _text(text: str) -> str:
    return escape(plain(text))
