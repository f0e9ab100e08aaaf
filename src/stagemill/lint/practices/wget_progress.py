"""`WgetProgress`: wget draws its progress bar into the log of the build."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import scripts
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding, Fix
from stagemill.lint.ran import ran
from stagemill.lint.rule import Rule

_QUIET = (
    "--progress",
    "-q",
    "--quiet",
    "-nv",
    "--no-verbose",
    "-o",
    "--output-file",
    "-a",
    "--append-output",
    "--help",
    "--version",
    "-V",
)


def check(file: LintFile) -> Iterator[Finding]:
    for command in ran(file):
        if command.program != "wget" or _is_quiet(command.texts) or not command.texts:
            continue
        base = file.chain(command.stage)[0].base or ""
        if "alpine" not in base and "busybox" not in base:
            edit = command.insertion(command.command.words[0], "--progress=dot:giga")
            yield file.finding(
                RULE.name,
                "wget writes a line of progress for every 50 KB into the log",
                span=command.command.words[0].span,
                hint="add --progress=dot:giga, or -nv",
                fix=Fix((edit,), "add --progress=dot:giga", safe=scripts.is_gnu(base)) if edit else None,
            )


def _is_quiet(texts: tuple[str, ...]) -> bool:
    for text in texts:
        if text.partition("=")[0] in _QUIET:
            return True
        letters = text[1:] if text[:1] == "-" and text[1:2] != "-" else ""
        if letters[:1] in {"q", "o", "a"} or (letters.isalpha() and ("q" in letters or letters.startswith("nv"))):
            return True
    return False


RULE = Rule("WgetProgress", "wget fills the log with its progress", check, level="style", aliases=("DL3047",))
