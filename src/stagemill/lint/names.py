"""Names for stages that have none: free ones, so that nothing in the file means something else afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Self

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Copy, OnBuild, Run
from stagemill.lint.file import LintFile, may_mean, mount_options
from stagemill.lint.finding import Edit
from stagemill.lint.stages import Stage
from stagemill.values import dataclass


def proposals(file: LintFile) -> Mapping[int, str]:
    """A name for each stage without one, by its index: `builder` for the first, `runtime` for the last.

    Without an entry a stage has no name that is sure to be free.
    """
    if "TARGETSTAGE" in file.dockerfile.source.text:
        return {}
    found: dict[int, str] = {}
    uses = _Uses.of(file)
    last = file.stages[-1].index
    taken: set[str] = set()
    for stage in file.stages:
        wanted = "runtime" if stage.index == last else "builder"
        if not stage.name:
            name = uses.free((wanted, f"stage{stage.index}"), index=stage.index, taken=taken)
            if name:
                found[stage.index] = name
                taken.add(name)
    return found


def free(file: LintFile, candidates: Iterable[str], *, index: int) -> str | None:
    """The first name that the stage at `index` can have."""
    return _Uses.of(file).free(candidates, index=index, taken=set())


def naming(stage: Stage, name: str) -> Edit:
    """The edit that gives a stage its name."""
    end = stage.start.image.span
    return Edit(Span(end.end_line, end.end_column, end.end_line, end.end_column), f" AS {name}")


@dataclass(frozen=True, slots=True)
class _Uses:
    """Where names are used: `last` is the last stage that means one by its text, `open` are FROMs with variables."""

    names: frozenset[str]
    last: Mapping[str, int]
    open: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, file: LintFile) -> Self:
        last: dict[str, int] = {}
        variable: list[tuple[int, str]] = []
        for stage in file.stages:
            base = stage.start.image.text
            if "$" in base:
                variable.append((stage.index, base))
            else:
                last[base.lower()] = stage.index
            last.update((name, stage.index) for name in _copied(stage))
        return cls(frozenset(stage.name for stage in file.stages), last, tuple(variable))

    def free(self, candidates: Iterable[str], *, index: int, taken: set[str]) -> str | None:
        return next((name for name in candidates if name not in taken and not self._is_used(name, index)), None)

    def _is_used(self, name: str, index: int) -> bool:
        """Whether a stage has the name, or one from the index on means something by it."""
        if name in self.names or self.last.get(name, -1) >= index:
            return True
        return any(reader >= index and may_mean(text, name) for reader, text in self.open)


def _copied(stage: Stage) -> Iterator[str]:
    """The names that a stage copies from, in lower case."""
    for step in stage.steps:
        node = step.node.trigger if isinstance(step.node, OnBuild) else step.node
        if isinstance(node, Copy) and node.from_:
            yield node.from_.text.lower()
        if isinstance(node, Run):
            yield from (mount_options(mount).get("from", "").lower() for mount in node.mounts)
