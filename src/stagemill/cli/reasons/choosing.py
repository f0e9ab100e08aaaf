"""`chosen`: the steps of a build that a word names: a line of the Dockerfile, a stage, or the beginning of a digest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import StagemillError
from stagemill.insight.why.past import Graph, PastStep

_LINE = re.compile("[0-9]{1,6}")
_DIGEST = re.compile("(?:sha256:)?([0-9a-f]{8,64})")


def chosen(word: str, graph: Graph) -> Sequence[PastStep]:
    """Raises StagemillError where there is none, and says what is near."""
    steps = [step for step in graph.steps.values() if step.is_step]
    if _LINE.fullmatch(word):
        return _at_line(int(word), steps, graph)
    stages = {step.stage for step in steps if step.stage} | {stage.title for stage in graph.stages if stage.steps}
    if word.lower() in stages:
        own = {digest for stage in graph.stages if stage.title == word.lower() for digest in stage.steps}
        return [step for step in steps if step.stage == word.lower() or step.digest in own]
    if (digest := _DIGEST.fullmatch(word)) and (
        found := [one for one in steps if one.digest[7:].startswith(digest[1])]
    ):
        return found
    near = nearest(word, stages)
    known = (
        f"the stages with steps are {', '.join(sorted(stages))}; a number is a line" if stages else "it has no steps"
    )
    raise StagemillError(f"the build has no stage {word}", hint=f"did you mean {near}? {known}" if near else known)


def _at_line(line: int, steps: Sequence[PastStep], graph: Graph) -> Sequence[PastStep]:
    """An instruction of several lines counts for all of them."""
    lines = sorted({step.line for step in steps if step.line})
    begun = next((one for one in reversed(lines) if one <= line), None)
    if begun is not None and (begun == line or _same_instruction(graph.source, begun, line)):
        return [step for step in steps if step.line == begun]
    near = sorted(lines, key=lambda one: (abs(one - line), one))[:3]
    told = ", ".join(map(str, sorted(near)))
    raise StagemillError(
        f"no step of the build is at line {line}", hint=f"the nearest are at {told}" if near else "it has no steps"
    )


def _same_instruction(source: str, begun: int, line: int) -> bool:
    from stagemill.dockerfile.parser import parse

    try:
        nodes = parse(source.encode("utf-8", "surrogateescape"), "Dockerfile").instructions
    except StagemillError:
        return False
    return any(node.span.line == begun and line <= node.span.end_line for node in nodes)
