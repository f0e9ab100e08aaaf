"""`ArgRanSteps`: a build has shown that a variable made steps run that do not read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagemill.dockerfile.tree import Arg, Env, InstructionNode
from stagemill.lint import mentions
from stagemill.lint.evidence import Evidence, Needless, texts
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.practices import arg_too_early
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        nodes = [step.node for step in stage.steps]
        for place, node in enumerate(nodes):
            if (
                isinstance(node, Arg | Env)
                and len(node.items) == 1
                and file.allows(arg_too_early.RULE.name, node.span.line)
            ):
                below = nodes[place + 1 :]
                for evidence in file.surroundings.evidence:
                    if cost := _cost(evidence, stage, node, below):
                        yield _finding(file, node, below, cost=cost, build=evidence.build)
                        break


def _cost(evidence: Evidence, stage: Stage, node: Arg | Env, below: Sequence[InstructionNode]) -> Needless | None:
    """What the variable cost, where it and all down to its first use is as it was."""
    old, then = evidence.stage(stage), evidence.then(stage, node)
    if old is None or then is None or then.span.line not in evidence.needless:
        return None
    name = node.items[0].key
    before = [other for other in old[2] if other.span.line > then.span.line]
    same = texts(_until(before, name)) == texts(_until(below, name))
    return evidence.needless[then.span.line] if same else None


def _until(nodes: Sequence[InstructionNode], name: str) -> Sequence[InstructionNode]:
    """The instructions down to the first that has the name, that one as well."""
    place = next((place for place, node in enumerate(nodes) if mentions.names(node, name)), len(nodes))
    return nodes[: place + 1]


def _finding(
    file: LintFile, node: Arg | Env, below: Sequence[InstructionNode], *, cost: Needless, build: str
) -> Finding:
    name = node.items[0].key
    use = next((other for other in below if mentions.names(other, name)), None)
    steps = "1 step that does" if cost.steps == 1 else f"{cost.steps} steps that do"
    return file.finding(
        RULE.name,
        f"{name} made {steps} not read it run again, which took {cost.seconds:.1f} s, in {build}",
        span=node.span,
        hint=f"move it down, right above line {use.span.line}, and they stay cached"
        if use
        else "move it to the end of the stage or leave it out, and they stay cached",
        fix=arg_too_early.moved(file, node, use) if use and isinstance(node, Arg) else None,
    )


RULE = Rule(
    "ArgRanSteps",
    "a variable ran steps again that do not read it, as a build has shown",
    check,
    level="info",
    by_evidence=True,
)
