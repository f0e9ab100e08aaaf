"""`PipefailMissing`: a pipe whose first command may fail without anybody knowing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from stagemill.dockerfile.tree import Run
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.shell import ShellCommand
from stagemill.lint.stages import Step
from stagemill.regex import regex

_HARMLESS = frozenset({
    "echo", "printf", "yes", "cat", "true", "find", "ls", "sort", "dpkg-query", "env", "grep", "egrep", "fgrep", "awk", "gawk", "sed",
    "tr", "cut", "head", "tail", "uniq", "wc", "tee", "xargs", "basename", "dirname", "uname", "date",
})  # fmt: skip
_SUMS = regex(r"(?:sha\d*|md5|b2|ck)sum|shasum")
_UNABLE = frozenset({"sh", "dash"})


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            if isinstance(node, Run) and not _is_set(step, node):
                piped = _first(file.commands(step, node))
                if piped:
                    yield file.finding(
                        RULE.name,
                        f"the status of `{piped.program}` is lost: a pipe has that of its last command",
                        span=piped.words[0].span.to(piped.words[-1].span),
                        hint=_hint(step),
                    )


def _is_set(step: Step, node: Run) -> bool:
    shell = " ".join(step.before.shell or ())
    return "pipefail" in shell or "pipefail" in node.shell_text or node.command.exec is not None


def _first(commands: tuple[ShellCommand, ...]) -> ShellCommand | None:
    """The first command that is piped and may fail; one whose sums are checked has its failure found out."""
    pipes = ((first, second) for first, second in pairwise(commands) if first.ending == "|")
    return next((one for one, after in pipes if _may_fail(one) and not _SUMS.fullmatch(after.program)), None)


def _may_fail(command: ShellCommand) -> bool:
    """Whether a failure of the command would matter, as far as its name tells; within a condition it does not."""
    return command.program not in _HARMLESS and not command.conditional and command.program[:1].isalpha()


def _hint(step: Step) -> str:
    shell = step.before.shell[0].rpartition("/")[2] if step.before.shell else "sh"
    if shell in _UNABLE:
        return 'write SHELL ["/bin/bash", "-o", "pipefail", "-c"] above it, or save to a file first (sh of Debian has no pipefail)'
    return "begin the step with set -o pipefail &&"


RULE = Rule("PipefailMissing", "a pipe hides the failure of its first command", check, aliases=("DL4006",))
