"""`Draft`: what a split file is to hold, before it is text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from stagemill.lint.stages import Step
from stagemill.values import dataclass

Kind: TypeAlias = Literal["node", "python", "go", "rust", "java", "c", "site", "other"]

Manager: TypeAlias = Literal["apt-get", "apk"]

TITLES: dict[Kind, str] = {
    "node": "Node",
    "python": "Python",
    "go": "Go",
    "rust": "Rust",
    "java": "Java",
    "c": "C or C++",
    "site": "static site",
    "other": "by what the build shows",
}


@dataclass(frozen=True, slots=True)
class Line:
    """An instruction as text, and why it is there: a comment above it."""

    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Inserted:
    """Lines that go before a step of the build stage."""

    step: Step
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A path of the build stage that the runtime stage gets, absolute, and why.

    `to` is where it goes, empty for the same path. `directory` says that it is one; `owner` is `UID:GID` where a copy would
    not keep it.
    """

    path: str
    directory: bool
    why: str = ""
    to: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """What stays behind, and why nobody misses it. `size` is in bytes, 0 where that is not known yet."""

    path: str
    why: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """The runtime stage begins from `base`, for the reason `why`. `packages` are installed in it by the system's manager.

    `environment` is the virtual environment that has all packages of Python. `inserted` and `end` go into the build stage; `env` and `command` take the place of what the file says for the runtime;
    `links` are symlinks by their paths and texts, `folders` are directories that are made empty; `finish` are the commands that
    do what a copy does not. `assumed` is what only a build can show.
    """

    kind: Kind
    tool: str
    base: str
    why: str
    kept: tuple[Kept, ...] = ()
    left: tuple[Left, ...] = ()
    inserted: tuple[Inserted, ...] = ()
    end: tuple[Line, ...] = ()
    env: tuple[Line, ...] = ()
    environment: str = ""
    command: Line | None = None
    packages: tuple[str, ...] = ()
    manager: Manager = "apt-get"
    users: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    folders: tuple[str, ...] = ()
    finish: tuple[Line, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{TITLES[self.kind]} ({self.tool})" if self.tool else TITLES[self.kind]


def without_nested(kept: Iterable[Kept]) -> tuple[Kept, ...]:
    """Sorted by path, each once, and none that lies in a directory that is kept as it is."""
    found: list[Kept] = []
    for item in sorted(kept, key=lambda each: (each.path, not each.why)):
        plain = [other for other in found if other.directory and not other.to]
        if any(item.path == other.path or item.path.startswith(f"{other.path.rstrip('/')}/") for other in plain):
            continue
        if all((other.path, other.to) != (item.path, item.to) for other in found):
            found.append(item)
    return tuple(found)
