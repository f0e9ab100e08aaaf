"""`AptUpdateAlone`: `apt-get update` in a RUN of its own, so that its cached lists grow old under the installs."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.ran import Ran, ran
from stagemill.lint.rule import Rule

_PROGRAMS = frozenset({"apt-get", "apt"})
_USES = frozenset({"install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "satisfy"})


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        alone: list[Ran] = []
        commands = [c for c in ran(file, [stage]) if c.program in _PROGRAMS]
        for command in commands:
            if "update" in command.texts and not any(_uses(other.program, other.texts) for other in command.beside):
                alone.append(command)
            elif _uses(command.program, command.command.texts) and not _updates(command):
                for lone in alone:
                    yield file.finding(
                        RULE.name,
                        f"this is cached for long, and `{command.program}` in line {command.span.line} then looks for "
                        "versions that the mirror no longer has",
                        span=lone.span,
                        hint="join the two in one RUN with &&",
                    )
                alone.clear()


def _uses(program: str, texts: tuple[str, ...]) -> bool:
    return program in _PROGRAMS and bool(_USES & set(texts))


def _updates(command: Ran) -> bool:
    return any(other.program in _PROGRAMS and "update" in other.texts for other in command.beside[: command.index])


RULE = Rule("AptUpdateAlone", "apt-get update is cached apart from the installs", check)
