"""The report as a graph in the language of Graphviz: a box for each stage with its steps, and what depends on what."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping

from stagemill.insight.outlook import Doing, OutlookReport, Role, StageOutlook

_COLOURS = {Doing.CACHED: "#d8f0d8", Doing.ALIKE: "#d8f0d8", Doing.RUN: "#f7d0c0", Doing.OPEN: "#fbeec0"}
_TEXT = 50  # characters of an instruction


def dot(report: OutlookReport) -> str:
    """Steps that are on the critical path have a thick frame; a dotted arrow is FROM --after."""
    path = {step.id for step in report.path}
    stages = {stage.title: stage for stage in report.stages}
    lines = ["digraph build {", "  rankdir=LR;", '  node [shape=box, style=filled, fontname="monospace"];']
    for number, stage in enumerate(report.stages):
        lines += _cluster(number, stage, path)
    for stage in report.stages:
        lines += _edges(stage, stages)
    for skipped in report.skipped:
        label = _quoted(f"{skipped.title}\n{skipped.why}")
        lines.append(f"  {_quoted(f'skipped {skipped.line}')} [label={label}, style=dashed, fontcolor=gray];")
    return "\n".join([*lines, "}"])


def _cluster(number: int, stage: StageOutlook, path: set[str]) -> Iterator[str]:
    title = stage.title if stage.role is Role.NEEDED else f"{stage.title} ({stage.role})"
    yield f"  subgraph cluster_{number} {{"
    yield f"    label={_quoted(title)};"
    yield f"    {_quoted(_base(stage))} [label={_quoted(f'FROM {stage.base}')}, fillcolor=white];"
    for place, step in enumerate(stage.steps):
        text = " ".join(step.text.split())
        label = _quoted(f"{text if len(text) <= _TEXT else text[: _TEXT - 1] + '…'}\n{step.doing}")
        thick = ", penwidth=3" if step.id in path else ""
        yield f'    {_quoted(_node(stage, place))} [label={label}, fillcolor="{_COLOURS[step.doing]}"{thick}];'
    yield "  }"


def _edges(stage: StageOutlook, stages: Mapping[str, StageOutlook]) -> Iterator[str]:
    nodes = [_base(stage), *(_node(stage, place) for place in range(len(stage.steps)))]
    yield from (f"  {_quoted(above)} -> {_quoted(below)};" for above, below in itertools.pairwise(nodes))
    if stage.base in stages and not stage.digest:
        yield f"  {_quoted(_last(stages[stage.base]))} -> {_quoted(nodes[0])};"
    for title in stage.reads:
        yield f"  {_quoted(_last(stages[title]))} -> {_quoted(nodes[-1])} [style=dashed];"
    for title in stage.after:
        yield f"  {_quoted(_last(stages[title]))} -> {_quoted(nodes[0])} [style=dotted, label=after];"


def _base(stage: StageOutlook) -> str:
    return f"from {stage.title}"


def _node(stage: StageOutlook, place: int) -> str:
    return f"step {stage.title} {place}"


def _last(stage: StageOutlook) -> str:
    return _node(stage, len(stage.steps) - 1) if stage.steps else _base(stage)


def _quoted(text: str) -> str:
    """A string of the language: JSON's escapes for quotes and line feeds are its own; others it shows as they are."""
    return json.dumps(text, ensure_ascii=False)
