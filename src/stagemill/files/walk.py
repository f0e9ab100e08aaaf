"""Walking a tree: everything below a path, parents first, in an order that every machine agrees on."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.files.view import Entry, FileView


def walk(view: FileView, path: str = "") -> Iterator[tuple[str, Entry]]:
    """The path itself and all below it, names of a directory sorted, each followed by what is in it.

    Symlinks are met, never followed. Nothing where the path does not exist.
    """
    pending = [path]
    while pending:
        current = pending.pop()
        entry = view.lstat(current)
        if entry is None:
            continue
        yield current, entry
        if entry.kind == "dir":
            prefix = f"{current}/" if current else ""
            pending += [prefix + name for name in reversed(view.listdir(current))]
