"""`undeclared-arg`: a FROM reads a variable that no ARG before the first FROM declares, so --build-arg cannot set it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagemill.dockerfile.expansion import variables
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Arg, Word
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import above, below, lines
from stagemill.lint.stages import PLATFORM_ARGS, Stage

NAME = "undeclared-arg"
SUMMARY = "a FROM reads a variable that no ARG declares"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check(file: LintFile) -> Iterator[Finding]:
    declared = {pair.key for node in file.dockerfile.global_args for pair in node.items} | PLATFORM_ARGS
    for stage in file.stages:
        seen: set[str] = set()
        for word in (stage.start.platform, stage.start.image):
            for name, offset in variables(word.text, escape=file.escape) if word else ():
                if word and _NAME.fullmatch(name) and name not in declared | seen:
                    seen.add(name)
                    yield _finding(file, name, word=word, offset=offset)


def _finding(file: LintFile, name: str, *, word: Word, offset: int) -> Finding:
    given = name in file.build_args
    message = (
        f"--build-arg {name} is given, but has no effect on FROM: no ARG before the first FROM declares it"
        if given
        else f"FROM reads ${name}, but no ARG before the first FROM declares it"
    )
    stage = _declaring(file, name)
    hint = f"write ARG {name} above the first FROM; without it the variable is never set, whatever --build-arg says"
    if stage is not None:
        found, line = stage
        hint = (
            f"the ARG {name} in line {line} belongs to {found.title}, and FROM does not see it; "
            + hint.partition(";")[0]
        )
    fix = Fix((_declaration(file, name),), f"declare ARG {name} before the first FROM")
    return file.finding(NAME, message, span=_place(word, name, offset), hint=hint, fix=fix)


def _declaring(file: LintFile, name: str) -> tuple[Stage, int] | None:
    for stage in file.stages:
        for step in stage.steps:
            if isinstance(step.node, Arg) and any(pair.key == name for pair in step.node.items):
                return stage, step.node.span.line
    return None


def _declaration(file: LintFile, name: str) -> Edit:
    dockerfile = file.dockerfile
    if dockerfile.global_args:
        return Edit(below(dockerfile, dockerfile.global_args[-1]), lines(dockerfile, f"ARG {name}"))
    return Edit(above(dockerfile, file.stages[0].start), lines(dockerfile, f"ARG {name}", ""))


def _place(word: Word, name: str, offset: int) -> Span:
    braces = word.text.startswith("${", offset)
    return word.span.at(offset, len(name) + (2 if braces else 1))
