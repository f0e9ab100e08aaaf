"""`Port`: one port of an EXPOSE, as its variables make it."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.expansion import ExpansionError, expand_words, variables
from stagemill.dockerfile.tree import Expose, Word
from stagemill.lint.file import LintFile
from stagemill.lint.stages import Environment
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Port:
    """`text` is the port itself, `word` what it was made of; `is_written` says that the two are the same."""

    text: str
    word: Word
    node: Expose

    @property
    def is_written(self) -> bool:
        return self.text == self.word.text


def ports(file: LintFile) -> Iterator[Port]:
    """Those of all stages that matter, as far as they are known."""
    for stage in file.asked:
        for step in stage.steps:
            if isinstance(step.node, Expose):
                yield from _ports(file, step.node, step.before.env)


def _ports(file: LintFile, node: Expose, env: Environment) -> Iterator[Port]:
    for word in node.ports:
        if any(env.get(name) is None for name, _ in variables(word.text, escape=file.escape)):
            continue
        try:
            texts = expand_words(word.text, env.get, escape=file.escape)
        except ExpansionError:
            continue
        yield from (Port(text, word, node) for text in texts)
