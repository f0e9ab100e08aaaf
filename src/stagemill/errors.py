"""The errors a person may meet, all with one root.

    StagemillError              what failed, on what, what was found and wanted; the hint says what to do
    ├── UsageError              the command line is wrong (exit status 2)
    │   └── TemplateError       the template of a --format is wrong, or does not fit what it is for
    ├── DockerfileError         an error at a place in a Dockerfile: file, line, the line itself, a caret
    │   └── UnsupportedError    understood, but not built by this version
    ├── StepError               the process of a RUN ended with another status than 0
    ├── CancelledError          somebody pressed Ctrl-C, or another step failed first
    ├── StoreError              the state on disk cannot be read or written
    │   └── CorruptError        bytes are not what their name says
    ├── RegistryError           a registry answered with an error, or not at all
    │   └── NotFoundError       there is no such image, manifest or blob
    ├── CacheError              a cache that is kept elsewhere cannot be read or written
    ├── SourceError             what a URL names, a file or a repository, cannot be had
    │   ├── MismatchError       a file at a URL is another one than its checksum says
    │   └── NotLockedError      something is not in the lock that a build is held to
    ├── ArchiveError            a tar archive or an image archive is broken
    ├── ContextError            the build context cannot be read
    └── SandboxError            the kernel or its settings do not allow what a RUN needs

A message is in lower case and has no full stop; a subclass exists where a caller can react to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from stagemill.regex import regex
from stagemill.values import dataclass

# The userinfo of a URL (RFC 3986, 3.2.1), which ends at the last @ of its host; of http(s) all of it, since users may be
# tokens, of others the password. Signs that would have to be escaped are in it too: people forget that.
_LOGIN = regex(
    r"(?:(?P<web>\bhttps?:/{1,2})|(?P<other>\b\w+://[^/?#@:\[\s]*):)(?P<login>[^/?#\s]+|[^/?#@:\[\s]*:(?!\d*[/?#])\S*)@",
    re.IGNORECASE,
)
_MASK = "***"
_WIDEST = 200  # of a line that is shown whole
_BEFORE = 60  # characters that are shown before the marked ones of a longer line


class StagemillError(Exception):
    """Something a person can be told; `hint` says what to do about it. Logins of URLs are masked in both."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = masked(message)
        self.hint = masked(hint) if hint else hint
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


def either(hints: Iterable[str | None]) -> str | None:
    """Several hints as one, of which any may help."""
    found: list[str] = []
    for hint in filter(None, hints):
        if found:
            found.append(" or " if found[-1].endswith("?") else "; or ")
        found.append(hint)
    return "".join(found) or None


class UsageError(StagemillError):
    """The command line is wrong."""

    exit_code = 2


def redacted(text: str) -> str:
    """A text without the passwords of the URLs in it, and for http without the user names, which may be tokens."""
    return _LOGIN.sub(lambda match: match["web"] or f"{match['other']}@", text)


def masked(text: str) -> str:
    """The same for a line that is shown as it stands in a file: what must not be read is `***`."""
    return _LOGIN.sub(lambda match: f"{match['web'] or match['other'] + ':'}{_MASK}@", text)


def _masked_place(text: str, place: int) -> int:
    """Where the character is in the masked text that has that place in the text."""
    moved = place
    for match in _LOGIN.finditer(text):
        start, end = match.span("login")
        inside = min(place, end) - start
        if inside > 0:
            moved += (len(_MASK) if place >= end else min(inside, len(_MASK))) - inside
    return moved


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A place in a text file: `line` and `column` count from 1, `length` is the number of characters to underline.

    `text` is the line as it is; `render` is for people, and shows no login of a URL.
    """

    file: str
    line: int
    column: int
    length: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def render(self) -> str:
        """The place as three lines: where, the line itself, and a caret below it; tabs keep the caret in place."""
        number = str(self.line)
        gutter = " " * len(number)
        text = self.text.rstrip("\r\n")
        first = min(max(self.column - 1, 0), len(text))
        start, end = (_masked_place(text, place) for place in (first, min(first + self.length, len(text))))
        shown, start, end = _windowed(masked(text), start, end)
        indent = "".join("\t" if c == "\t" else " " * _columns(c) for c in shown[:start])
        marks = "^" * max(1, sum(map(_columns, shown[start:end])))
        return f"{gutter}--> {self.file}:{self.line}\n{number} | {shown}\n{gutter} | {indent}{marks}"


def _windowed(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a long line that has the marked place, and where that is in it."""
    if len(line) <= _WIDEST:
        return line, start, end
    first = 0 if end <= _WIDEST else max(0, min(start - _BEFORE, len(line) - _WIDEST))
    last = min(first + _WIDEST, len(line))
    before, after = "…" * (first > 0), "…" * (last < len(line))
    moved = len(before) - first
    return f"{before}{line[first:last]}{after}", start + moved, min(end, last) + moved


def _columns(character: str) -> int:
    """How many columns of a terminal it takes."""
    if character.isascii():
        return 1
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


class TemplateError(UsageError):
    """An error at a place in the template of a `--format`."""

    def __init__(self, message: str, *, at: Excerpt, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.at = at


class DockerfileError(StagemillError):
    """An error at a place in a Dockerfile."""

    def __init__(self, message: str, *, at: Excerpt | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.at = at


class UnsupportedError(DockerfileError):
    """The Dockerfile asks for something that this version does not build."""


class StepError(DockerfileError):
    """The process of a RUN failed. `tail` holds the last lines of its output, `log` is the path of the whole."""

    def __init__(
        self,
        message: str,
        *,
        exit_code: int,
        tail: str = "",
        log: str | None = None,
        at: Excerpt | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, at=at, hint=hint)
        self.process_exit_code = exit_code
        self.tail = tail
        self.log = log


class CancelledError(StagemillError):
    """The work was stopped before it was done."""

    exit_code = 130


class StoreError(StagemillError):
    """The state on disk cannot be read or written."""


class CorruptError(StoreError):
    """Bytes are not what their name says."""


class RegistryError(StagemillError):
    """A registry answered with an error, or not at all."""


class NotFoundError(RegistryError):
    """There is no such image, manifest or blob."""


class CacheError(StagemillError):
    """A cache that is kept elsewhere cannot be read or written."""


class SourceError(StagemillError):
    """What a URL names, a file or a git repository, cannot be had."""


class MismatchError(SourceError):
    """The file at a URL is not that of its checksum; both are digests."""

    def __init__(self, message: str, *, found: str, wanted: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.found = found
        self.wanted = wanted


class NotLockedError(SourceError):
    """Something is not in the lock that a build is held to; `kind` and `key` are what its entry would have."""

    def __init__(self, message: str, *, kind: str, key: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.key = key


class ArchiveError(StagemillError):
    """A tar archive or an image archive is broken."""


class ContextError(StagemillError):
    """The build context cannot be read."""


class SandboxError(StagemillError):
    """The kernel or its settings do not allow what a RUN needs."""
