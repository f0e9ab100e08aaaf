"""`CopyRelativeWithoutWorkdir`: a relative destination where no WORKDIR says what it is relative to."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Add, Copy, Workdir
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage
from stagemill.regex import regex

_ABSOLUTE = regex(r"[\"']?(?:/|\\|[A-Za-z]:|\$|%)")


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        known = _begins_known(file, stage)
        for step in stage.steps:
            node = step.node
            known = known or isinstance(node, Workdir)
            if isinstance(node, Copy | Add) and not known and not _ABSOLUTE.match(node.destination.text):
                yield file.finding(
                    RULE.name,
                    f"`{node.destination.text}` is relative to whatever directory the base image ends in",
                    span=node.destination.span,
                    hint="write WORKDIR above it, or an absolute path",
                )


def _begins_known(file: LintFile, stage: Stage) -> bool:
    """Whether the directory is known where the stage begins: by a WORKDIR above, or because the image is known."""
    first = file.chain(stage)[0]
    above = any(isinstance(step.node, Workdir) for link in file.chain(stage)[:-1] for step in link.steps)
    return above or first.index in file.surroundings.bases or first.base == "scratch"


RULE = Rule("CopyRelativeWithoutWorkdir", "COPY to a relative path without a WORKDIR", check, aliases=("DL3045",))
