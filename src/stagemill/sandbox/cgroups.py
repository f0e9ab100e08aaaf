"""`limited`, a control group for one sandbox, in whichever version the machine has, where one may be made.

Source: the kernel's admin-guide/cgroup-v2.rst ("no internal processes", "delegation") and cgroup-v1; for the names of
limits, runc. Nothing is made that is not asked for.
"""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from stagemill.errors import SandboxError
from stagemill.sandbox.hierarchies import Hierarchy, hierarchies
from stagemill.sandbox.limits import Resources, numbers
from stagemill.values import dataclass

_PREFIX = "stagemill-"
_STALE = 3600  # seconds after which an empty group of a dead process is taken for a left one
_ATTEMPTS = 5
_PATIENCE = 2.0  # seconds for the kernel to see that the last process of a group is gone
_USUAL = ("cpu", "cpuset", "memory", "pids")
_count = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Group:
    """Where a sandbox goes: it writes itself into `members`. `shown` is what it sees of them, by the controller's name.

    `cpus` are the processors it may use, where no group says so.
    """

    members: tuple[Path, ...] = ()
    shown: tuple[tuple[str, Path], ...] = ()
    cpus: frozenset[int] = frozenset()


@contextmanager
def limited(resources: Resources, found: Sequence[Hierarchy] | None = None) -> Iterator[Group]:
    """A group with these limits, gone after the block, when nothing of the sandbox is left. Raises SandboxError.

    Processors can be chosen without a group too.
    """
    if not resources:
        yield Group()
        return
    wanted = _settings(resources)
    name = f"{_PREFIX}{os.getpid()}-{next(_count)}"
    made: list[Path] = []
    try:
        try:
            shown = list(_make(name, resources.parent, wanted, hierarchies() if found is None else found, made=made))
            group = Group(tuple(path / "cgroup.procs" for _, path in shown), tuple(shown))
        except OSError as error:
            group = Group(cpus=_affinity(resources, error))
        yield group
    finally:
        for path in reversed(made):
            _remove(path)


@dataclass(frozen=True, slots=True)
class _Setting:
    """One limit: its flag, its controller, and file and text of each version; a file without a name is not written."""

    flag: str
    controller: str
    unified: tuple[str, str]
    legacy: tuple[str, str]


def _settings(wanted: Resources) -> list[_Setting]:
    found = []
    if wanted.memory:
        size = str(wanted.memory)
        found.append(_Setting("memory", "memory", ("memory.max", size), ("memory.limit_in_bytes", size)))
    if wanted.memory_swap:
        swap = "max" if wanted.memory_swap < 0 else str(wanted.memory_swap - wanted.memory)
        total = str(max(wanted.memory_swap, -1))
        unified, legacy = ("memory.swap.max", swap), ("memory.memsw.limit_in_bytes", total)
        found.append(_Setting("memory-swap", "memory", unified, legacy))
    if wanted.cpu_shares:
        weight = 1 + (wanted.cpu_shares - 2) * 9999 // 262142
        unified, legacy = ("cpu.weight", str(weight)), ("cpu.shares", str(wanted.cpu_shares))
        found.append(_Setting("cpu-shares", "cpu", unified, legacy))
    if wanted.cpu_period or wanted.cpu_quota:
        found += _bandwidth(wanted)
    if wanted.pids:
        limit = ("pids.max", str(wanted.pids))
        found.append(_Setting("pids-limit", "pids", limit, limit))
    for flag, value in (("cpuset-cpus", wanted.cpuset_cpus), ("cpuset-mems", wanted.cpuset_mems)):
        if value:
            file = flag.replace("-", ".")
            found.append(_Setting(flag, "cpuset", (file, value), (file, value)))
    return found


def _bandwidth(wanted: Resources) -> Iterator[_Setting]:
    """How much time of how much; version 2 has both in one file."""
    quota = str(wanted.cpu_quota) if wanted.cpu_quota > 0 else "max"
    both = ("cpu.max", f"{quota} {wanted.cpu_period or 100_000}")
    if wanted.cpu_period:
        yield _Setting("cpu-period", "cpu", both, ("cpu.cfs_period_us", str(wanted.cpu_period)))
    if wanted.cpu_quota:
        yield _Setting("cpu-quota", "cpu", both, ("cpu.cfs_quota_us", str(wanted.cpu_quota)))


def _make(
    name: str, parent: str, wanted: Sequence[_Setting], found: Sequence[Hierarchy], *, made: list[Path]
) -> Iterator[tuple[str, Path]]:
    """Makes and fills the groups, which are also put into `made`. Raises OSError."""
    needed = {setting.controller for setting in wanted}
    missing = set(needed)
    for hierarchy in found:
        mine = [setting for setting in wanted if setting.controller in hierarchy.controllers]
        usual = hierarchy.unified or not hierarchy.controllers.isdisjoint(_USUAL)
        if not mine and not (parent and usual):
            continue
        controllers = {setting.controller for setting in mine}
        missing -= controllers
        path = _group(hierarchy, name, parent, controllers, made=made)
        made.append(path)
        if "cpuset" in hierarchy.controllers and not hierarchy.unified:
            for step in (*reversed(path.relative_to(hierarchy.top).parents[:-1]), path.relative_to(hierarchy.top)):
                _inherit_sets(hierarchy.top / step)
        for setting in mine:
            file, text = setting.unified if hierarchy.unified else setting.legacy
            (path / file).write_text(text)
        yield _name(hierarchy, alone=all(other.unified for other in found)), path
    if missing or not made:
        what = " and ".join(sorted(missing)) or "any"
        raise FileNotFoundError(f"this machine has no controller for {what} in /sys/fs/cgroup")


def _name(hierarchy: Hierarchy, *, alone: bool) -> str:
    """The directory that a hierarchy has in /sys/fs/cgroup; version 2 alone has all of it."""
    if hierarchy.unified:
        return "" if alone else "unified"
    return ",".join(sorted(hierarchy.controllers))


def _group(hierarchy: Hierarchy, name: str, parent: str, controllers: set[str], *, made: list[Path]) -> Path:
    """The new group in one hierarchy: below the parent that was asked for, else where we may make one."""
    if not parent:
        places = hierarchy.parents() if hierarchy.unified else (hierarchy.own,)
        return _in_one_of(places, hierarchy, name, controllers)
    above = hierarchy.top / parent.strip("/")
    left = _ATTEMPTS
    while True:
        left -= 1
        made += _missing(above)
        try:
            above.mkdir(parents=True, exist_ok=True)
            if hierarchy.unified:
                for step in (*reversed(above.parents), above):
                    if step == hierarchy.top or hierarchy.top in step.parents:
                        _enable(step, controllers)
            return _in_one_of((above,), hierarchy, name, controllers)
        except OSError as error:  # another build ends, and removes the parent that it had made
            if error.errno not in {errno.ENOENT, errno.ENODEV} or not left:
                raise


def _in_one_of(places: Sequence[Path], hierarchy: Hierarchy, name: str, controllers: set[str]) -> Path:
    refused: OSError | None = None
    for change in (False, True):
        for place in places:
            try:
                if hierarchy.unified and change:
                    _leave(hierarchy, place)
                    _enable(place, controllers)
                elif hierarchy.unified and not controllers <= _enabled(place):
                    continue
                return _child(place, name)
            except OSError as error:
                refused = refused or error
    raise refused or PermissionError(f"{hierarchy.own} passes on no {' or '.join(sorted(controllers))}")


def _missing(path: Path) -> list[Path]:
    """The directories that are not there yet, the outermost first."""
    return [step for step in (*reversed(path.parents), path) if not step.exists()]


def _child(place: Path, name: str) -> Path:
    _sweep(place)
    path = place / name
    path.mkdir()
    return path


def _enabled(place: Path) -> set[str]:
    return set((place / "cgroup.subtree_control").read_text().split())


def _enable(place: Path, controllers: set[str]) -> None:
    missing = sorted(controllers - _enabled(place))
    if missing:
        (place / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in missing))


def _leave(hierarchy: Hierarchy, place: Path) -> None:
    """Where this process is alone in its group it goes one down: only a group without processes may pass on controllers."""
    if place != hierarchy.own:
        return
    members = (place / "cgroup.procs").read_text().split()
    if not members or not all(_is_ours(int(member)) for member in members):
        return
    below = _child(place, f"{_PREFIX}{os.getpid()}-own")
    for member in members:
        (below / "cgroup.procs").write_text(member)


def _is_ours(pid: int) -> bool:
    """Whether a process is this one, or comes from it."""
    while pid > 1 and pid != os.getpid():
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return True  # it has ended meanwhile
    return pid == os.getpid()


def _inherit_sets(path: Path) -> None:
    """A new group of version 1 has neither processors nor memory nodes, and nobody could enter it."""
    for file in ("cpuset.cpus", "cpuset.mems"):
        if not (path / file).read_text().strip():
            (path / file).write_text((path.parent / file).read_text().strip())


def _sweep(place: Path) -> None:
    """Removes what builds left that were killed."""
    for path in place.glob(f"{_PREFIX}*-*"):
        pid = path.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError):  # somebody is in it
            if not os.path.exists(f"/proc/{pid}") and time.time() - path.stat().st_mtime > _STALE:
                path.rmdir()


def _remove(path: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > end or not path.name.startswith(_PREFIX):
                return  # the next build removes it; in a parent are groups of other builds
            time.sleep(0.01)
        else:
            return


def _affinity(wanted: Resources, error: OSError) -> frozenset[int]:
    """The processors, where they are all that is asked for."""
    others = [setting.flag for setting in _settings(wanted) if setting.flag != "cpuset-cpus"]
    if wanted.parent:
        others.append("cgroup-parent")
    if others:
        why = (error.strerror or str(error)).lower() if error.errno else str(error)
        where = f"{error.filename}: " if error.filename else ""
        raise SandboxError(
            f"cannot limit {', '.join(others)}: no control group may be made here ({where}{why})",
            hint="run stagemill by `systemd-run --user --scope -p Delegate=yes stagemill …`, as root, or inside a "
            "container that was started with --privileged; or leave the limit out",
        ) from error
    asked = numbers(wanted.cpuset_cpus)
    cpus = asked & os.sched_getaffinity(0)
    if not cpus:
        here = ", ".join(map(str, sorted(os.sched_getaffinity(0))))
        raise SandboxError(
            f"cannot use the processors {wanted.cpuset_cpus}: there are none of them here", hint=f"there are {here}"
        )
    return cpus
