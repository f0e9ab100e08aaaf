"""WORKDIR: a directory in a new layer, with the parents it lacks."""

from __future__ import annotations

from pathlib import Path

from stagemill.errors import StagemillError
from stagemill.execute import ownership
from stagemill.execute.draft import Draft, explained
from stagemill.execute.ownership import Owner
from stagemill.files.paths import clean, resolve
from stagemill.files.view import Entry, FileView
from stagemill.graph import operations
from stagemill.layer.index import Known


def make_directory(op: operations.MakeDirectory, parent: FileView, *, into: Path) -> Known:
    """Writes the layer of a WORKDIR into the empty directory `into`; there are no files in it.

    What is missing of the path is made, 0755, owned by `op.user`; an existing directory is left alone (traps 16). Symlinks
    are followed inside the tree. Raises StagemillError.
    """
    draft = Draft(parent, into)
    path = resolve(draft, clean(op.path))
    names = path.split("/")
    for depth in range(1, len(names) + 1):
        above = "/".join(names[:depth])
        existing = draft.lstat(above)
        if existing and existing.kind != "dir":
            raise StagemillError(
                f"cannot make the directory {op.path}: there is a {existing.kind} at /{above}", hint="use another path"
            )
    try:
        if not draft.is_directory(path):
            owner = ownership.find(op.user, parent, flag="USER") if op.user else Owner()
            draft.make_directories(path, Entry("dir", 0o755, owner.uid, owner.gid, 0, 0))
        draft.finish()
    except OSError as error:
        raise explained(error, into) from error
    return draft.known
