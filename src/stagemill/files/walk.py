"""Walking a tree: everything below a path, parents first, in an order that every machine agrees on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from stagemill.files.view import Entry, FileView, Listing


def walk(view: FileView, path: str = "") -> Iterator[tuple[str, Entry]]:
    """The path itself and all below it, names of a directory sorted, each followed by what is in it.

    Symlinks are met, never followed. Nothing where the path does not exist.
    """
    top = view.lstat(path)
    if top is None:
        return
    yield path, top
    if top.kind != "dir":
        return
    children = view.children if isinstance(view, Listing) else partial(_one_by_one, view)
    pending = [children(path)]
    while pending:
        for each in pending[-1]:
            yield each
            if each[1].kind == "dir":
                pending.append(children(each[0]))
                break
        else:
            pending.pop()


def _one_by_one(view: FileView, folder: str) -> Iterator[tuple[str, Entry]]:
    prefix = f"{folder}/" if folder else ""
    for name in view.listdir(folder):
        path = prefix + name
        if entry := view.lstat(path):
            yield path, entry
