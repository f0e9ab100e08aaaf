"""A picture in the language of Graphviz: a cluster for each stage with its steps."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping

from stagemill.insight.picture.picture import Arrow, Box, Picture, Tone, Way, cut, plain

_COLOURS = {
    Tone.CACHED: "#d8f0d8",
    Tone.RAN: "#f7d0c0",
    Tone.OPEN: "#fbeec0",
    Tone.FAILED: "#f09090",
    Tone.UNKNOWN: "#eeeeee",
}
_STYLES = {Way.FROM: "", Way.READS: " [style=dashed]", Way.AFTER: " [style=dotted, label=after]"}
_TEXT = 50  # characters of an instruction


def dot(picture: Picture) -> str:
    """Steps that are on the critical path have a thick frame; a dashed arrow is COPY or a mount, a dotted one FROM --after."""
    boxes = {box.title: box for box in picture.boxes}
    lines = ["digraph build {", "  rankdir=LR;", '  node [shape=box, style=filled, fontname="monospace"];']
    for number, box in enumerate(picture.boxes):
        lines += _cluster(number, box)
    lines += [_edge(arrow, boxes) for arrow in picture.arrows]
    lines += [_skipped(title, why) for title, why in picture.skipped]
    return "\n".join([*lines, "}"])


def _cluster(number: int, box: Box) -> Iterator[str]:
    yield f"  subgraph cluster_{number} {{"
    yield f"    label={_quoted(box.label)};"
    yield f"    {_node(box, -1)} [label={_quoted(f'FROM {box.base}')}, fillcolor=white];"
    for place, row in enumerate(box.rows):
        label = _quoted(f"{cut(row.short, _TEXT)}\n{row.facts}")
        thick = ", penwidth=3" if row.slow else ""
        yield f'    {_node(box, place)} [label={label}, fillcolor="{_COLOURS[row.tone]}"{thick}];'
    yield "  }"
    places = range(-1, len(box.rows))
    yield from (f"  {_node(box, above)} -> {_node(box, below)};" for above, below in itertools.pairwise(places))


def _edge(arrow: Arrow, boxes: Mapping[str, Box]) -> str:
    source, target = boxes[arrow.source], boxes[arrow.target]
    return f"  {_node(source, arrow.start(source))} -> {_node(target, arrow.row)}{_STYLES[arrow.way]};"


def _skipped(title: str, why: str) -> str:
    label = _quoted(f"{title}\n{why}")
    return f"  {_quoted(f'skipped {title}')} [label={label}, style=dashed, fontcolor=gray];"


def _node(box: Box, row: int) -> str:
    return _quoted(f"step {box.title} {row}" if row >= 0 else f"from {box.title}")


def _quoted(text: str) -> str:
    """A string of the language: JSON's escapes for quotes and line feeds are its own; others it shows as they are."""
    return json.dumps(plain(text), ensure_ascii=False)
