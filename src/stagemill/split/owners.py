"""`Owners`: which package of the system owns a file, by the lists that dpkg and apk keep. Source: dpkg-query(1), deb-md5sums(5), apk-installed(5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property

from stagemill.files.view import FileView

_LISTS = "var/lib/dpkg/info"
_STATUS = "var/lib/dpkg/status"
_EXTENDED = "var/lib/apt/extended_states"
_INSTALLED = "lib/apk/db/installed"
_WORLD = "etc/apk/world"


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

    def is_changed(self, path: str) -> bool:
        """Whether a file is not what its package brought; False where the lists do not say what that was."""
        wanted = next((self._sums[spelt] for spelt in _spelt(path) if spelt in self._sums), "")
        if not wanted or not self._is_file(path):
            return False
        with self._view.real_path(path).open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() != wanted

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """The version of each package of the system, by name."""
        found = {fields.get("Package", ""): fields.get("Version", "") for fields in self._fields(_STATUS)}
        owner = ""
        for line in self._lines(_INSTALLED):
            owner = line[2:] if line.startswith("P:") else owner
            if line.startswith("V:"):
                found[owner] = line[2:]
        return {name: version for name, version in found.items() if name}

    @property
    def tells_wanted(self) -> bool:
        """Whether what came along is told from what was asked for."""
        return self._is_file(_EXTENDED) or self._is_file(_WORLD)

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The packages that somebody asked for, whatever words were used for that; the others came along. Source: apt-mark(8)."""
        along = {each.get("Package", "") for each in self._fields(_EXTENDED) if each.get("Auto-Installed") == "1"}
        return frozenset({*(self.versions.keys() - along)} if self._is_file(_STATUS) else self._lines(_WORLD))

    @cached_property
    def _sums(self) -> Mapping[str, str]:
        """What the bytes of packages' files hash to, those of settings too."""
        found: dict[str, str] = {}
        for name in self._view.listdir(_LISTS):
            if name.endswith(".md5sums"):
                pairs = (line.split("  ", 1) for line in self._lines(f"{_LISTS}/{name}"))
                found.update({pair[1]: pair[0] for pair in pairs if len(pair) == _PAIR})
        for fields in self._fields(_STATUS):
            rows = (line.split() for line in fields.get("Conffiles", "").splitlines())
            found.update({row[0].lstrip("/"): row[1] for row in rows if len(row) == _PAIR})
        return found

    def _fields(self, path: str) -> Iterator[Mapping[str, str]]:
        """The paragraphs of a file in the form of deb822(5)."""
        fields: dict[str, str] = {}
        last = ""
        for line in (*self._lines(path), ""):
            if not line.strip():
                if fields:
                    yield fields
                fields, last = {}, ""
            elif line[0] in " \t":
                fields[last] = f"{fields.get(last, '')}\n{line.strip()}"
            else:
                last, _, value = line.partition(":")
                fields[last] = value.strip()

    def _lines(self, path: str) -> list[str]:
        if not self._is_file(path):
            return []
        return self._view.real_path(path).read_text("utf-8", "surrogateescape").splitlines()

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


_PAIR = 2


def _spelt(path: str) -> Iterator[str]:
    """A path as lists may have it, from before and after /lib became a link to /usr/lib."""
    yield path
    if path.startswith("usr/"):
        yield path.removeprefix("usr/")
    elif path.startswith(("lib", "bin/", "sbin/")):
        yield f"usr/{path}"
