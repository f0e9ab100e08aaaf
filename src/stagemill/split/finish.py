"""What a copy does not bring: symlinks, who owns a directory and who may write to it, that a file is gone, the list of libraries.

All of it is told by comparing the two trees, so that what was mended once is not found again.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from stagemill.files.paths import clean, resolve
from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.split import programs
from stagemill.split.draft import Draft, Line
from stagemill.split.evidence import Evidence
from stagemill.split.facts import Facts
from stagemill.values import dataclass

_FOLDERS = "Directories that it writes to."
_LINKS = "Links, which a copy would follow."
_OWNERS = "Directories belong to whom they did, and have the modes that they had."
_GONE = "What was removed stays removed."
_LIBRARIES = "The loader learns where the libraries are."
_CERTIFICATES = "The certificates above are trusted, as they were."

_THERE = frozenset({"/", "/bin", "/etc", "/home", "/lib", "/opt", "/srv", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/sbin", "/var/log"})  # fmt: skip
# What no program misses, or has anew when a container starts.
_FLEETING = ("tmp", "var/tmp", "dev", "proc", "sys", "root/.*", "usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale",
             "var/lib/apt", "var/lib/dpkg", "var/cache/apt", "var/cache/debconf", "var/log/*.log", "var/log/apt", "etc/ld.so.cache",
             "etc/apt", "etc/alternatives", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/.pwd.lock", "etc/ssl/certs",
             "etc/rc?.d", "etc/apk", "lib/apk", "var/cache/apk")  # fmt: skip


@dataclass(frozen=True)
class Runtime:
    """`new` is the tree of the runtime, `below` that of its base; `evidence` has what the image was."""

    evidence: Evidence
    new: FileView
    below: FileView


def lacking(facts: Facts, draft: Draft, runtime: Runtime) -> tuple[Line, ...]:
    """The commands that the runtime still needs to be what the image was."""
    evidence, new = runtime.evidence, runtime.new
    found = [*_folders(draft, evidence.view, new)]
    found += (
        line for line, (path, target) in zip(links(draft), draft.links, strict=True) if _target(new, path) != target
    )
    found += _owners(facts, draft, runtime)
    found += _removed(runtime)
    found += _libraries(draft, new)
    if evidence.trusts_more() and not _same(evidence.view, new, "etc/ssl/certs/ca-certificates.crt"):
        found.append(Line("update-ca-certificates", _CERTIFICATES))
    done = {line.text for line in draft.finish}
    return tuple(line for line in dict.fromkeys(found) if line.text not in done)


def in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Directories are made before they are given away, and the list of libraries is made last."""
    ranks = (_FOLDERS, _LINKS, _GONE, _OWNERS, _CERTIFICATES, _LIBRARIES)
    return tuple(sorted(lines, key=lambda line: ranks.index(line.why)))


def links(draft: Draft) -> tuple[Line, ...]:
    """What makes the symlinks of a draft. The directories that every system has are there."""
    found: list[Line] = []
    for path, target in draft.links:
        above = posixpath.dirname(path)
        first = "" if above in _THERE else f"mkdir -p {shlex.quote(above)} && "
        found.append(Line(f"{first}ln -sfn {shlex.quote(target)} {shlex.quote(path)}", _LINKS))
    return tuple(found)


def _target(view: FileView, path: str) -> str:
    entry = view.lstat(clean(path))
    return entry.target if entry else ""


def _folders(draft: Draft, old: FileView, new: FileView) -> Iterator[Line]:
    lost = [path for path in draft.folders if new.lstat(resolve(new, clean(path))) is None]
    if lost:
        yield Line(f"mkdir -p {' '.join(shlex.quote(path) for path in lost)}", _FOLDERS)
    for path in lost:
        yield from _owner(path, old, None)


def _owners(facts: Facts, draft: Draft, runtime: Runtime) -> Iterator[Line]:
    """Directories that are in both, where they differ in more than what they hold."""
    evidence, new = runtime.evidence, runtime.new
    paths = {clean(item.to or item.path) for item in draft.kept if item.directory} | {clean(facts.workdir)}
    paths |= {item.path for step in evidence.steps for item in step.index if item.entry.kind == "dir"}
    for path in sorted(paths - {""}):
        if not _is_fleeting(path):
            yield from _owner(f"/{path}", evidence.view, new)


def _owner(path: str, old: FileView, new: FileView | None) -> Iterator[Line]:
    """What makes a directory of the runtime that of the image; one that is just made where there is no view."""
    before = old.lstat(resolve(old, clean(path)))
    after = new.lstat(resolve(new, clean(path))) if new else None
    if before is None or before.kind != "dir" or (new and (after is None or after.kind != "dir")):
        return
    owner, mode = ((after.uid, after.gid), after.mode) if after else ((0, 0), 0o755)
    if owner != (before.uid, before.gid):
        yield Line(f"chown {before.uid}:{before.gid} {shlex.quote(path)}", _OWNERS)
    if mode != before.mode:
        yield Line(f"chmod {before.mode:o} {shlex.quote(path)}", _OWNERS)


def _removed(runtime: Runtime) -> Iterator[Line]:
    """What a step has removed, or what the settings of packages were without, and the runtime has again."""
    evidence, new, below = runtime.evidence, runtime.new, runtime.below
    gone = {item.path for step in evidence.steps for item in step.index if item.whiteout}
    gone |= {path for path, entry in walk(new, "etc") if entry.kind != "dir" and below.lstat(path) is None}
    lost: list[str] = []
    for path in sorted(gone):
        if _is_fleeting(path) or evidence.view.lstat(path) is not None or new.lstat(path) is None:
            continue
        if not any(path.startswith(f"{above}/") for above in lost):
            lost.append(path)
    if lost:
        yield Line(f"rm -rf {' '.join(shlex.quote(f'/{path}') for path in lost)}", _GONE)


def _libraries(draft: Draft, new: FileView) -> Iterator[Line]:
    """A library in a directory that the loader's list has to name."""
    place = new.lstat("etc/ld.so.cache")
    if place is None or place.kind != "file":
        return
    listed = new.real_path("etc/ld.so.cache").read_bytes()
    folders = [resolve(new, path) for path in programs.configured(new) if "-linux-gnu" not in path]
    kept = [resolve(new, clean(item.to or item.path)) for item in draft.kept]
    for folder in folders:
        if any(f"{folder}/".startswith(f"{path}/") or path.startswith(f"{folder}/") for path in kept):
            names = [name for name in new.listdir(folder) if name.endswith(".so") or ".so." in name]
            if any(f"/{folder}/{name}\0".encode() not in listed for name in names):
                yield Line("ldconfig", _LIBRARIES)
                return


def _same(old: FileView, new: FileView, path: str) -> bool:
    places = [resolve(view, path) for view in (old, new)]
    entries = [view.lstat(place) for view, place in zip((old, new), places, strict=True)]
    if not all(entry and entry.kind == "file" for entry in entries):
        return False
    return old.digest(places[0]) == new.digest(places[1])


def _is_fleeting(path: str, patterns: Iterable[str] = _FLEETING) -> bool:
    names = path.split("/")
    return any(fnmatchcase("/".join(names[: pattern.count("/") + 1]), pattern) for pattern in patterns)
