"""`Cause`: what made a step run, with the facts of it; `text` is what a person reads."""

from __future__ import annotations

from enum import StrEnum

from stagemill.values import dataclass


class Kind(StrEnum):
    """What sort of cause; the values are what JSON says."""

    FILE = "file"
    INSTRUCTION = "instruction"
    ARG = "arg"
    ENV = "env"
    BASE = "base"
    PLATFORM = "platform"
    MOUNT = "mount"
    FLAG = "flag"
    DOWNLOAD = "download"
    PARENT = "parent"
    NO_CACHE = "no-cache"
    PRUNED = "pruned"
    UNFINISHED = "unfinished"
    NEW = "never built"
    ELSEWHERE = "not in the cache"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs. `how` is `content`, `mode`, `owner`, `type`, `target`, `added`, `removed`, `not ignored any more`, …"""

    path: str
    how: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """`name` is the variable, the flag or the reference that it is about, with its values. `root` is the step of a parent."""

    kind: Kind
    text: str
    name: str = ""
    old: str | None = None
    new: str | None = None
    line: int = 0
    files: tuple[FileChange, ...] = ()
    root: str = ""
