"""What a build may leave on a machine when it ends, however it ends: processes, mounts, unfinished files, locks."""

from __future__ import annotations

import os
import time
from pathlib import Path

PATIENCE = 60.0  # seconds: what ends by itself needs a moment


def processes(store: Path) -> list[str]:
    """The processes that have a store's path in their environment, as every process of a build with `mark` has."""
    wanted = os.fsencode(store)
    found: list[str] = []
    for pid in _pids():
        if wanted in _read(pid, "environ") or wanted in _read(pid, "cmdline"):
            words = _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")
            if _state(pid) not in {"Z", "X", ""}:
                found.append(f"{pid} {words}")
    return found


def mounts(store: Path) -> list[str]:
    """The lines of any process's mount table that name the store."""
    wanted = str(store)
    return sorted({line for pid in _pids() for line in _mounts(pid) if wanted in line})


def wait_until_alone(store: Path) -> list[str]:
    """The processes on a store that are still there after a while; none as soon as there are none.

    A process that is killed loses its memory, and with it what it is known by, some time before its mounts: as long as
    there are mounts, somebody is dying.
    """
    end = time.monotonic() + PATIENCE
    while ((found := processes(store)) or mounts(store)) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def descendants(pid: int) -> list[int]:
    """A process and all below it."""
    parents = {child: _parent(child) for child in _pids()}
    found = [pid]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found


def mark(store: Path) -> tuple[str, str]:
    """The flags that put the store's path into the environment of every RUN that declares `ARG MARK`."""
    return "--build-arg", f"MARK={store}"


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _mounts(pid: int) -> list[str]:
    """Those of others may have any names."""
    return os.fsdecode(_read(pid, "mountinfo")).splitlines()


def _state(pid: int) -> str:
    return _read(pid, "stat").rpartition(b") ")[2][:1].decode()


def _parent(pid: int) -> int:
    fields = _read(pid, "stat").rpartition(b") ")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0
