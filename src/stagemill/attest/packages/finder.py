"""`find`: the packages of a tree, of every kind that is known."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.attest.packages import alpine, cargo, debian, elf, golang, java, npm, python, rpm, ruby
from stagemill.attest.packages.package import Package, Reader, distribution, place, reader
from stagemill.files.view import Entry, FileView
from stagemill.files.walk import walk

_FORMS = (npm, python, ruby)


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
    yield from rpm.packages(lambda path: place(view, path), known)
    for path, entry in walk(view):
        if entry.kind == "file":
            yield from _within(view, path, entry, read)


def _within(view: FileView, path: str, entry: Entry, read: Reader) -> Iterator[Package]:
    """What one file tells of."""
    form = next((form for form in _FORMS if form.is_one(path)), None)
    if form:
        data = read(path)
        package = form.package(data, path) if data else None
        yield from [package] if package else []
    elif java.is_one(path):
        yield from java.packages(view.real_path(path), path)
    elif elf.may_be_one(entry.size, entry.mode):
        yield from golang.packages(view.real_path(path), path)
        yield from cargo.packages(view.real_path(path), path)
