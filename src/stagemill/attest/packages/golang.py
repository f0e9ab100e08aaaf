"""What Go's programs were built of, which stands in them. Source: Go, src/debug/buildinfo: the form that Go writes since 1.18."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from stagemill.attest.packages.elf import section
from stagemill.attest.packages.package import Package
from stagemill.attest.purl import package_url

MAGIC = b"\xff Go buildinf:"
_SECTION = b".go.buildinfo"
_HEAD = 32
_SENTINEL = 16


def packages(path: Path, name: str) -> Iterator[Package]:
    """The standard library and the modules of a program; nothing for what is none of Go's. `name` is its path in the tree."""
    try:
        with path.open("rb") as file:
            data = section(file, _SECTION)
    except (OSError, struct.error, ValueError, IndexError):
        return  # it is no program, or not a whole one
    if data is not None:
        yield from told(data, name)


def told(data: bytes, name: str) -> Iterator[Package]:
    """The same from the bytes of the section that has it, or from those that begin there."""
    try:
        found = _build_info(data)
    except (ValueError, IndexError):
        return
    if found is None:
        return
    version, modules = found
    plain = version.removeprefix("go").split(" ")[0]
    yield Package("stdlib", version, package_url("golang", "stdlib", plain), name, "BSD-3-Clause")
    for kind, module, number in _modules(modules):
        space, _, last = module.rpartition("/")
        known = "" if kind == "mod" and number == "(devel)" else number
        yield Package(module, known, package_url("golang", last, known, namespace=space), name)


def _modules(text: str) -> Iterator[tuple[str, str, str]]:
    """Kind, name and version; what replaces a module takes its place."""
    pending: tuple[str, str, str] | None = None
    for line in text.splitlines():
        words = line.split("\t")
        if words[0] in {"mod", "dep"} and len(words) >= 2:
            if pending:
                yield pending
            pending = (words[0], words[1], words[2] if len(words) > 2 else "")
        elif words[0] == "=>" and pending and len(words) >= 2:
            pending = (pending[0], words[1], words[2] if len(words) > 2 else "")
    if pending:
        yield pending


def _build_info(data: bytes) -> tuple[str, str] | None:
    """Go's version and the text that lists the modules. Raises ValueError, IndexError."""
    if not data.startswith(MAGIC) or not data[15] & 2:
        return None
    version, rest = _string(data[_HEAD:])
    modules, _ = _string(rest)
    inner = modules[_SENTINEL:-_SENTINEL] if len(modules) > 2 * _SENTINEL else b""
    return version.decode("utf-8", "replace"), inner.decode("utf-8", "replace")


def _string(data: bytes) -> tuple[bytes, bytes]:
    """A string behind its length, which is a varint, and what follows. Raises ValueError."""
    length = shift = 0
    for number, byte in enumerate(data[:10]):
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            start = number + 1
            if start + length > len(data):
                raise ValueError("the string is longer than what it is in")
            return data[start : start + length], data[start + length :]
    raise ValueError("a length has no end")
