"""What a RUN does about the files that package managers leave behind, and the words that would remove them."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.dockerfile.source import Span
from stagemill.lint.finding import Edit, Fix
from stagemill.lint.ran import Ran
from stagemill.lint.shell import ShellCommand

_REMOVERS = frozenset({"rm", "find", "unlink"})


def removes(commands: Iterable[ShellCommand], directory: str) -> bool:
    """Whether one of the commands removes a directory of the image, what is in it, or one above it."""
    return any(
        _names(word, directory) for command in commands if command.program in _REMOVERS for word in command.texts[1:]
    )


def appended(ran: Ran, command: str, *, summary: str) -> Fix | None:
    """A command at the end of a RUN, where all of its commands are joined by `&&`; what the image holds changes."""
    last = ran.beside[-1].words[-1]
    joined = all(other.ending in {"&&", ""} and not other.conditional for other in ran.beside)
    plain = ran.node.command.exec is None and not ran.node.heredocs and last.exact
    if not joined or not plain or not ran.node.command.text.rstrip().endswith(last.text) or "#" in ran.node.raw:
        return None
    span = last.span
    end = Span(span.end_line, span.end_column, span.end_line, span.end_column)
    return Fix((Edit(end, f" && {command}"),), summary, safe=False)


def _names(word: str, directory: str) -> bool:
    path = word.removesuffix("*").rstrip("/")
    if not path.startswith(("/", "~", "$HOME", "${HOME}")):
        return False
    home = path.replace("${HOME}", "~").replace("$HOME", "~").replace("/root", "~")
    wanted = directory.replace("/root", "~")
    return wanted == home or wanted.startswith(home + "/") or home.startswith(wanted + "/")
