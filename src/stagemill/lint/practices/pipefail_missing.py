"""`PipefailMissing`: a pipe whose first command may fail without anybody knowing."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Run
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.shell import ShellCommand
from stagemill.lint.stages import Step

_HARMLESS = frozenset({"echo", "printf", "yes", "cat", "true", "find", "ls", "sort", "dpkg-query", "env"})
_UNABLE = frozenset({"sh", "dash"})


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            if isinstance(node, Run) and not _is_set(step, node):
                piped = next((c for c in file.commands(step, node) if c.ending == "|" and _may_fail(c)), None)
                if piped:
                    yield file.finding(
                        RULE.name,
                        f"where `{piped.program}` fails, the step goes on: the status of a pipe is that of its last command",
                        span=piped.words[0].span.to(piped.words[-1].span),
                        hint=_hint(step),
                    )


def _is_set(step: Step, node: Run) -> bool:
    shell = " ".join(step.before.shell or ())
    return "pipefail" in shell or "pipefail" in node.shell_text or node.command.exec is not None


def _may_fail(command: ShellCommand) -> bool:
    """Whether a failure of the command would matter, as far as its name tells; within a condition it does not."""
    return command.program not in _HARMLESS and not command.conditional and command.program[:1].isalpha()


def _hint(step: Step) -> str:
    shell = step.before.shell[0].rpartition("/")[2] if step.before.shell else "sh"
    if shell in _UNABLE:
        return 'write SHELL ["/bin/bash", "-o", "pipefail", "-c"] above it, or save to a file first (sh of Debian has no pipefail)'
    return "begin the step with set -o pipefail &&"


RULE = Rule("PipefailMissing", "a pipe hides the failure of its first command", check, aliases=("DL4006",))
