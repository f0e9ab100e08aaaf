"""Removes from a directory of the host what a tree does not have, before the tree is written over it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from stagemill.errors import StagemillError
from stagemill.files.paths import join
from stagemill.files.view import FileView
from stagemill.store.removal import open_directory, remove_in


def cleared(view: FileView, destination: Path) -> list[str]:
    """The paths that are gone, of a directory without what was in it.

    A directory that is in the place of a file of the tree goes too; whatever else is another kind of thing is left to who
    writes the tree. Below the destination no symlink is followed, and no other file system emptied. Raises StagemillError.
    """
    try:
        top = os.open(destination, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return list(_cleared(view, "", top))
        finally:
            os.close(top)
    except OSError as error:
        where = destination / os.fsdecode(error.filename) if error.filename else destination
        raise StagemillError(
            f"cannot remove {where}, which the build does not have: {error.strerror}",
            hint="check the permissions of the destination, or leave out mode=delete",
        ) from error


def _cleared(view: FileView, path: str, directory: int) -> Iterator[str]:
    with os.scandir(directory) as entries:
        found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    for name, is_directory in found:
        inner = join(path, name)
        entry = view.lstat(inner)
        if entry is None or (is_directory and entry.kind != "dir"):
            remove_in(directory, name)
            yield inner
        elif is_directory:
            below = open_directory(name, directory)
            try:
                yield from _cleared(view, inner, below)
            finally:
                os.close(below)
