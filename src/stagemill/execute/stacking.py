"""`--link`: layers on top of a tree that they know nothing of, and what of that tree is gone by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stagemill.execute.forms import Forms
from stagemill.execute.tree import Tree
from stagemill.files.view import Entry, FileView
from stagemill.layer.index import LayerIndex


def stack(below: Tree, above: Tree, *, forms: Forms, report: Callable[[str, str], None]) -> Tree:
    """The layers of both. A path that is another kind of thing in each is what it is above, as in every image.

    `report` hears of such a path, with what to do; of those in layers that are on this machine, for none is fetched.
    """
    if forms.here(below):
        view = forms.view(below)
        for layer in forms.layers(above):
            for message, hint in _replaced(view, forms.index(layer)):
                report(message, hint)
    return Tree((*below.layers, *above.layers))


def _replaced(view: FileView, index: LayerIndex) -> Iterator[tuple[str, str]]:
    alone = ""
    for item in index:
        if not item.path or (alone and item.path.startswith(alone)):
            continue
        old, folder = view.lstat(item.path), item.entry.kind == "dir"
        if old is None or old.kind != "dir":
            alone = f"{item.path}/"
        if old is not None and (old.kind == "dir") != folder:
            yield _by_directory(item.path, old) if folder else _by_file(item.path, item.entry)


def _by_directory(path: str, old: Entry) -> tuple[str, str]:
    if old.kind != "symlink":
        return f'--link puts a directory in the place of the {old.kind} "/{path}"', "copy to another path"
    return (
        f'--link puts a directory in the place of "/{path}", a symbolic link to {old.target}',
        f"copy to {old.target}, or leave --link out: then the link is followed",
    )


def _by_file(path: str, new: Entry) -> tuple[str, str]:
    return (
        f'--link puts a {new.kind} in the place of the directory "/{path}", and what is in it is gone',
        f"write /{path}/ to copy into the directory, or leave --link out",
    )
