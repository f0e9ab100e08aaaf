"""`Owners`: which package of the system owns a file, by the lists that dpkg and apk keep. Source: dpkg-query(1), apk-installed(5)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from stagemill.files.view import FileView

_LISTS = "var/lib/dpkg/info"
_INSTALLED = "lib/apk/db/installed"


class Owners:
    """Reads the lists of a tree, once."""

    def __init__(self, view: FileView) -> None:
        self._view = view

    def of(self, path: str) -> str:
        """The package that brought a file, by its path below the root; empty where none did."""
        for spelt in _spelt(path):
            if spelt in self._files:
                return self._files[spelt]
        return ""

    def is_theirs(self, directory: str) -> bool:
        """Whether some package has something in a directory."""
        return any(spelt in self._directories for spelt in _spelt(directory))

    def files(self, package: str) -> tuple[str, ...]:
        """What a package has brought, by its name; sorted."""
        return tuple(sorted(path for path, owner in self._files.items() if owner == package))

    @property
    def packages(self) -> frozenset[str]:
        """All that are installed, by name."""
        return frozenset(owner for owner, _ in self._listed)

    @cached_property
    def _directories(self) -> frozenset[str]:
        found: set[str] = set()
        for _, path in self._listed:
            parent = path.rpartition("/")[0]
            while parent and parent not in found:
                found.add(parent)
                parent = parent.rpartition("/")[0]
        return frozenset(found)

    @cached_property
    def _files(self) -> dict[str, str]:
        return {path: owner for owner, path in self._listed if path not in self._directories}

    @cached_property
    def _listed(self) -> tuple[tuple[str, str], ...]:
        return (*self._dpkg(), *self._apk())

    def _is_file(self, path: str) -> bool:
        """Nothing else is opened: an image may have links to anywhere."""
        entry = self._view.lstat(path)
        return entry is not None and entry.kind == "file"

    def _dpkg(self) -> Iterator[tuple[str, str]]:
        for name in self._view.listdir(_LISTS):
            if not name.endswith(".list") or not self._is_file(f"{_LISTS}/{name}"):
                continue
            owner = name.removesuffix(".list").partition(":")[0]
            for line in self._view.real_path(f"{_LISTS}/{name}").read_text("utf-8", "surrogateescape").splitlines():
                yield owner, line.lstrip("/")

    def _apk(self) -> Iterator[tuple[str, str]]:
        if not self._is_file(_INSTALLED):
            return
        owner = folder = ""
        for line in self._view.real_path(_INSTALLED).read_text("utf-8", "surrogateescape").splitlines():
            kind, _, value = line.partition(":")
            if kind == "P":
                owner = value
            elif kind == "F":
                folder = value
            elif kind == "R":
                yield owner, f"{folder}/{value}" if folder else value


def _spelt(path: str) -> Iterator[str]:
    """A path as lists may have it, from before and after /lib became a link to /usr/lib."""
    yield path
    if path.startswith("usr/"):
        yield path.removeprefix("usr/")
    elif path.startswith(("lib", "bin/", "sbin/")):
        yield f"usr/{path}"
