"""`UnknownCopySource`: a `--from` that names no stage above it, though a stage seems to be meant."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Copy, Word
from stagemill.lint.file import LintFile, source_stage
from stagemill.lint.finding import Finding
from stagemill.lint.near import closest
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            node = step.node
            if isinstance(node, Copy) and node.from_ and "$" not in node.from_.text:
                yield from _source(file, stage, node.from_)


def _source(file: LintFile, stage: Stage, word: Word) -> Iterator[Finding]:
    text = word.text
    if source_stage(text, stage, file.stages) is not None or stage.name == text.lower():
        return
    above = [other.name for other in file.stages[: stage.index] if other.name]
    below = next((other for other in file.stages[stage.index + 1 :] if other.name == text.lower()), None)
    if text.isdecimal():
        message, hint = f"there is no stage {text} above this one", "write the name of a stage"
    elif below:
        message = f"stage `{text}` begins below, in line {below.start.span.line}, so an image of that name is read"
        hint = f"move the stage {text} above this one"
    elif not set(text) & set("/:@.") and (near := closest(text.lower(), above)):
        message, hint = f"no stage is called `{text}`, so an image of that name is read", f"did you mean {near}?"
    else:
        return
    yield file.finding(RULE.name, message, span=word.span, hint=hint)


RULE = Rule(
    "UnknownCopySource", "COPY --from names a stage that is not there", check, level="error", aliases=("DL3022",)
)
