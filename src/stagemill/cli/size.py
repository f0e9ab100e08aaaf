"""`stagemill size`: what each stage weighs, and what the image carries of it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import click

from stagemill.build import Built
from stagemill.cli.frame import table
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options
from stagemill.cli.making.building import BuildFlags, building, reading
from stagemill.cli.progress import open_progress
from stagemill.graph.operations import Stack
from stagemill.graph.vertex import Vertex
from stagemill.insight.size import SizeReport, WeighedLayer, WeighedStage, weigh
from stagemill.plan.planner import Plan, Stage
from stagemill.plan.state import Step

_TEXT = 58  # characters of an instruction


_EXAMPLES = examples(
    {
        "stagemill size .": "the last stage, and all that it is made of",
        "stagemill size --target runtime .": "another stage",
        "stagemill size --json . > sizes.json": "for programs, in bytes",
    }
)


@add_build_options
@click.command("size", cls=Command, epilog=_EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(**given: object) -> None:
    """Build, then show what each stage and step weighs, and what the final image carries of it.

    OWN is what a step adds, TOTAL the stage up to there, CARRIED what of it is in the final image. Sizes are those of
    the files, uncompressed.
    """
    values = Values(given)
    flags = BuildFlags.of(values, os.environ)
    with (
        workplace() as place,
        open_progress(flags.progress, sys.stderr) as listener,
        reading(flags, place=place, listener=listener) as inputs,
        building(flags, inputs, place=place, listener=listener, every_stage=True) as built,
    ):
        report = weigh(weighed(built))
    print(json.dumps(document(report), indent=2) if values.flag("as_json") else text(report))


def weighed(built: Built) -> list[WeighedStage]:
    """The stages of a build with the indexes of their layers, the target last."""
    target = built.plan.target.index
    stages = sorted(built.plan.stages, key=lambda stage: (stage.index == target, stage.index))
    return [_stage(stage, built) for stage in stages]


def _stage(stage: Stage, built: Built) -> WeighedStage:
    tree = built.tree(stage)
    inherited = len(tree.layers) - len(stage.steps)
    steps: list[Step | None] = [*([None] * inherited), *stage.steps]
    above = _steps_above(stage, built.plan)
    steps[inherited - len(above) : inherited] = above
    names = built.forms.layers(tree)
    layers = tuple(
        WeighedLayer(
            text=step.text if step else "",
            index=built.forms.index(name),
            copied_from=_copied_from(step.vertex, built.plan) if step else None,
            line=step.at.line if step else 0,
        )
        for step, name in zip(steps, names, strict=True)
    )
    parent = next((other for other in built.plan.stages if other.index == stage.parent), None)
    base = parent.title if parent else stage.base.reference if stage.base else "scratch"
    return WeighedStage(stage.index, stage.title, base, layers, stage.parent, inherited)


def _steps_above(stage: Stage, plan: Plan) -> list[Step]:
    """The steps of the stages that a stage begins from, the lowest first."""
    by_index = {other.index: other for other in plan.stages}
    found: list[Step] = []
    parent = stage.parent
    while parent is not None:
        found[:0] = by_index[parent].steps
        parent = by_index[parent].parent
    return found


def _copied_from(vertex: Vertex, plan: Plan) -> int | None:
    """The stage whose tree a COPY reads, where it is one of the file's."""
    if isinstance(vertex.op, Stack):
        vertex = vertex.inputs[1].vertex
    sources = {edge.vertex.digest for edge in vertex.inputs[1:]}
    return next((stage.index for stage in plan.stages if stage.vertex.digest in sources), None)


def document(report: SizeReport) -> dict[str, object]:
    """The report as JSON: bytes everywhere, percent rounded."""
    saving = report.saving
    return {
        "stages": [asdict(stage) for stage in report.stages],
        "total": report.total,
        "saving": {**asdict(saving), "percent": saving.percent} if saving else None,
    }


def text(report: SizeReport) -> str:
    """The report for people."""
    rows: list[tuple[str, str, str, str]] = []
    for stage in report.stages:
        rows.append((stage.title, table.size(stage.own), table.size(stage.total), table.size(stage.carried)))
        if stage.base:
            rows.append((f"  FROM {_cut(stage.base_name)}", table.size(stage.base), table.size(stage.base), ""))
        rows += [
            (f"  {_cut(step.text)}", table.size(step.own), table.size(step.cumulative), table.size(step.carried))
            for step in stage.steps
        ]
    lines = [table.render(("STAGE / STEP", "OWN", "TOTAL", "CARRIED"), rows, right=(1, 2, 3)), ""]
    if report.saving:
        saving = report.saving
        sign = "−" if saving.percent < 0 else "+"
        build, target = table.size(saving.build_bytes), table.size(saving.target_bytes)
        lines.append(f"{saving.build_stage} {build} → {saving.target_stage} {target}, {sign}{abs(saving.percent)} %")
    else:
        lines.append(f"{report.stages[-1].title} {table.size(report.total)}; it copies from no other stage")
    return "\n".join(lines)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TEXT else f"{line[: _TEXT - 1]}…"
