"""`NonInteractiveInstall`: a package manager that would ask whether to go on, where nobody can answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.lint import managers
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.managers import Name
from stagemill.lint.ran import Ran, ran
from stagemill.lint.rule import Rule
from stagemill.lint.shell import ShellWord

_NUMBERS: Mapping[Name, str] = {"apt": "DL3014", "yum": "DL3030", "zypper": "DL3034", "dnf": "DL3038"}
_YES = (
    "-y",
    "--yes",
    "--assume-yes",
    "--assumeyes",
    "--force-yes",
    "-qq",
    "--quiet=2",
    "-q=2",
    "-n",
    "--non-interactive",
    "--no-confirm",
    "--dry-run",
)
_VERBS: Mapping[Name, frozenset[str]] = {
    "apt": frozenset({"install", "upgrade", "dist-upgrade", "remove", "purge", "autoremove", "build-dep"}),
    "yum": frozenset({"install", "groupinstall", "localinstall", "update", "upgrade", "remove", "erase", "autoremove"}),
    "dnf": frozenset({"install", "groupinstall", "upgrade", "update", "remove", "autoremove", "module"}),
    "zypper": frozenset({"install", "in", "remove", "rm", "update", "up", "dist-upgrade", "dup", "patch"}),
}


def check(file: LintFile) -> Iterator[Finding]:
    for command in ran(file):
        name = managers.manager(command)
        if (
            name is None
            or name not in _NUMBERS
            or command.program == "microdnf"  # always goes on
            or command.has(*_YES)
            or sum(text in {"-q", "--quiet"} for text in command.texts) > 1
            or _is_answered(command)
        ):
            continue
        verb = next((word for word in command.words if word.text in _VERBS[name]), None)
        if verb:
            option = "-n" if name == "zypper" else "-y"
            yield file.finding(
                RULE.name,
                f"`{command.program} {verb.text}` asks whether to go on, and nobody is there to answer",
                span=command.span,
                hint=f"add {option}",
                fix=_fix(command, verb, option),
                alias=_NUMBERS[name],
            )


def _is_answered(command: Ran) -> bool:
    """Whether something before it answers, or its configuration does: `yes | apt-get install`, an option in a variable."""
    before = command.beside[command.index - 1] if command.index else None
    piped = before is not None and before.ending == "|"
    return piped or any(
        "$" in text or text.startswith("APT::") for text in command.texts if "ssume" in text or text[0] == "$"
    )


def _fix(command: Ran, verb: ShellWord, option: str) -> Fix | None:
    after = command.command.words[0] if option == "-n" else verb
    edit: Edit | None = command.insertion(after, option)
    return Fix((edit,), f"add {option}") if edit else None


RULE = Rule(
    "NonInteractiveInstall",
    "a package manager would ask whether to go on",
    check,
    aliases=("DL3014", "DL3030", "DL3034", "DL3038"),
)
