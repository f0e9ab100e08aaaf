"""`built_sizes`: what a build that was carried out just now says of sizes."""

from __future__ import annotations

from stagemill.build import Built
from stagemill.cli.sizing.made import MadeSizes, MadeStage, MadeStep
from stagemill.execute.assemble import Finish
from stagemill.plan.planner import Stage


def built_sizes(built: Built, finish: Finish | None = None) -> MadeSizes:
    """`finish` says how the image is made."""
    target, made = built.plan.target.index, built.results
    stages = [stage for stage in built.plan.stages if stage.vertex.digest in made]
    stages.sort(key=lambda each: (each.index == target, each.index))
    squashed = finish is not None and finish.squash
    return MadeSizes(
        [_made(stage, built) for stage in stages], built.forms, lambda: built.image(finish), squashed=squashed
    )


def _made(stage: Stage, built: Built) -> MadeStage:
    steps = tuple(MadeStep(step.text, step.at.line, built.plan.read_by(step.vertex)) for step in stage.steps)
    base = stage.base.reference if stage.base else ""
    return MadeStage(stage.index, stage.title, base, stage.parent, built.tree(stage), steps)
