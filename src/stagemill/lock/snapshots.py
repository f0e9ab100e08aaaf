"""Days of a distribution's archive that RUN installs from, as far as the Dockerfile or a list of sources names one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stagemill.errors import Excerpt
from stagemill.files.view import FileView
from stagemill.graph import operations
from stagemill.lock import reading
from stagemill.lock.entries import LockedSnapshot
from stagemill.plan.planner import Plan
from stagemill.regex import regex
from stagemill.values import dataclass

_TIME = regex(r"(?<![0-9A-Za-z])(?:19|20)[0-9]{6}T[0-9]{6}Z(?![0-9A-Za-z])")
_APT = regex(r"(?<![\w.-])(?:apt|apt-get|aptitude|sources\.list|sources\.list\.d|debootstrap|mmdebstrap)(?![\w-])")
_LISTS = (".sources", ".list")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class NamedSnapshot:
    """A snapshot, and the instruction that names it first."""

    locked: LockedSnapshot
    at: Excerpt | None


def named(plans: Sequence[Plan], views: Mapping[str, FileView]) -> Iterator[NamedSnapshot]:
    """Those that RUNs with apt name in their text or their variables, and lists of sources that are copied; each once."""
    found: dict[str, Excerpt | None] = {}
    for vertex in reading.vertices(plans):
        if isinstance(vertex.op, operations.Run):
            for time in times(vertex.op):
                found.setdefault(time, vertex.label.at)
    for file in reading.files(plans, views, named=_LISTS):
        for time in _TIME.findall(_text(views[file.context], file.path)):
            found.setdefault(time, file.at)
    return (NamedSnapshot(LockedSnapshot("apt", time), at) for time, at in sorted(found.items()))


def times(run: operations.Run) -> list[str]:
    """The snapshots that a process with apt is told of."""
    words = [*run.args, *(run.script or ())]
    if not any(_APT.search(word) for word in words):
        return []
    return _TIME.findall("\n".join([*words, *(value for _, value in run.env)]))


def _text(view: FileView, path: str) -> str:
    entry = view.lstat(path)
    if entry is None or entry.size > _MOST_BYTES:
        return ""
    return view.real_path(path).read_text("utf-8", "replace")
