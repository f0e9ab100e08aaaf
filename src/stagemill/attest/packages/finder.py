"""`find`: the packages of a tree, of every kind that is known."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.attest.packages import alpine, debian, golang, npm, python
from stagemill.attest.packages.package import Package, distribution, reader
from stagemill.files.view import FileView
from stagemill.files.walk import walk


def find(view: FileView) -> tuple[Package, ...]:
    """Each once, sorted by package URL; of one that is there several times the first place counts."""
    found: dict[str, Package] = {}
    for package in _all(view):
        found.setdefault(package.url, package)
    return tuple(found[url] for url in sorted(found))


def _all(view: FileView) -> Iterator[Package]:
    read = reader(view)
    known = distribution(read)
    yield from debian.packages(read, view.listdir(debian.FOLDER), known)
    yield from alpine.packages(read, known)
    for path, entry in walk(view):
        if entry.kind != "file":
            continue
        form = npm if npm.is_one(path) else python if python.is_one(path) else None
        if form and (data := read(path)) and (package := form.package(data, path)):
            yield package
        elif golang.may_be_one(entry.size, entry.mode):
            yield from golang.packages(view.real_path(path), path)
