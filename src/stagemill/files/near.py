"""What a path may have been meant to be that a tree does not have, and what is there instead. Only errors need it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from stagemill.errors import ContextError
from stagemill.files.paths import clean, join, resolve, split
from stagemill.files.view import Entry, FileView
from stagemill.regex import regex

_LONG_DASHES = "\u2013\u2014"
# Where there is one dash, a value shows that it is a flag, or it is one that needs none.
_FLAG = regex(rf"[-{_LONG_DASHES}]*[{_LONG_DASHES}]-*(?P<long>.+)|-(?P<one>[a-z][a-z-]*=.*|link|parents)", re.DOTALL)
_LATE_FLAG = regex(r"--[a-z][a-z-]*(?:=.*)?", re.DOTALL)
LATE_FLAG = "flags stand before the sources"
_MOST_FOLDERS = 2000
_MOST_NAMES = 6


def meant_flag(path: str) -> str | None:
    """That a flag was meant, where an editor made a long dash of its two, one of them is missing, or it stands too late."""
    if is_late_flag(path):
        return LATE_FLAG
    match = _FLAG.fullmatch(path)
    if match is None:
        return None
    why = "there is a long dash where -- is due" if match["long"] else "there is one dash where two are due"
    return f"did you mean the flag --{match['long'] or match['one']}? {why}"


def is_late_flag(path: str) -> bool:
    """Whether a path looks like a flag that stands where flags do not."""
    return _LATE_FLAG.fullmatch(path) is not None


def dangling(view: FileView, path: str) -> str | None:
    """That there is a symlink, and where it leads."""
    entry = view.lstat(path)
    if entry is None or entry.kind != "symlink":
        return None
    real = resolve(view, path)
    return f'it is a symlink to "{entry.target}", which is followed inside only, and "/{real}" is not there'


def near_name(view: FileView, path: str) -> str | None:
    """A path of the tree that may have been meant: one whose names differ by case or a few letters, as far as there is
    one, or else one of the same name in another directory.
    """
    found: list[str] = []
    changed = False
    for name in clean(path).split("/"):
        names = view.listdir(resolve(view, "/".join(found)))
        close = name if name in names else _closest(name, names)
        if close is None:
            return "/".join(found) if changed else _elsewhere(view, split(clean(path))[1])
        found.append(close)
        changed = changed or close != name
    return "/".join(found) if changed else None


def _closest(name: str, names: Iterable[str]) -> str | None:
    by_lower = {other.lower(): other for other in names}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    import difflib  # noqa: PLC0415  only a mistake needs it

    close = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None


def _elsewhere(view: FileView, name: str) -> str | None:
    """The path of that name which is nearest to the root; it is not looked for in every corner of a large tree."""
    folders = deque([""])
    for _ in range(_MOST_FOLDERS):
        if not folders:
            break
        folder = folders.popleft()
        names = view.listdir(folder)
        if name in names:
            return join(folder, name)
        below = (join(folder, other) for other in names)
        folders.extend(path for path in below if _is_directory(view.lstat(path)))
    return None


def there(view: FileView, path: str, *, root: str = "/") -> str:
    """What is in the innermost directory on the way to a path, as a sentence; `root` is what people call the tree's root."""
    folder = split(clean(path))[0]
    while folder and not _exists(view, folder):
        folder = split(folder)[0]
    real = resolve(view, folder)
    if not _is_directory(view.lstat(real)):
        return f"{folder} is a file, not a directory" if folder else f"{root} is empty"
    names = view.listdir(real)
    where = folder or root
    if not names:
        return f"{where} is empty"
    shown = names if len(names) <= _MOST_NAMES else [*names[: _MOST_NAMES - 1], f"{len(names) - _MOST_NAMES + 1} more"]
    *first, last = shown
    return f"in {where} there {'are' if first else 'is'} {', '.join(first)}{' and ' if first else ''}{last}"


def _exists(view: FileView, path: str) -> bool:
    try:
        return view.lstat(resolve(view, path)) is not None
    except ContextError:  # links in a circle
        return False


def _is_directory(entry: Entry | None) -> bool:
    return entry is not None and entry.kind == "dir"
