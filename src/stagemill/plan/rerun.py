"""Which steps a flag means (`--rerun`, `--break`): those of a stage that may give something else, or the one at a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagemill.digest import Digest
from stagemill.dockerfile.suggest import nearest
from stagemill.dockerfile.tree import Dockerfile, InstructionNode
from stagemill.errors import StagemillError
from stagemill.graph.operations import Run
from stagemill.plan.planner import Plan, Stage
from stagemill.plan.state import Step
from stagemill.regex import regex

_LINE = regex("[0-9]{1,9}")
_SHOWN = 40  # characters of an instruction


def chosen(
    names: Sequence[str], dockerfile: Dockerfile, plans: Sequence[Plan], *, flag: str = "--rerun"
) -> frozenset[Digest]:
    """The vertices of steps. A number is a line, anything else the name of a stage. Raises StagemillError."""
    return frozenset(step.vertex.digest for step in steps(names, dockerfile, plans, flag=flag))


def steps(names: Sequence[str], dockerfile: Dockerfile, plans: Sequence[Plan], *, flag: str) -> Iterator[Step]:
    """The steps themselves."""
    stages = [stage for plan in plans for stage in plan.stages]
    for name in names:
        if _LINE.fullmatch(name):
            yield from _at_line(name, dockerfile, stages, plans=plans, flag=flag)
        else:
            yield from _of_stage(name, stages, plans=plans, flag=flag)


def _of_stage(name: str, stages: Sequence[Stage], *, plans: Sequence[Plan], flag: str) -> Iterator[Step]:
    """Only what RUN does can give something else for the same input; all other steps are left to the cache."""
    wanted = name.lower()
    titles = {stage.title for stage in stages}
    if wanted not in titles:
        raise _unknown(name, titles, plans, flag=flag)
    for stage in stages:
        if stage.title == wanted:
            yield from (step for step in stage.steps if isinstance(step.vertex.op, Run))


def _unknown(name: str, titles: set[str], plans: Sequence[Plan], *, flag: str) -> StagemillError:
    targets = " and ".join(plan.target.title for plan in plans)
    if any(name.lower() == stage.title for plan in plans for stage in plan.skipped):
        hint = f"add --also {name}, or leave it out"
        return StagemillError(f"{flag} {name}: {targets} does not need that stage", hint=hint)
    near = nearest(name, titles)
    known = f"the stages are {', '.join(sorted(titles))}; a number is a line of the Dockerfile"
    hint = f"did you mean {near}? {known}" if near else known
    return StagemillError(f"{flag} {name}: there is no such stage", hint=hint)


def _at_line(
    name: str, file: Dockerfile, stages: Sequence[Stage], *, plans: Sequence[Plan], flag: str
) -> Iterator[Step]:
    node = next((node for node in file.instructions if node.span.line <= int(name) <= _last_line(node)), None)
    steps = [step for stage in stages for step in stage.steps if step.at.file == file.source.name]
    found = [step for step in steps if node and step.at.line == node.span.line]
    if not found:
        raise _no_step(name, node, steps, file=file, plans=plans, flag=flag)
    yield from found


def _last_line(node: InstructionNode) -> int:
    span = node.span
    return span.end_line if span.end_column > 1 or span.end_line == span.line else span.end_line - 1


def _no_step(
    name: str,
    node: InstructionNode | None,
    steps: Sequence[Step],
    *,
    file: Dockerfile,
    plans: Sequence[Plan],
    flag: str,
) -> StagemillError:
    """Says what is there instead, and the nearest lines that have a step."""
    line = int(name)
    what = f"holds {_cut(node.original)}, which is no step" if node else "holds no instruction"
    if node and any(node in stage.body for plan in plans for stage in plan.skipped):
        what = f"belongs to a stage that {' and '.join(plan.target.title for plan in plans)} does not need"
    near = sorted({step.at.line: step for step in steps}.items(), key=lambda item: (abs(item[0] - line), item[0]))[:2]
    told = " and ".join(f"{number} ({_cut(step.text)})" for number, step in sorted(near))
    where = f"the nearest steps are in line {told}" if near else "the target has no steps of its own"
    return StagemillError(f"{flag} {line}: line {line} of {file.source.name} {what}", hint=where)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
