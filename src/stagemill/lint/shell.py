"""The commands in the text of a RUN, as far as they can be told without running them, each word with its place.

This is no shell: it splits at operators, takes off quotes, and steps over what stands before a command (`if`, `sudo`,
`A=b`). What it cannot tell it leaves out, and rules then know nothing of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from stagemill.dockerfile.lines import LineReader
from stagemill.dockerfile.source import Source, Span
from stagemill.dockerfile.tree import Command, Heredoc, Run
from stagemill.lint.stages import Step

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_TOKEN = re.compile(
    r"""(?P<blank>(?:[ \t\r\f\v]|\\\r?\n)+)
    |(?P<redirection>&>>?|[0-9]*(?:<<<|<<-?|<&|>&|>>|>\||<>|<|>))
    |(?P<operator>&&|\|\||;;|[;&|()\n])
    |(?P<comment>\#[^\n]*)
    |(?P<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|`[^`]*`|\$\((?:[^()]|\([^()]*\))*\)|\\\r?\n|\\.|[^\s;&|()<>'"`\\])+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(r"'([^']*)'|\"((?:\\.|[^\"\\])*)\"|\\(\r?\n|.)", re.DOTALL)
_IN_DOUBLE = re.compile(r"\\([\"$`\\\n])")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_BEFORE = frozenset({"if", "then", "elif", "else", "do", "while", "until", "!", "{", "time"})
_WRAPPERS = frozenset({"sudo", "exec", "command", "env", "nice", "corepack"})
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_SHEBANG = re.compile(r"#![ \t]*(?:\S*/env[ \t]+)?(?:\S*/)?([a-z]+)")

Place: TypeAlias = Callable[[int, int], Span]


@dataclass(frozen=True, slots=True)
class ShellWord:
    """`exact` says that the text stands in the file just like this, at `span`."""

    text: str
    span: Span
    exact: bool


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """A command with its arguments, and the variables that are set for it alone."""

    words: tuple[ShellWord, ...]
    env: tuple[tuple[str, str], ...] = ()
    conditional: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)


def of_run(step: Step, node: Run, *, escape: str) -> list[ShellCommand]:
    """The commands of a RUN in their order; none where a shell runs them that is not of the usual kind."""
    if node.command.exec is not None:
        return _of_exec(node.command, _literals(node, escape=escape))
    if step.before.shell and _name(step.before.shell[0]) not in _SHELLS:
        return []
    if node.only_heredoc:
        return list(_of_body(node.heredocs[0]))
    line, start, first = _logical(node, escape=escape)
    found = _scan(line.text[start:], lambda a, b: _moved(line.span(start + a, start + b), first))
    if any(command.words and _name(command.words[0].text) in _SHELLS for command in found):
        found += [command for document in node.heredocs for command in _of_body(document)]
    return found


def of_command(command: Command) -> list[ShellCommand]:
    """The commands of a CMD or ENTRYPOINT; their words have the place of the whole."""
    if command.exec is not None:
        return _of_exec(command, [])
    return _scan(command.text, lambda _start, _end: command.span, exact=False)


def _of_exec(command: Command, literals: list[Span]) -> list[ShellCommand]:
    texts = command.exec or ()
    inner = [text for option, text in zip(texts[1:], texts[2:], strict=False) if re.fullmatch("-[a-z]*c", option)]
    if texts and _name(texts[0]) in _SHELLS and inner:
        return _scan(inner[0], lambda _start, _end: command.span, exact=False)
    spans = literals if len(literals) == len(texts) else [command.span] * len(texts)
    words = tuple(ShellWord(text, span, span is not command.span) for text, span in zip(texts, spans, strict=True))
    return [ShellCommand(words)] if words else []


def _literals(node: Run, *, escape: str) -> list[Span]:
    """Where the strings of the JSON form stand, without their quotes; none where one of them is written with escapes."""
    line, start, first = _logical(node, escape=escape)
    found = list(_STRING.finditer(line.text, start))
    if any(json.loads(literal.group()) != literal.group()[1:-1] for literal in found):
        return []
    return [_moved(line.span(literal.start() + 1, literal.end() - 1), first) for literal in found]


def _of_body(document: Heredoc) -> Iterator[ShellCommand]:
    shebang = _SHEBANG.match(document.content)
    if document.content.startswith("#!") and not (shebang and shebang[1] in _SHELLS):
        return
    text = document.raw

    def place(start: int, end: int) -> Span:
        return Span(*_position(document, start), *_position(document, end))

    yield from _scan(text, place)


def _position(document: Heredoc, offset: int) -> tuple[int, int]:
    before = document.raw[:offset]
    return document.span.line + before.count("\n"), offset - before.rfind("\n")


class _Logical:
    """The joined line of an instruction, with places in the file."""


def _scan(text: str, place: Place, *, exact: bool = True) -> list[ShellCommand]:
    found: list[ShellCommand] = []
    words: list[ShellWord] = []
    skip = False
    conditional = False
    for token in _TOKEN.finditer(text):
        if token["redirection"]:
            skip = True
        elif token["operator"]:
            conditional = _close(words, found, conditional=conditional)
            skip = False
        elif token["word"] and skip:
            skip = False
        elif token["word"] and _begins_comment(token["word"], text, token.start()):
            continue
        elif token["word"]:
            plain = _unquoted(token["word"])
            words.append(ShellWord(plain, place(*token.span()), exact and plain == token["word"]))
    _close(words, found, conditional=conditional)
    return found
