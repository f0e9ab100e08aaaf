"""`Package`, something that was installed, and `Reader`, the small files of a tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from stagemill.files.paths import resolve
from stagemill.files.view import FileView
from stagemill.values import dataclass

_MOST_BYTES = 64 << 20
Reader: TypeAlias = Callable[[str], "bytes | None"]
"""The bytes of a regular file at a path; None where there is none, or it is not small."""


@dataclass(frozen=True, slots=True)
class Package:
    """`url` is its package URL, `source` the file that tells of it, `license` what it says of its own."""

    name: str
    version: str
    url: str
    source: str = field(compare=False)
    license: str = field(default="", compare=False)
    supplier: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a tree says that it is: `debian` and `12`, both empty where it says nothing."""

    id: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.id}-{self.version}" if self.id and self.version else self.id


def reader(view: FileView) -> Reader:
    """Symlinks are followed inside of the tree."""

    def read(path: str) -> bytes | None:
        found = place(view, path)
        if found is None or found.stat().st_size > _MOST_BYTES:
            return None
        with found.open("rb") as file:
            return file.read(_MOST_BYTES)

    return read


def place(view: FileView, path: str) -> Path | None:
    """Where a regular file lies on this machine; symlinks are followed inside of the tree. None where there is none."""
    found = resolve(view, path)
    entry = view.lstat(found)
    return view.real_path(found) if entry and entry.kind == "file" else None


def distribution(read: Reader) -> Distribution:
    """Source: os-release(5)."""
    values: dict[str, str] = {}
    for path in ("etc/os-release", "usr/lib/os-release"):
        if data := read(path):
            for line in data.decode("utf-8", "replace").splitlines():
                key, _, value = line.partition("=")
                values[key.strip()] = value.strip().strip("\"'")
            break
    return Distribution(values.get("ID", ""), values.get("VERSION_ID", ""))
