"""The commands in the text of a RUN, as far as they can be told without running them, each word with its place.

This is no shell: it splits at operators, takes off quotes, and steps over what stands before a command (`if`, `sudo`,
`A=b`). What it cannot tell it leaves out, and rules then know nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

from stagemill.dockerfile.expansion import SPACES
from stagemill.dockerfile.lines import LineReader, LogicalLine
from stagemill.dockerfile.source import Source, Span
from stagemill.dockerfile.tree import Command, Heredoc, Run
from stagemill.lint.stages import Step
from stagemill.regex import regex
from stagemill.values import dataclass

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_TOKEN = regex(
    r"""(?P<blank>(?:[ \t\r\f\v]|\\\r?\n)+)
    |(?P<redirection>&>>?|[0-9]*(?:<<<|<<-?|<&|>&|>>|>\||<>|<|>))
    |(?P<operator>&&|\|\||;;|[;&|()\n])
    |(?P<comment>\#[^\n]*)
    |(?P<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|`[^`]*`|\$\((?:[^()]|\([^()]*\))*\)|\\\r?\n|\\.|[^\s;&|()<>'"`\\$]+|\$)+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED = regex(r"'([^']*)'|\"((?:\\.|[^\"\\])*)\"|\\(\r?\n|.)", re.DOTALL)
_IN_DOUBLE = regex(r"\\([\"$`\\\n])")
_ASSIGNMENT = regex(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_BEFORE = frozenset({"if", "then", "elif", "else", "do", "while", "until", "!", "{", "time"})
_WRAPPERS = frozenset({"sudo", "exec", "command", "env", "nice", "corepack"})
_STRING = regex(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_SHEBANG = regex(r"#![ \t]*(?:\S*/env[ \t]+)?(?:\S*/)?([a-z]+)")

Place: TypeAlias = Callable[[int, int], Span]


@dataclass(frozen=True, slots=True)
class ShellWord:
    """`exact` says that the text stands at `span` in the file, without quotes; continuations may be in it."""

    text: str
    span: Span
    exact: bool


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """A command with its arguments, and the variables that are set for it alone; `conditional` within `if` and `case`.

    `wrappers` are programs before it that run it (`sudo`), `ending` is the operator after it, empty at the end.
    """

    words: tuple[ShellWord, ...]
    env: tuple[tuple[str, str], ...] = ()
    conditional: bool = False
    wrappers: tuple[ShellWord, ...] = ()
    ending: str = ""

    @property
    def program(self) -> str:
        """The name of what is run, without its directory."""
        return _name(self.words[0].text) if self.words else ""

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)


def of_run(step: Step, node: Run, *, escape: str) -> list[ShellCommand]:
    """The commands of a RUN in their order; none where a shell runs them that is not of the usual kind."""
    if node.command.exec is not None:
        return _of_exec(node.command, _literals(node, escape=escape))
    program = step.before.shell[0] if step.before.shell else "cmd" if step.before.windows or escape == "`" else "sh"
    if _name(program) not in _SHELLS:
        return []
    if node.only_heredoc:
        return _of_body(node.heredocs[0])
    logical = _Logical.of(node, escape=escape)
    found = _scan(logical.text, logical.place)
    if any(command.words and _name(command.words[0].text) in _SHELLS for command in found):
        found += [command for document in node.heredocs for command in _of_body(document)]
    return found


def joined(node: Run, *, escape: str) -> tuple[str, Place]:
    """The command of a RUN in shell form in one line, and where a stretch of it stands."""
    logical = _Logical.of(node, escape=escape)
    return logical.text, logical.place


def shebang(text: str) -> str | None:
    """The name of the program that the first line asks for."""
    found = _SHEBANG.match(text)
    return found[1] if found else None


def of_command(command: Command) -> list[ShellCommand]:
    """The commands of a CMD or ENTRYPOINT; their words have the place of the whole."""
    if command.exec is not None:
        return _of_exec(command, [])
    return _scan(command.text, lambda _start, _end: command.span, exact=False)


def _of_exec(command: Command, literals: list[Span]) -> list[ShellCommand]:
    texts = command.exec or ()
    scripts = [text for option, text in pairwise(texts) if re.fullmatch("-[a-z]*c", option)]
    if texts and _name(texts[0]) in _SHELLS and scripts:
        return _scan(scripts[0], lambda _start, _end: command.span, exact=False)
    exact = len(literals) == len(texts)
    spans = literals if exact else [command.span] * len(texts)
    words = tuple(ShellWord(text, span, exact) for text, span in zip(texts, spans, strict=True))
    return [ShellCommand(words)] if words else []


def _literals(node: Run, *, escape: str) -> list[Span]:
    """Where the strings of the JSON form stand, without their quotes; none where one of them is written with escapes."""
    logical = _Logical.of(node, escape=escape)
    found = list(_STRING.finditer(logical.text))
    if any("\\" in literal.group() for literal in found):
        return []
    return [logical.place(literal.start() + 1, literal.end() - 1) for literal in found]


def _of_body(document: Heredoc) -> list[ShellCommand]:
    shebang = _SHEBANG.match(document.content)
    if document.content.startswith("#!") and not (shebang and shebang[1] in _SHELLS):
        return []
    return _scan(document.raw, lambda start, end: Span(*_position(document, start), *_position(document, end)))


def _position(document: Heredoc, offset: int) -> tuple[int, int]:
    before = document.raw[:offset]
    return document.span.line + before.count("\n"), offset - before.rfind("\n")


@dataclass(frozen=True, slots=True)
class _Logical:
    """The command of an instruction in one piece. `begin` is where it begins in the line, `moved` the lines above that."""

    line: LogicalLine
    begin: int
    moved: int

    @classmethod
    def of(cls, node: Run, *, escape: str) -> _Logical:
        line = LineReader(Source("", node.raw), escape=escape, directives=0).read()
        assert line is not None, "an instruction has a line"
        keyword = len(line.text) - len(line.text.lstrip(SPACES))
        moved = node.span.line - line.span(keyword, keyword + 1).line
        return cls(line, len(line.text.rstrip(SPACES)) - len(node.command.text), moved)

    @property
    def text(self) -> str:
        return self.line.text[self.begin :]

    def place(self, start: int, end: int) -> Span:
        span = self.line.span(self.begin + start, self.begin + end)
        return Span(span.line + self.moved, span.column, span.end_line + self.moved, span.end_column)


def _scan(text: str, place: Place, *, exact: bool = True) -> list[ShellCommand]:
    found: list[ShellCommand] = []
    words: list[ShellWord] = []
    depth = 0
    to_file = False
    for token in _TOKEN.finditer(text):
        if token["operator"]:
            if token.group() == "(" and _defines(words, text[token.end() :]):
                words = []  # the name of a function
                continue
            depth = _close(words, found, depth, ending=token.group())
            words, to_file = [], False
        elif token["redirection"]:
            to_file = True
        elif token["word"] and to_file:
            to_file = False
        elif token["word"]:
            plain = _unquoted(token["word"])
            words.append(ShellWord(plain, place(*token.span()), exact and plain == token["word"]))
    _close(words, found, depth, ending="")
    return found


def _defines(words: list[ShellWord], after: str) -> bool:
    """Whether a word and a parenthesis begin a function: `name() {`."""
    return len(words) == 1 and after.lstrip(" \t").startswith(")")


def _close(words: list[ShellWord], found: list[ShellCommand], depth: int, *, ending: str) -> int:
    """Takes the words of one command; returns how many `if` and `case` are open after it."""
    env: list[tuple[str, str]] = []
    wrappers: list[ShellWord] = []
    at = 0
    while at < len(words):
        text = words[at].text
        assignment = _ASSIGNMENT.fullmatch(text)
        if assignment:
            env.append((assignment[1], assignment[2]))
        elif text in _WRAPPERS:
            wrappers.append(words[at])
        elif text not in _BEFORE:
            break
        depth += text == "if"
        at += 1
    rest = tuple(words[at:])
    first = rest[0].text if rest else ""
    depth += (first == "case") - (first in {"fi", "esac"})
    if rest:
        found.append(ShellCommand(rest, tuple(env), depth > 0, tuple(wrappers), ending))
    return depth


def _unquoted(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        single, double, escaped = match.groups()
        if single is not None:
            return str(single)
        if double is not None:
            return _IN_DOUBLE.sub(lambda inner: "" if inner[1] == "\n" else inner[1], double)
        return "" if escaped.endswith("\n") else str(escaped)

    return _QUOTED.sub(plain, text)


def _name(program: str) -> str:
    return program.rpartition("/")[2]
