"""`Names`: which packages a lock of Python needs for development only, and which ones anyway.

The locks of poetry from 2 on and before 1.2 and uv's have groups, Pipenv's a section. Those of poetry in between only say who
needs whom: there the pyproject.toml beside it says with what that begins. Sources: Pipfile.lock's specification; poetry and
uv, their lock files; the packaging specifications, "pyproject.toml".
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping

from stagemill.insight.node_locks import Document, parsed, reached, table
from stagemill.values import dataclass

_SEPARATORS = re.compile(r"[-_.]+")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")
LOCKS = ("Pipfile.lock", "poetry.lock", "uv.lock")


@dataclass(frozen=True, slots=True)
class Names:
    """In their plain form, in which case, `-`, `_` and `.` do not differ."""

    development: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()


def plain(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def names(kind: str, lock: bytes, manifest: bytes) -> Names:
    """What a lock says that is called as `kind` is; `manifest` is the pyproject.toml beside it. Nothing for what is no lock."""
    match kind:
        case "Pipfile.lock":
            development, every = _pipenv(parsed(lock))
        case "uv.lock":
            development, every = _uv(_toml(lock))
        case _:
            development, every = _poetry(_toml(lock), _toml(manifest))
    found = frozenset(map(plain, development))
    return Names(found, frozenset(map(plain, every)) - found)


def _pipenv(lock: Document) -> tuple[Iterable[str], Iterable[str]]:
    needed, development = table(lock.get("default")).keys(), table(lock.get("develop")).keys()
    return development - needed, needed


def _poetry(lock: Document, manifest: Document) -> tuple[Iterable[str], Iterable[str]]:
    packages = list(_tables(lock.get("package")))
    every = [str(package.get("name")) for package in packages]
    if any("groups" in package or "category" in package for package in packages):
        return [str(package.get("name")) for package in packages if _is_grouped(package)], every
    needs = {
        plain(str(package.get("name"))): {plain(name) for name in table(package.get("dependencies"))}
        for package in packages
    }
    known = table(manifest.get("project")) or table(table(manifest.get("tool")).get("poetry"))
    return (needs.keys() - reached(map(plain, _needs_of_project(manifest)), needs) if known else ()), every


def _is_grouped(package: Document) -> bool:
    groups = package.get("groups")
    return package.get("category") == "dev" or (isinstance(groups, list) and bool(groups) and "main" not in groups)


def _needs_of_project(manifest: Document) -> Iterator[str]:
    """What a project needs to run, with all that it offers beside."""
    yield from table(table(table(manifest.get("tool")).get("poetry")).get("dependencies"))
    project = table(manifest.get("project"))
    offers = table(project.get("optional-dependencies")).values()
    for texts in (project.get("dependencies"), *offers):
        for text in texts if isinstance(texts, list) else ():
            if found := _REQUIREMENT.match(str(text)):
                yield found[1]


def _uv(lock: Document) -> tuple[Iterable[str], Iterable[str]]:
    """What the dependencies and extras of the projects themselves do not lead to."""
    needs: dict[str, set[str]] = {}
    roots: list[str] = []
    for package in _tables(lock.get("package")):
        name = str(package.get("name"))
        extras = [item for items in table(package.get("optional-dependencies")).values() for item in _tables(items)]
        needs[name] = {str(item.get("name")) for item in (*_tables(package.get("dependencies")), *extras)}
        if table(package.get("source")).keys() & {"virtual", "editable", "directory"}:
            roots.append(name)
    return (needs.keys() - reached(roots, needs) if roots else ()), needs


def _toml(data: bytes) -> Document:
    try:
        return table(tomllib.loads(data.decode("utf-8", "replace")))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _tables(value: object) -> list[Mapping[str, object]]:
    return [table(item) for item in value] if isinstance(value, list) else []
