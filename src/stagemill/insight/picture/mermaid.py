"""A picture in the language of Mermaid, which forges draw in Markdown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from stagemill.insight.picture.picture import Arrow, Picture, Tone, Way, cut, plain

_COLOURS = {
    Tone.CACHED: "fill:#d8f0d8,color:#222,stroke:#7a9a7a",
    Tone.RAN: "fill:#f7d0c0,color:#222,stroke:#b07a60",
    Tone.OPEN: "fill:#fbeec0,color:#222,stroke:#a89a60",
    Tone.FAILED: "fill:#f09090,color:#222,stroke:#902020",
    Tone.UNKNOWN: "fill:#eeeeee,color:#222,stroke:#999999",
}
_ARROWS = {Way.FROM: "-->", Way.READS: "-.->", Way.AFTER: "-. after .->"}
_PLAIN = re.compile(r"[^A-Za-z0-9 .,:/_=+@-]")
_TEXT = 50  # characters of an instruction


def mermaid(picture: Picture) -> str:
    """Steps on the critical path have a thick frame; a dotted arrow is COPY, a mount, or FROM --after."""
    numbers = {box.title: number for number, box in enumerate(picture.boxes)}
    lines = ["flowchart LR"]
    for number, box in enumerate(picture.boxes):
        lines += [f'  subgraph s{number}["{_text(box.label)}"]', "    direction TB"]
        lines.append(f'    {_node(number, -1)}["FROM {_text(cut(box.base, _TEXT))}"]')
        for place, row in enumerate(box.rows):
            label = f"{_text(cut(row.short, _TEXT))}<br>{_text(row.facts)}"
            lines.append(f'    {_node(number, place)}["{label}"]:::{row.tone}')
        pairs = itertools.pairwise(range(-1, len(box.rows)))
        lines += [f"    {_node(number, above)} --> {_node(number, below)}" for above, below in pairs]
        lines.append("  end")
    lines += [f"  {_arrow(arrow, picture, numbers)}" for arrow in picture.arrows]
    lines += [
        f'  k{number}["{_text(f"{title}: {why}")}"]:::skipped' for number, (title, why) in enumerate(picture.skipped)
    ]
    return "\n".join([*lines, *_classes(picture, numbers)])


def _arrow(arrow: Arrow, picture: Picture, numbers: dict[str, int]) -> str:
    source = numbers[arrow.source]
    start = arrow.start(picture.boxes[source])
    return f"{_node(source, start)} {_ARROWS[arrow.way]} {_node(numbers[arrow.target], arrow.row)}"


def _classes(picture: Picture, numbers: dict[str, int]) -> Iterator[str]:
    yield from (f"  classDef {tone} {style}" for tone, style in _COLOURS.items())
    yield "  classDef skipped stroke-dasharray:4"
    slow = [_node(numbers[box.title], place) for box in picture.boxes for place, row in enumerate(box.rows) if row.slow]
    yield from (f"  style {node} stroke-width:3px" for node in slow)


def _node(box: int, row: int) -> str:
    return f"s{box}r{row}" if row >= 0 else f"s{box}f"


def _text(text: str) -> str:
    """In quotes; what could end them or be markup is written by its number, as the language wants it."""
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", plain(text))
