"""`Ran`, a command of a RUN with the stage and the step that it belongs to, and what rules ask of its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Run
from stagemill.lint.file import LintFile, mount_options
from stagemill.lint.finding import Edit
from stagemill.lint.shell import ShellCommand, ShellWord
from stagemill.lint.stages import Stage, Step
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Ran:
    """`index` is the command's place among those of its RUN, `beside` are all of these."""

    stage: Stage
    step: Step
    node: Run
    command: ShellCommand
    index: int
    beside: tuple[ShellCommand, ...]

    @property
    def program(self) -> str:
        return self.command.program

    @property
    def words(self) -> tuple[ShellWord, ...]:
        """The words after the program."""
        return self.command.words[1:]

    @property
    def texts(self) -> tuple[str, ...]:
        return self.command.texts[1:]

    @property
    def span(self) -> Span:
        return self.command.words[0].span.to(self.command.words[-1].span)

    @property
    def later(self) -> tuple[ShellCommand, ...]:
        return self.beside[self.index + 1 :]

    def has(self, *options: str) -> bool:
        """Whether one of the options is given; a letter (`-y`) may stand among others (`-qy`)."""
        return any(_is_option(text, option) for text in self.texts for option in options)

    def operands(self, values: Iterable[str] = ()) -> tuple[ShellWord, ...]:
        """The words that are neither options nor the values of those options in `values`."""
        taking = frozenset(values)
        found: list[ShellWord] = []
        skip = False
        for word in self.words:
            if skip:
                skip = False
            elif word.text in taking:
                skip = True
            elif not word.text.startswith("-") or word.text == "-":
                found.append(word)
        return tuple(found)

    def insertion(self, after: ShellWord, text: str) -> Edit | None:
        """The edit that puts words in after a word; None where the place is not certain or is a JSON string."""
        if not after.exact or self.node.command.exec is not None:
            return None
        span = after.span
        return Edit(Span(span.end_line, span.end_column, span.end_line, span.end_column), f" {text}")

    def replacement(self, word: ShellWord, text: str) -> Edit | None:
        """The edit that writes another word in place of one; None where the place is not certain."""
        if not word.exact or word.span.line != word.span.end_line:
            return None
        return Edit(word.span, text)

    def keeps(self, *directories: str) -> bool:
        """Whether a mount keeps one of the directories out of the layer."""
        kept = {
            options.get("target") or options.get("dst") or options.get("destination") or "" for options in self.mounts
        }
        return any(
            place and (place == d or d.startswith(place.rstrip("/") + "/")) for place in kept for d in directories
        )

    @property
    def mounts(self) -> list[dict[str, str]]:
        """The options of the mounts that are no part of the layer."""
        found = [mount_options(mount) for mount in self.node.mounts]
        return [options for options in found if options.get("type", "bind") in {"cache", "tmpfs"}]


def ran(file: LintFile, stages: Iterable[Stage] | None = None) -> Iterator[Ran]:
    """The commands of the RUNs of the stages, all that are asked where none are given."""
    for stage in file.asked if stages is None else stages:
        for step in stage.steps:
            if isinstance(step.node, Run):
                commands = file.commands(step, step.node)
                for index, command in enumerate(commands):
                    if command.words:
                        yield Ran(stage, step, step.node, command, index, commands)


def _is_option(text: str, option: str) -> bool:
    if text == option or text.startswith(option + "="):
        return True
    is_letter = len(option) == 2 and option[0] == "-"
    letters = text[1:].partition("=")[0]
    return is_letter and text[:1] == "-" and text[1:2] != "-" and letters.isalpha() and option[1] in letters
