"""What the sources of a COPY select from a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stagemill.errors import StagemillError
from stagemill.files.glob import expand, is_pattern
from stagemill.files.paths import clean, resolve, split
from stagemill.files.view import FileView


@dataclass(frozen=True, slots=True)
class Match:
    """A selected path, with its symlinks followed, and the name it was selected by (`""` for the root)."""

    path: str
    name: str


class MissingSourceError(StagemillError):
    """A source that is no pattern does not exist."""

    def __init__(self, pattern: str, *, hint: str | None = None) -> None:
        super().__init__(f'"/{clean(pattern)}" was not found', hint=hint)
        self.pattern = pattern


def matches(view: FileView, patterns: Sequence[str]) -> list[Match]:
    """What each pattern selects, in order. One that matches nothing selects nothing; one without a sign of a pattern
    names a path that must exist (MissingSourceError).
    """
    return [match for pattern in patterns for match in _matches(view, pattern)]


def _matches(view: FileView, pattern: str) -> list[Match]:
    if is_pattern(pattern):
        return [_match(view, path) for path in expand(view, pattern)]
    path = clean(pattern)
    match = Match(resolve(view, path), split(path)[1])
    if view.lstat(match.path) is None:
        raise MissingSourceError(pattern, hint=_dangling(view, path, match) or _near(view, path))
    return [match]


def _match(view: FileView, path: str) -> Match:
    """A link that a pattern meets is followed, unless it leads nowhere: then it is selected itself."""
    real = resolve(view, path)
    return Match(real if view.lstat(real) else path, split(path)[1])


def _dangling(view: FileView, path: str, match: Match) -> str | None:
    """That there is a symlink, and where it leads."""
    entry = view.lstat(path)
    if entry is None or entry.kind != "symlink":
        return None
    return f'it is a symlink to "{entry.target}", and there is nothing at "/{match.path}"'


def _near(view: FileView, path: str) -> str | None:
    """A name beside the missing one that it may have been meant for."""
    from difflib import get_close_matches  # noqa: PLC0415  only errors need it

    directory, name = split(path)
    parent = resolve(view, directory)
    near = get_close_matches(name, view.listdir(parent), n=1, cutoff=0.5)
    return f'did you mean "{directory + "/" if directory else ""}{near[0]}"?' if near else None
