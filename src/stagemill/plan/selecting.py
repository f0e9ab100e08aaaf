"""Which build arguments select which stage: FROM lines with variables, and what other values would choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from stagemill.dockerfile.expansion import ExpansionError, expand, variables
from stagemill.dockerfile.tree import Dockerfile
from stagemill.plan.outline import Outline, StageText
from stagemill.plan.request import Request
from stagemill.plan.site import Site
from stagemill.values import dataclass

_MARK = "\0"


@dataclass(frozen=True, slots=True)
class Choice:
    """A FROM line of a stage that names a stage or an image by arguments, with their values now and what that means."""

    line: int
    written: str
    values: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """With another value of an argument, the FROM at a line would choose a stage that nothing needs now."""

    stage: int
    argument: str
    value: str
    line: int


def choices(dockerfile: Dockerfile, request: Request, needed: Sequence[int]) -> tuple[Choice, ...]:
    """What the arguments choose in the FROM lines of stages that are needed."""
    outline = Outline.of(dockerfile, Site(dockerfile.source, dockerfile.escape, request))
    return tuple(choice for index in needed for choice in _choice(outline, outline.stages[index]))


def alternatives(dockerfile: Dockerfile, request: Request, needed: Sequence[int]) -> tuple[Alternative, ...]:
    """What other values would choose there; only arguments that an ARG before the first FROM declares can."""
    outline = Outline.of(dockerfile, Site(dockerfile.source, dockerfile.escape, request))
    return tuple(found for index in needed for found in _alternatives(outline, outline.stages[index], set(needed)))


def _names(outline: Outline, stage: StageText) -> list[str]:
    declared = set(outline.globals.args)
    found = (name for name, _ in variables(stage.start.image.text, escape=outline.site.escape))
    return [name for name in dict.fromkeys(found) if name in declared]


def _choice(outline: Outline, stage: StageText) -> Iterator[Choice]:
    if names := _names(outline, stage):
        values = tuple((name, outline.globals.get(name) or "") for name in names)
        word = stage.start.image
        yield Choice(word.span.line, word.text, values, outline.base_name(stage))


def _alternatives(outline: Outline, stage: StageText, needed: set[int]) -> Iterator[Alternative]:
    for name in _names(outline, stage):
        for other in outline.stages[: stage.index]:
            if other.name and other.index not in needed and (value := _value(outline, stage, name, other)):
                yield Alternative(other.index, name, value, stage.start.image.span.line)


def _value(outline: Outline, stage: StageText, name: str, other: StageText) -> str | None:
    """The value of an argument with which FROM means a stage, or None."""

    def base(value: str) -> str:
        lookup: Callable[[str], str | None] = lambda wanted: value if wanted == name else outline.globals.get(wanted)  # noqa: E731
        try:
            return expand(stage.start.image.text, lookup, escape=outline.site.escape).lower()
        except ExpansionError:
            return ""

    before, mark, after = base(_MARK).partition(_MARK)
    if not mark or not other.name.startswith(before) or not other.name.endswith(after):
        return None
    value = other.name[len(before) : len(other.name) - len(after)]
    meant = outline.named_above(base(value), stage.index) if value else None
    return value if meant is other else None
