"""`Behaviour`: a row of the tables, which says what a builder has to do in one or several builds.

The tables are TOML, a file for each of BuildKit's test files. What the fields mean is in README.md beside this file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

TABLES = Path(__file__).parent / "tables"
Table: TypeAlias = Mapping[str, Any]
Standing: TypeAlias = Literal["right", "pending", "deviating"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One call of the builder, and what must hold after it. Everything has a default."""

    dockerfile: str | None = None
    place: str = "Dockerfile"
    files: Table = field(default_factory=dict)
    context: str = "context"
    flags: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    output: str = "oci"
    machine: str = ""

    fails: str = ""
    status: int | None = None
    log: Sequence[str] = ()
    log_lacks: Sequence[str] = ()
    prints: Sequence[str] = ()
    json: Table = field(default_factory=dict)
    tree: Table = field(default_factory=dict)
    only: Sequence[str] = ()
    config: Table = field(default_factory=dict)
    image: Table = field(default_factory=dict)
    history: Sequence[Sequence[str]] = ()
    dates: Sequence[str] = ()
    names: Sequence[str] = ()
    platforms: Sequence[str] = ()
    of: str = ""
    layers: Sequence[str] | None = None
    manifest: Table = field(default_factory=dict)
    index: Table = field(default_factory=dict)
    attests: Table = field(default_factory=dict)
    attestation: Table = field(default_factory=dict)
    subjects: Sequence[str] = ()
    cached: Sequence[str] = ()
    ran: Sequence[str] = ()
    keeps: Sequence[str] = ()
    changes: Sequence[str] = ()
    digest: Literal["", "same", "new"] = ""

    pending: str = ""
    refused: str = "not supported yet"
    deviates: str = ""

    @property
    def must_fail(self) -> bool:
        return bool(self.fails or self.status)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A row. `name` says what holds, `covers` names BuildKit's test of the same behaviour."""

    name: str
    covers: str
    builds: tuple[Build, ...]
    http: Table = field(default_factory=dict)
    git: Table = field(default_factory=dict)
    images: Sequence[Table] = ()
    agent: bool = False
    registry: bool = False

    @property
    def standing(self) -> Standing:
        if self.pending:
            return "pending"
        return "deviating" if self.deviations else "right"

    @property
    def pending(self) -> tuple[str, ...]:
        """What is not built yet, each once, in the order of the builds."""
        return tuple(dict.fromkeys(build.pending for build in self.builds if build.pending))

    @property
    def deviations(self) -> tuple[str, ...]:
        """Why something is different from BuildKit on purpose."""
        return tuple(dict.fromkeys(build.deviates for build in self.builds if build.deviates))


@dataclass(frozen=True, slots=True)
class Group:
    """A file of the tables. `drivable` is how many tests of BuildKit's file a command line can drive."""

    peer: str
    about: str
    drivable: int
    behaviours: tuple[Behaviour, ...]


def groups() -> list[Group]:
    """All tables, by the names of their files."""
    return groups_in(TABLES)


def groups_in(tables: Path) -> list[Group]:
    """Raises ValueError for a row with a mistake."""
    return [_group(path) for path in sorted(tables.glob("*.toml"))]


def _group(path: Path) -> Group:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        rows = tuple(_behaviours(table.pop("behaviour")))
        return Group(behaviours=rows, **table)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _behaviours(tables: Sequence[Table]) -> Iterator[Behaviour]:
    for table in tables:
        rest = dict(table)
        shared = {key: rest.pop(key) for key in list(rest) if key in _SHARED}
        first, *more = rest.pop("build", [{}])
        first = {**first, "files": {**rest.pop("files", {}), **first.get("files", {})}}
        builds = tuple(_build({**shared, **build}, where=str(table["name"])) for build in (first, *more))
        yield Behaviour(builds=builds, **rest)


def _build(table: Table, *, where: str) -> Build:
    if unknown := table.keys() - {known.name for known in fields(Build)}:
        raise TypeError(f"{where}: unknown fields {sorted(unknown)}")
    for key in _LISTS & table.keys():
        if isinstance(table[key], str):
            raise TypeError(f"{where}: {key} is a list")
    return Build(**table)


_LISTS = {
    "flags",
    "subjects",
    "log",
    "log_lacks",
    "prints",
    "only",
    "cached",
    "ran",
    "keeps",
    "changes",
    "names",
    "layers",
}
# What a row says once for all of its builds, unless one says otherwise. Its files are there before the first.
_SHARED = {known.name for known in fields(Build)} - {"files"}
