"""`Script`, the text that a RUN gives to a shell, with the shell's dialect and the way back to the Dockerfile.

A `ShellChecker` is asked about scripts; who runs the program is none of our business here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Literal, TypeAlias

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Heredoc, Run
from stagemill.lint import pragmas, shell
from stagemill.lint.finding import Level
from stagemill.lint.stages import Environment, Stage, Step, repository, tag_of
from stagemill.values import dataclass

Dialect: TypeAlias = Literal["sh", "dash", "bash", "busybox", "ksh"]
Place: TypeAlias = Callable[[int, int, int, int], Span]

_BY_NAME: Mapping[str, Dialect] = {"bash": "bash", "dash": "dash", "ash": "busybox", "ksh": "ksh", "sh": "sh"}
_BASH = frozenset({
    "centos", "fedora", "rockylinux", "almalinux", "oraclelinux", "amazonlinux", "ubi8", "ubi9", "ubi", "archlinux", "opensuse",
    "leap", "tumbleweed", "mariner", "azurelinux", "photon", "bash",
})  # fmt: skip
_DASH = frozenset({
    "debian", "ubuntu", "node", "python", "golang", "ruby", "rust", "php", "openjdk", "buildpack-deps", "gcc", "perl", "maven",
    "gradle", "nginx", "httpd", "postgres", "redis", "tomcat", "eclipse-temurin", "mono", "haskell", "elixir", "erlang", "julia",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Script:
    """`place` says where a stretch of the text stands: line and column from 1, ends exclusive; `env` is what is set before it."""

    dialect: Dialect
    text: str
    place: Place
    env: Environment = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remark:
    """What ShellCheck says of the script with the number `script`."""

    script: int
    code: str
    level: Level
    message: str
    line: int
    column: int
    end_line: int
    end_column: int


ShellChecker: TypeAlias = Callable[[Sequence[Script]], list[Remark]]


def of_step(stages: Sequence[Stage], step: Step, node: Run, *, escape: str) -> Iterator[Script]:
    """The scripts of a RUN that ShellCheck can read: of a shell that it knows, in shell form or as a heredoc."""
    dialect = None if escape == "`" else _dialect(stages[0], step, node)
    if dialect is None or node.command.exec is not None:
        return
    if node.only_heredoc:
        document = node.heredocs[0]
        named = shell.shebang(document.content)
        body: Dialect | None = _BY_NAME.get(named) if named else dialect
        if body and (named or not document.content.startswith("#!")):
            yield Script(body, document.content, _in_heredoc(document), step.before.env)
        return
    text, place = shell.joined(node, escape=escape)
    if not node.heredocs:
        yield Script(dialect, text, _in_line(place), step.before.env)


def is_gnu(base: str) -> bool:
    """Whether an image has the tools of GNU, as far as its name tells, and not those of busybox."""
    name = repository(base).rpartition("/")[2]
    return name in _BASH | _DASH and "alpine" not in tag_of(base)


def _dialect(first: Stage, step: Step, node: Run) -> Dialect | None:
    """What runs the commands: as a comment, SHELL, or the kind of the base image says."""
    told = pragmas.shell(node.leading)
    program = told or (step.before.shell[0] if step.before.shell else "")
    if program:
        return _BY_NAME.get(program.rpartition("/")[2])
    if step.before.windows:
        return None
    base = first.base or ""
    name = repository(base).rpartition("/")[2]
    tag = tag_of(base)
    if name in {"alpine", "busybox"} or "alpine" in tag:
        return "busybox"
    return "bash" if name in _BASH else "dash" if name in _DASH else "sh"


def _in_line(place: shell.Place) -> Place:
    return lambda _line, column, _end_line, end: place(column - 1, max(end, column + 1) - 1)


def _in_heredoc(document: Heredoc) -> Place:
    lines = document.raw.split("\n")

    def tabs(line: int) -> int:
        text = lines[line - 1] if 0 < line <= len(lines) else ""
        return len(text) - len(text.lstrip("\t")) if document.strip_tabs else 0

    def place(line: int, column: int, end_line: int, end_column: int) -> Span:
        first = document.span.line - 1
        return Span(first + line, column + tabs(line), first + end_line, end_column + tabs(end_line))

    return place
