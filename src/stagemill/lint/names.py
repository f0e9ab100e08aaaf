"""Names for stages that have none: free ones, so that nothing in the file means something else afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Copy, OnBuild, Run
from stagemill.lint.file import LintFile, may_mean, mount_options
from stagemill.lint.finding import Edit
from stagemill.lint.stages import Stage


def proposals(file: LintFile) -> Mapping[int, str]:
    """A name for each stage without one, by its index: `builder` for the first, `runtime` for the last.

    Without an entry a stage has no name that is sure to be free.
    """
    if "TARGETSTAGE" in file.dockerfile.source.text:
        return {}
    found: dict[int, str] = {}
    last = file.stages[-1].index
    for stage in file.stages:
        wanted = "runtime" if stage.index == last else "builder"
        if not stage.name:
            name = free(file, (wanted, f"stage{stage.index}"), index=stage.index, taken=found.values())
            if name:
                found[stage.index] = name
    return found


def free(file: LintFile, candidates: Iterable[str], *, index: int, taken: Iterable[str] = ()) -> str | None:
    """The first name that the stage at `index` can have."""
    used = set(taken)
    return next((name for name in candidates if name not in used and not _is_used(file, name, index)), None)


def naming(stage: Stage, name: str) -> Edit:
    """The edit that gives a stage its name."""
    end = stage.start.image.span
    return Edit(Span(end.end_line, end.end_column, end.end_line, end.end_column), f" AS {name}")


def _is_used(file: LintFile, name: str, index: int) -> bool:
    return any(
        stage.name == name or (stage.index >= index and (_begins_from(stage, name) or _copies_from(stage, name)))
        for stage in file.stages
    )


def _begins_from(stage: Stage, name: str) -> bool:
    return may_mean(stage.start.image.text, name)


def _copies_from(stage: Stage, name: str) -> bool:
    for step in stage.steps:
        node = step.node.trigger if isinstance(step.node, OnBuild) else step.node
        if isinstance(node, Copy) and node.from_ and node.from_.text.lower() == name:
            return True
        if isinstance(node, Run) and any(mount_options(m).get("from", "").lower() == name for m in node.mounts):
            return True
    return False
