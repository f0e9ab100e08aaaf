"""`CopyIgnoredFile`: COPY or ADD names what the ignore file leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagemill.dockerfile.tree import Add, Copy
from stagemill.files.paths import clean
from stagemill.lint.file import Ignore, LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.stages import Step
from stagemill.regex import regex

NAME = "CopyIgnoredFile"
SUMMARY = "Attempting to Copy file that is excluded by .dockerignore"

_URL = regex(r"(?:https?|git|ssh)://|[\w.-]+@[\w.-]+:", re.IGNORECASE)


def check(file: LintFile) -> Iterator[Finding]:
    """Rules with exceptions are not judged: something below what they leave out may be kept."""
    ignore = file.surroundings.ignore
    if ignore is None or ignore.has_exceptions:
        return
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            if isinstance(node, Add) or (isinstance(node, Copy) and node.from_ is None):
                yield from _sources(file, step, node, ignore=ignore)


def _sources(file: LintFile, step: Step, node: Copy | Add, *, ignore: Ignore) -> Iterator[Finding]:
    for word in node.sources:
        text = file.known(word.text, step)
        if text is None or _URL.match(text):
            continue
        path = clean(text)
        if ignore.excluded(path) if path else ignore.hides_all:
            yield file.finding(
                NAME,
                f'Attempting to {node.keyword.capitalize()} file "{path or "."}" that is excluded by .dockerignore',
                span=word.span,
                hint="take the rule out of the ignore file, or add a line below it that begins with !",
                about=node.span,
            )
