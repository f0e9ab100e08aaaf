"""`undeclared-arg`: a FROM reads a variable that no ARG before the first FROM declares, so --build-arg cannot set it."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.expansion import variables
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Arg, Word
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import above, below, lines
from stagemill.lint.stages import PLATFORM_ARGS, Stage
from stagemill.regex import regex
from stagemill.values import dataclass

NAME = "undeclared-arg"
SUMMARY = "a FROM reads a variable that no ARG declares"

_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")


def check(file: LintFile) -> Iterator[Finding]:
    found = list(_undeclared(file))
    if found:
        fix = _fix(file, tuple(dict.fromkeys(use.name for use in found)))
        yield from (_finding(file, use, fix) for use in found)


@dataclass(frozen=True, slots=True)
class _Use:
    """A variable in a word of a FROM, and where it stands."""

    name: str
    span: Span


def _undeclared(file: LintFile) -> Iterator[_Use]:
    declared = {pair.key for node in file.dockerfile.global_args for pair in node.items} | PLATFORM_ARGS
    for stage in file.stages:
        seen: set[str] = set()
        for word in filter(None, (stage.start.platform, stage.start.image)):
            for name, offset in variables(word.text, escape=file.escape):
                if _NAME.fullmatch(name) and name not in declared | seen:
                    seen.add(name)
                    yield _Use(name, _place(word, name, offset))


def _finding(file: LintFile, use: _Use, fix: Fix) -> Finding:
    name = use.name
    message = (
        f"--build-arg {name} is given, but has no effect on FROM: no ARG before the first FROM declares it"
        if name in file.build_args
        else f"FROM reads ${name}, but no ARG before the first FROM declares it"
    )
    stage = _declaring(file, name)
    if stage is None:
        hint = f"write ARG {name} above the first FROM; without it the variable is never set, whatever --build-arg says"
    else:
        owner, line = stage
        hint = f"the ARG {name} in line {line} belongs to {owner.title}, and FROM does not see it; "
        hint += f"write ARG {name} above the first FROM"
    return file.finding(NAME, message, span=use.span, hint=hint, fix=fix)


def _declaring(file: LintFile, name: str) -> tuple[Stage, int] | None:
    for stage in file.stages:
        for step in stage.steps:
            if isinstance(step.node, Arg) and any(pair.key == name for pair in step.node.items):
                return stage, step.node.span.line
    return None


def _fix(file: LintFile, names: tuple[str, ...]) -> Fix:
    """One for all names: they are declared at one place, below each other."""
    dockerfile = file.dockerfile
    texts = [f"ARG {name}" for name in names]
    if dockerfile.global_args:
        edit = Edit(below(dockerfile, dockerfile.global_args[-1]), lines(dockerfile, *texts))
    else:
        edit = Edit(above(dockerfile, file.stages[0].start), lines(dockerfile, *texts, ""))
    return Fix((edit,), f"declare {', '.join(texts)} before the first FROM")


def _place(word: Word, name: str, offset: int) -> Span:
    braces = word.text.startswith("${", offset)
    return word.span.at(offset, len(name) + (2 if braces else 1))
