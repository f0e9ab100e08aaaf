"""Which installed packages are for development only, as the lock file beside them says.

npm's lock marks each place; those of poetry and uv have groups, Pipenv's a section. Those of yarn and pnpm only say who needs
whom: what package.json's `dependencies` do not lead to, by name, is for development, and a name that they lead to in any
version is not. Sources: npm, "package-lock.json"; Pipfile.lock's specification; poetry and uv, their lock files; yarn, "yarn.lock".
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from stagemill.files.paths import join
from stagemill.insight.ownership import Ecosystem, Installed

_SEPARATORS = re.compile(r"[-_.]+")
_NAME = re.compile(r"/?((?:@[^/@]+/)?[^/@(]+)")
_NEEDED = ("dependencies", "optionalDependencies", "peerDependencies")
_HIDDEN = "node_modules/.package-lock.json"


def development(files: Mapping[str, bytes], packages: Iterable[Installed]) -> dict[Installed, str]:
    """The packages that are for development, each with the path of the lock that says so. `files` are those that tell."""
    listed = sorted(set(packages), key=lambda package: (package.ecosystem, package.name, package.place))
    npm = [package for package in listed if package.ecosystem is Ecosystem.NPM]
    pip = [package for package in listed if package.ecosystem is Ecosystem.PIP]
    found: dict[Installed, str] = {}
    for path, data in sorted(files.items()):
        folder, _, last = path.rpartition("/")
        if last in {"package-lock.json", "npm-shrinkwrap.json"}:
            places = {join(folder, place) for place in _npm(data)}
            found.update({package: path for package in npm if package.place in places})
        elif path.endswith(_HIDDEN):
            places = {join(path.removesuffix(_HIDDEN).rstrip("/"), place) for place in _npm(data)}
            found.update({package: path for package in npm if package.place in places})
        elif last in {"yarn.lock", "pnpm-lock.yaml"}:
            names = _by_need(data, files.get(join(folder, "package.json"), b""))
            below = join(folder, "node_modules/")
            found.update(
                {package: path for package in npm if package.name in names and package.place.startswith(below)}
            )
        elif last in _PYTHON:
            names = {_plain(name) for name in _PYTHON[last](data)}
            found.update({package: path for package in pip if _plain(package.name) in names})
    return found


def _plain(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _npm(data: bytes) -> Iterator[str]:
    """The places of packages for development, relative to the lock."""
    document = _json(data)
    for place, facts in _table(document.get("packages")).items():
        if place and _table(facts).get("dev") is True:
            yield place
    if "packages" not in document:
        yield from _first_form(document, "")


def _first_form(document: Mapping[str, object], above: str) -> Iterator[str]:
    """The same of npm before 7, whose packages are in each other."""
    for name, facts in _table(document.get("dependencies")).items():
        place = join(above, f"node_modules/{name}")
        if _table(facts).get("dev") is True:
            yield place
        yield from _first_form(_table(facts), place)


def _by_need(lock: bytes, manifest: bytes) -> set[str]:
    """The names in a lock that nothing but development leads to; none where package.json does not say what it needs."""
    document = _json(manifest)
    if not document.get("devDependencies"):
        return set()
    needs = _edges(lock.decode("utf-8", "replace"))
    roots = [name for key in _NEEDED for name in _table(document.get(key))]
    return set(needs) - _reached(roots, needs)


def _reached(roots: Iterable[str], needs: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += needs.get(name, ())
    return found


def _edges(text: str) -> dict[str, set[str]]:
    """Who needs whom in a lock of yarn or pnpm, by name: a package's line ends with a colon, what it needs stands deeper."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    deep = 2 if re.search(r"^(?:packages|snapshots):", text, re.MULTILINE) else 0
    package, needing, in_section = "", False, deep == 0
    for line in text.splitlines():
        content = line.strip()
        indent = len(line) - len(line.lstrip())
        if not content or content.startswith("#"):
            continue
        if deep and indent == 0:
            package, in_section = "", content in {"packages:", "snapshots:"}
        elif in_section and indent == deep and content.rstrip().endswith((":", ": {}")):
            package, needing = _first_name(content), False
            if package:
                found[package]
        elif package and indent == deep + 2:
            needing = content in {"dependencies:", "optionalDependencies:"}
        elif package and needing and indent == deep + 4 and (name := _first_name(content)):
            found[package].add(name)
    return dict(found)


def _first_name(content: str) -> str:
    """The name at the beginning of a line, without its version."""
    match = _NAME.match(content.lstrip("\"'"))
    return re.split(r"[\s:\"',]", match[1], maxsplit=1)[0] if match else ""


def _pipfile(data: bytes) -> Iterator[str]:
    document = _json(data)
    yield from _table(document.get("develop")).keys() - _table(document.get("default")).keys()


def _poetry(data: bytes) -> Iterator[str]:
    for package in _tables(_toml(data).get("package")):
        groups = package.get("groups")
        if package.get("category") == "dev" or (isinstance(groups, list) and groups and "main" not in groups):
            yield str(package.get("name"))


def _uv(data: bytes) -> Iterator[str]:
    """What the dependencies and extras of the projects themselves do not lead to."""
    needs: dict[str, set[str]] = {}
    roots: list[str] = []
    for package in _tables(_toml(data).get("package")):
        name = str(package.get("name"))
        extras = [item for items in _table(package.get("optional-dependencies")).values() for item in _tables(items)]
        needs[name] = {str(item.get("name")) for item in (*_tables(package.get("dependencies")), *extras)}
        if _table(package.get("source")).keys() & {"virtual", "editable", "directory"}:
            roots.append(name)
    if roots:
        yield from needs.keys() - _reached(roots, needs)


_PYTHON = {"Pipfile.lock": _pipfile, "poetry.lock": _poetry, "uv.lock": _uv}


def _json(data: bytes) -> Mapping[str, object]:
    try:
        return _table(json.loads(data))
    except (ValueError, RecursionError):
        return {}


def _toml(data: bytes) -> Mapping[str, object]:
    try:
        return tomllib.loads(data.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _table(value: object) -> Mapping[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _tables(value: object) -> list[Mapping[str, object]]:
    return [_table(item) for item in value] if isinstance(value, list) else []
