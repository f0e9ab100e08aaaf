"""`changed_files`: which files of a context differ, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stagemill.context.ignore import IgnoreRules
from stagemill.errors import ContextError
from stagemill.files.content import differing
from stagemill.insight.why.causes import FileChange

KEPT = 200  # in a cause
_TOLD = 2
_HOW = {"added": "is new", "removed": "is gone"}
_ENTERED = "not ignored any more"
_LEFT = "ignored now"


def changed_files(
    now: Mapping[str, str], then: Mapping[str, str], *, rules: tuple[Sequence[str], Sequence[str]]
) -> tuple[FileChange, ...]:
    """By path, brief facts of now and then; `rules` are the lines of the ignore files of both. Changed ones come first."""
    ignored_now, ignored_then = (_ignored(lines) for lines in rules)
    changed = [
        FileChange(path or ".", how)
        for path in sorted(now.keys() & then.keys())
        if (how := differing(now[path], then[path]))
    ]
    moved = rules[0] != rules[1]
    for path in sorted(now.keys() - then.keys()):
        entered = moved and ignored_then and ignored_then.excluded(path)
        changed.append(FileChange(path or ".", (_ENTERED if entered else "added",)))
    for path in sorted(then.keys() - now.keys()):
        left = moved and ignored_now and ignored_now.excluded(path)
        changed.append(FileChange(path or ".", (_LEFT if left else "removed",)))
    return _telling(changed)


def _telling(changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    """Without directories that are there or gone for the sake of a file in them."""
    parents = {path for change in changes for path in _parents(change.path)}
    return tuple(change for change in changes if change.path not in parents or change.how[0] not in _HOW)[:KEPT]


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _ignored(lines: Sequence[str]) -> IgnoreRules | None:
    try:
        return IgnoreRules.parse("\n".join(lines), ".dockerignore") if lines else None
    except ContextError:
        return None


def told(changes: Sequence[FileChange]) -> str:
    """`src/app.js changed (content), b is new and 3 more`."""
    if not changes:
        return "files of the context changed"
    texts = [_told(change) for change in changes]
    more = f" and {len(texts) - _TOLD} more" if len(texts) > _TOLD else ""
    return ", ".join(texts[:_TOLD]) + more


def _told(change: FileChange) -> str:
    (first, *_) = change.how
    if first in _HOW:
        return f"{change.path} {_HOW[first]}"
    if first in {_ENTERED, _LEFT}:
        return f"{change.path} is {first}"
    return f"{change.path} changed ({', '.join(change.how)})"
