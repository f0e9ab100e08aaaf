"""`Installed`, a package of any kind in an image, and which paths are whose.

Sources: dpkg-query(1), `--listfiles`; apk-package(5) and the Alpine wiki, "Installed Database"; npm's "folders"; the packaging
specification "Recording installed projects"; Go, runtime/debug.BuildInfo.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from stagemill.attest.packages import alpine, debian, npm, python
from stagemill.attest.packages.package import distribution
from stagemill.files.paths import clean, join
from stagemill.insight.contents import Contents
from stagemill.insight.survey import Survey
from stagemill.values import dataclass

_INFO = "var/lib/dpkg/info/"
_MODULES = "node_modules/"
_COMPILED = re.compile(r"((?:.*/)?)__pycache__/([^/.]+)\.[^/]+\.pyc")


class Ecosystem(StrEnum):
    """Who installed a package; the values are what JSON says."""

    DPKG = "dpkg"
    APK = "apk"
    NPM = "npm"
    PIP = "pip"
    GO = "go"


@dataclass(frozen=True, slots=True)
class Installed:
    """`place` is the directory of a package of npm, that of a distribution of pip, or Go's program; the system's have none."""

    ecosystem: Ecosystem
    name: str
    version: str
    place: str = ""


def told(contents: Contents, surveys: Sequence[Survey]) -> dict[str, bytes]:
    """The files that tell something, as the image shows them, by path."""
    found: dict[str, bytes] = {}
    for number, survey in enumerate(surveys):
        for path, data in survey.files.items():
            placed = contents.shown.get(path)
            if placed and placed.layer == number:
                found[path] = data
    return found


def owners(contents: Contents, surveys: Sequence[Survey]) -> dict[str, Installed]:
    """The packages of an image by the paths that are theirs. A path that two claim is of the more special one."""
    files = told(contents, surveys)
    found: dict[str, Installed] = {}
    for number, survey in enumerate(surveys):
        for path, (name, version) in survey.programs.items():
            placed = contents.shown.get(path)
            if placed and placed.layer == number:
                found[path] = Installed(Ecosystem.GO, name, version, path)
    found.update(_settled(_dpkg(files), contents))
    found.update(_settled(_apk(files), contents))
    found.update(_settled(_pip(files), contents))
    found.update(_npm(files, contents))
    found.update(_compiled(found, contents))
    return found


def _compiled(found: Mapping[str, Installed], contents: Contents) -> list[tuple[str, Installed]]:
    """What Python made of files of a package, which no list may have."""
    matches = (_COMPILED.fullmatch(path) for path in contents.shown if path.endswith(".pyc") and path not in found)
    sources = ((match[0], f"{match[1]}{match[2]}.py") for match in matches if match)
    return [(path, found[source]) for path, source in sources if source in found]


def _settled(claims: Iterator[tuple[str, Installed]], contents: Contents) -> Iterator[tuple[str, Installed]]:
    """Claims of what is shown; where /bin is a symlink to /usr/bin, a package that has /bin/sh has /usr/bin/sh."""
    for path, package in claims:
        first, slash, rest = path.partition("/")
        above = contents.shown.get(first)
        if slash and above and above.part.entry.kind == "symlink":
            path = clean(join(above.part.entry.target, rest))  # noqa: PLW2901
        placed = contents.shown.get(path)
        if placed and placed.part.entry.kind != "dir":
            yield path, package


def _dpkg(files: Mapping[str, bytes]) -> Iterator[tuple[str, Installed]]:
    names = [path.removeprefix(f"{debian.FOLDER}/") for path in files if path.startswith(f"{debian.FOLDER}/")]
    known = {
        package.name: Installed(Ecosystem.DPKG, package.name, package.version)
        for package in debian.packages(files.get, names, distribution(files.get))
    }
    for path, data in files.items():
        lines = data.decode("utf-8", "surrogateescape").splitlines()
        if path.startswith(_INFO):
            name = path.removeprefix(_INFO).removesuffix(".list").partition(":")[0]
            listed = [line.lstrip("/") for line in lines]
        elif path.startswith(debian.FOLDER) and path.endswith(".md5sums"):
            name = path.removeprefix(f"{debian.FOLDER}/").removesuffix(".md5sums")
            listed = [line.partition("  ")[2] for line in lines]
        else:
            continue
        if package := known.get(name):
            yield from ((clean(each), package) for each in (*listed, path))


def _apk(files: Mapping[str, bytes]) -> Iterator[tuple[str, Installed]]:
    data = next((files[place] for place in alpine.PLACES if place in files), b"")
    name = version = directory = ""
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        key, _, value = line.partition(":")
        match key:
            case "P":
                name = value
            case "V":
                version = value
            case "F":
                directory = value
            case "R":
                yield clean(join(directory, value)), Installed(Ecosystem.APK, name, version)
            case "":
                name = version = directory = ""


def _pip(files: Mapping[str, bytes]) -> Iterator[tuple[str, Installed]]:
    for path, data in files.items():
        folder, _, last = path.rpartition("/")
        metadata = files.get(f"{folder}/METADATA")
        if last != "RECORD" or metadata is None or not python.is_one(f"{folder}/METADATA"):
            continue
        name, version = json.loads(metadata)
        package = Installed(Ecosystem.PIP, name, version, folder.rpartition("/")[0])
        for name in _recorded(data):
            yield clean(name if name.startswith("/") else f"{package.place}/{name}"), package


def _recorded(data: bytes) -> list[str]:
    """The names in a RECORD; none where it is not CSV."""
    try:
        return [row[0] for row in csv.reader(data.decode("utf-8", "surrogateescape").splitlines()) if row]
    except csv.Error:
        return []


def _npm(files: Mapping[str, bytes], contents: Contents) -> Iterator[tuple[str, Installed]]:
    """A file is of the innermost package that it lies in."""
    known: dict[str, Installed] = {}
    for path, data in files.items():
        if npm.is_one(path):
            name, version = json.loads(data)
            place = path.rpartition("/")[0]
            known[place] = Installed(Ecosystem.NPM, name, version, place)
    for path, placed in contents.shown.items():
        if _MODULES in path and placed.part.entry.kind != "dir":
            for place in _packages_above(path):
                if package := known.get(place):
                    yield path, package
                    break


def _packages_above(path: str) -> Iterator[str]:
    """The directories above a path that may be packages of npm, the innermost first."""
    end = len(path)
    while (at := path.rfind(_MODULES, 0, end)) >= 0:
        begin = at + len(_MODULES)
        parts = path[begin:].split("/", 2)
        yield path[:begin] + "/".join(parts[: 2 if parts[0].startswith("@") else 1])
        end = at
