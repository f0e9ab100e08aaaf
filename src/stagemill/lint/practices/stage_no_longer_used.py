"""`StageNoLongerUsed`: a stage that an earlier build needed for another one, and that nothing needs any more."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import reach
from stagemill.lint.evidence import Evidence
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        if stage is file.stages[-1] or not reach.is_leaf(file, stage):
            continue
        for evidence in file.surroundings.evidence:
            old = evidence.stage(stage)
            if old and old[0] in evidence.made and evidence.is_as_it_was(stage):
                yield file.finding(
                    RULE.name,
                    f"{stage.title} is in no image any more: {_told(stage, evidence)}, and nothing copies from it or begins from it now",
                    span=stage.start.span,
                    hint="copy from it as before, or remove it",
                )
                break


def _told(stage: Stage, evidence: Evidence) -> str:
    """What the build had of it, and how long its steps took, as far as that is known."""
    lines = [then.span.line for step in stage.steps if (then := evidence.then(stage, step.node))]
    took = [evidence.seconds[line] for line in lines if line in evidence.seconds]
    if not took:
        return f"{evidence.build} needed it"
    steps = "its step" if len(took) == 1 else f"its {len(took)} steps"
    return f"{evidence.build} needed it ({steps} took {sum(took):.1f} s)"


RULE = Rule("StageNoLongerUsed", "a stage that earlier builds needed, and nothing needs now", check, by_evidence=True)
