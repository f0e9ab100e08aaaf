"""`Survey`: one layer, read once as it streams: what its entries take, and what its small files tell of packages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial

from stagemill.attest.packages import alpine, debian, elf, golang, npm, python
from stagemill.files.view import Entry
from stagemill.layer.index import LayerIndex
from stagemill.layer.measure import Measure, Part, Taker, measure
from stagemill.oci.blobs import Reader
from stagemill.values import dataclass

_MOST_BYTES, _MOST_TOGETHER = 64 << 20, 256 << 20
_MOST_MODULES = 4 << 20
_ELF = b"\x7fELF"
_LOCK = (
    r"(?:(?!.*node_modules/).*/)?(?:package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml"
    r"|poetry\.lock|uv\.lock|Pipfile\.lock|pyproject\.toml)"
)
_TELLING = re.compile(
    rf"{re.escape(debian.STATUS)}|{re.escape(debian.FOLDER)}/[^/]+|var/lib/dpkg/info/[^/]+\.list"
    rf"|{'|'.join(map(re.escape, alpine.PLACES))}|(?:etc|usr/lib)/os-release|(?:.*/)?[^/]+\.dist-info/RECORD"
    rf"|(?:.*/)?node_modules/\.package-lock\.json|{_LOCK}"
)


@dataclass(frozen=True, slots=True)
class Survey:
    """`files` are those that tell of packages, by path; of npm's and Python's packages only name and version are kept.

    `programs` are Go's, by path, each with its module and that one's version; one of no module with its own name and Go's version.
    """

    measure: Measure
    files: dict[str, bytes]
    programs: dict[str, tuple[str, str]]


def is_lock(path: str) -> bool:
    """Whether a path is that of a file that says which dependencies a project has, and what for."""
    return path.endswith((".json", ".lock", ".yaml", ".toml")) and re.fullmatch(_LOCK, path) is not None


def survey(reader: Reader) -> Survey:
    """Reads a blob to its end. Raises ArchiveError for damage."""
    looking = _Looking()
    found = measure(reader, interest=looking.at)
    looking.settle()
    return Survey(found, looking.files, looking.programs)


def surveyed(index: LayerIndex, read: Callable[[str], bytes]) -> Survey:
    """The same of a layer that lies unpacked: `read` gives the bytes of a file of it. Nothing has a weight, and no program is read."""
    looking = _Looking()
    parts: list[Part] = []
    for item in index:
        if item.digest and item.link is None and item.entry.size <= _MOST_BYTES and _tells(item.path):
            looking.settle_file(item.path, read(item.path))
        if item.opaque:
            parts.append(Part(item.path, item.entry, 0, 0, opaque=True))
        parts.append(Part(item.path, item.entry, 0, 0, item.digest, item.link, item.whiteout))
    return Survey(Measure(tuple(parts), 0, 0), looking.files, {})


def _tells(path: str) -> bool:
    return npm.is_one(path) or python.is_one(path) or _TELLING.fullmatch(path) is not None


class _Looking:
    """Takes what tells something while a layer passes; a file is settled when the next one comes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.programs: dict[str, tuple[str, str]] = {}
        self.settle: Callable[[], None] = _nothing
        self._kept = 0

    def at(self, path: str, entry: Entry) -> Taker | None:
        self.settle()
        self.settle = _nothing
        if entry.size > _MOST_BYTES and not elf.may_be_one(entry.size, entry.mode):
            return None
        if _tells(path):
            data = bytearray()
            self.settle = partial(self.settle_file, path, data)
            return data.extend
        if elf.may_be_one(entry.size, entry.mode):
            seeker = _Seeker()
            self.settle = partial(self._settle_program, path, seeker)
            return seeker.take
        return None

    def settle_file(self, path: str, data: bytes | bytearray) -> None:
        form = npm if npm.is_one(path) else python if python.is_one(path) else None
        if form is None:
            self._kept += len(data)
            if self._kept <= _MOST_TOGETHER:
                self.files[path] = bytes(data)
        elif package := form.package(bytes(data), path):
            self.files[path] = json.dumps([package.name, package.version]).encode()

    def _settle_program(self, path: str, seeker: _Seeker) -> None:
        packages = list(golang.told(bytes(seeker.found), path)) if seeker.found else []
        if packages and packages[0].version.isprintable():  # its section was whole
            library, *modules = packages
            name = modules[0].name if modules else path.rpartition("/")[2]
            gos = library.version.removeprefix("go").split(" ")[0]
            self.programs[path] = (name, modules[0].version if modules else gos)


class _Seeker:
    """Finds in a program that passes the list of Go's modules, which is at a place that sixteen divides."""

    def __init__(self) -> None:
        self.found = bytearray()
        self._at = 0
        self._end = b""

    def take(self, data: bytes) -> None:
        if self.found:
            self.found += data[: max(_MOST_MODULES - len(self.found), 0)]
            return
        if self._at == 0 and not data.startswith(_ELF):
            return
        window, begin = self._end + data, self._at - len(self._end)
        place = window.find(golang.MAGIC)
        while place >= 0 and (begin + place) % 16:
            place = window.find(golang.MAGIC, place + 1)
        if place >= 0:
            self.found += window[place : place + _MOST_MODULES]
        self._at += len(data)
        self._end = window[-len(golang.MAGIC) :]


def _nothing() -> None:
    """There is no file that waits for its end."""
