"""`Evidence`: what a build shows: which step wrote which path, what packages own, and what lies outside of the working directory.

From it a draft gets what its recipe could not see in the text. What a step has written is kept, unless it is known to be a
cache, a package's, or a tool's own.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from stagemill.digest import Digest
from stagemill.files.paths import clean, resolve
from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.layer.index import LayerIndex
from stagemill.split.draft import Draft, Kept, Left, Line
from stagemill.split.facts import Facts
from stagemill.split.owners import Owners
from stagemill.values import dataclass

_ANEW = "the users are made anew"
_NOISE: Mapping[str, tuple[str, ...]] = {
    "it is a cache of a tool that builds": (
        "root/.cache", "root/.npm", "root/.local", "root/.cargo", "root/.rustup", "root/go", "root/.m2", "root/.gradle", "root/.config",
        "root/.node-gyp", "root/.yarn", "root/.pnpm-store", "root/.wget-hsts", "root/.npmrc", "root/.ivy2", "root/.sbt", "root/.ccache",
        "home/*/.cache", "home/*/.npm", "home/*/.gradle", "home/*/.cargo", "home/*/.m2", "home/*/go", "go", "usr/local/cargo", "usr/local/rustup",
        "usr/local/share/.cache", "usr/local/share/.config", "pnpm", ".cache", ".npm",
    ),
    "it is for a while only, or a log": ("tmp", "var/tmp", "var/log", "var/cache", "run", "dev", "proc", "sys", "var/spool", "var/lib/systemd"),
    "it is the package manager's": (
        "var/lib/apt", "var/lib/dpkg", "var/lib/pam", "var/lib/ucf", "etc/alternatives", "etc/ld.so.cache", "etc/apk", "lib/apk", "etc/apt", "usr/share/doc",
        "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/mime", "usr/lib/python3/dist-packages/*/__pycache__",
        "etc/ca-certificates.conf", "etc/ssl/certs", "etc/environment", "etc/.pwd.lock", "var/lib/gems", "usr/share/python3", "etc/perl",
        "usr/lib/*/perl-base", "usr/share/perl", "usr/share/fontconfig", "etc/fonts", "usr/lib/python3", "etc/python3*", "usr/lib/ssl", "var/lib/misc",
        "usr/lib/gcc", "usr/lib/*-linux-gnu/*.cache", "usr/lib/*/gconv/gconv-modules.cache", "usr/share/icons", "usr/share/applications",
    ),
    _ANEW: (
        "etc/passwd", "etc/passwd-", "etc/group", "etc/group-", "etc/shadow", "etc/shadow-", "etc/gshadow", "etc/gshadow-", "etc/subuid*", "etc/subgid*",
    ),
}  # fmt: skip
_PYTHON = (
    "usr/local/lib/python3*",
    "usr/local/bin/*",
    "usr/local/share/man",
    "usr/local/include/python*",
    "usr/local/lib/python*",
    "usr/local/share/doc",
)
_COMPILED = (
    "usr/local/include",
    "usr/local/lib/*.a",
    "usr/local/lib/*.la",
    "usr/local/lib/pkgconfig",
    "usr/local/share/man",
    "usr/local/share/doc",
    "usr/local/share/info",
)
_GLOBAL_MODULES = "usr/local/lib/node_modules"
_SHARED = frozenset({"opt", "srv", "home", "usr/local", "usr/local/bin", "usr/local/lib", _GLOBAL_MODULES})


@dataclass(frozen=True, slots=True)
class Wrote:
    """One step of the file: the line it stands in, and what its layer holds. `packages` says that it only installs some."""

    line: int
    index: LayerIndex
    packages: bool = False


@dataclass(frozen=True)
class Evidence:
    """`view` is the built tree, `base` that of its base image; `steps` are the file's own, the first one first."""

    view: FileView
    base: FileView
    steps: Sequence[Wrote]

    @cached_property
    def owners(self) -> Owners:
        return Owners(self.view)

    def refined(self, draft: Draft, facts: Facts) -> Draft:
        """The draft with what was made outside of the working directory, kept or left."""
        kept, left = self._without_twins(draft), list(draft.left)
        home = clean(facts.workdir)
        for path, line in self.made():
            if self._inside(path, home) or self._covered(path, kept) or self.owners.of(path):
                continue
            why = self._noise(path, draft, line)
            if not why:
                entry = self.view.lstat(path)
                assert entry is not None, "what was made is there"
                kept.append(Kept(f"/{path}", entry.kind == "dir", f"Line {line} has made it."))
            elif why != _ANEW:
                left.append(Left(f"/{path}", why))
        kept = [replace(item, owner=self._owner(item.path)) for item in kept]
        return replace(draft, kept=tuple(kept), left=tuple(left), place=self._place(facts))

    def _place(self, facts: Facts) -> Line | None:
        """What gives the working directory to whom it belonged, where that is not root."""
        entry = self.view.lstat(clean(facts.workdir))
        if entry is None or not (entry.uid or entry.gid) or facts.workdir == "/":
            return None
        return Line(
            f"RUN chown {entry.uid}:{entry.gid} {facts.workdir}", "The program may write here, as it could before."
        )

    def _covered(self, path: str, kept: Sequence[Kept]) -> bool:
        """Whether it is kept already, or in a directory that is."""
        places = ((resolve(self.view, clean(item.path)), item.directory) for item in kept)
        return any(path == place or (directory and f"{path}/".startswith(f"{place}/")) for place, directory in places)

    def _without_twins(self, draft: Draft) -> list[Kept]:
        """What is kept, without a second copy of the program, which was installed from the place where it was compiled."""
        program = self._digest(draft.kept[0].path) if draft.kept and draft.kind in {"go", "rust", "c"} else None
        if program is None:
            return list(draft.kept)
        return [draft.kept[0], *(item for item in draft.kept[1:] if self._digest(item.path) != program)]

    def _digest(self, path: str) -> Digest | None:
        place = resolve(self.view, clean(path))
        entry = self.view.lstat(place)
        return self.view.digest(place) if entry and entry.kind == "file" else None

    def packages_left(self, new: FileView, asked: Collection[str]) -> tuple[Left, ...]:
        """The packages that steps have installed and the runtime has not, but for those that were asked for by name."""
        gone = self.owners.packages - Owners(self.base).packages - Owners(new).packages - set(asked)
        return tuple(
            Left(name, "the package came along with those for building", self.weight(name)) for name in sorted(gone)
        )

    def weight(self, package: str) -> int:
        """The bytes of what a package has brought."""
        seen: dict[object, int] = {}
        for path in self.owners.files(package):
            place = resolve(self.view, path, follow_last=False)
            entry = self.view.lstat(place)
            if entry and entry.kind == "file":
                seen[place if entry.node is None else entry.node] = entry.size
        return sum(seen.values())

    def _owner(self, path: str) -> str:
        """`UID:GID` where all at and below a path belongs to one that is not root; a copy's own directory would be root's."""
        owners = {(entry.uid, entry.gid) for _, entry in walk(self.view, clean(path))}
        (uid, gid) = owners.pop() if len(owners) == 1 else (0, 0)
        return f"{uid}:{gid}" if uid or gid else ""

    @staticmethod
    def _inside(path: str, home: str) -> bool:
        """Whether it is the working directory, in it, or on the way to it."""
        return bool(home) and (path == home or path.startswith(f"{home}/") or home.startswith(f"{path}/"))

    def made(self) -> Iterator[tuple[str, int]]:
        """The uppermost paths that steps have made or changed and that are there in the end, with the last line to do so."""
        lines: dict[str, int] = {}
        for step in self.steps:
            lines.update({item.path: step.line for item in step.index.entries if item.path and not item.whiteout})
        done: set[str] = set()
        for path, line in sorted(lines.items(), key=lambda item: item[0].split("/")):
            entry = self.view.lstat(path)
            above = {"/".join(path.split("/")[:count]) for count in range(1, path.count("/") + 1)}
            if entry is None or done & above:
                continue
            before = self.base.lstat(path)
            if entry.kind == "dir" and before is not None:
                continue
            if before is not None and before.kind == entry.kind == "file" and self._same(path):
                continue
            if entry.kind == "dir" and self._is_shared(path):
                continue
            done.add(path)
            yield path, line

    def _same(self, path: str) -> bool:
        return self.view.digest(path) == self.base.digest(path)

    def _is_shared(self, path: str) -> bool:
        """Whether a new directory may hold what is kept and what is not: then its paths count one by one."""
        if any(_leads_to(path, pattern) for patterns in _NOISE.values() for pattern in patterns):
            return True
        return self.owners.is_theirs(path) or path in _SHARED

    def _noise(self, path: str, draft: Draft, line: int) -> str:
        """Why something stays behind though a step has made it; empty where it is wanted."""
        if line in self._installing or "__pycache__" in path or self._is_alternative(path):
            return "it is the package manager's"
        for why, patterns in _NOISE.items():
            if _matches(path, patterns):
                return why
        if draft.environment and _matches(path, _PYTHON):
            return "the virtual environment takes its place"
        if draft.kind in {"go", "rust", "c"} and _matches(path, _COMPILED):
            return "it is for those who build with it"
        if draft.kind in {"node", "site"} and (path.startswith(f"{_GLOBAL_MODULES}/") or self._links_to_modules(path)):
            return "it is a tool that was installed for the build"
        if draft.users and path.startswith("home/") and path.count("/") == 1:
            return _ANEW
        return ""

    @cached_property
    def _installing(self) -> frozenset[int]:
        return frozenset(step.line for step in self.steps if step.packages)

    def _is_alternative(self, path: str) -> bool:
        entry = self.view.lstat(path)
        return entry is not None and entry.kind == "symlink" and entry.target.startswith("/etc/alternatives/")

    def _links_to_modules(self, path: str) -> bool:
        entry = self.view.lstat(path)
        return entry is not None and entry.kind == "symlink" and "node_modules/" in entry.target

    def size(self, path: str) -> int:
        """The bytes of all that is at and below a path of the built tree."""
        return sum(entry.size for _, entry in walk(self.view, clean(path)))


def _matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path, or a directory that it is in, fits a pattern."""
    names = path.split("/")
    return any(
        fnmatch.fnmatchcase("/".join(names[: pattern.count("/") + 1]), pattern) and len(names) > pattern.count("/")
        for pattern in patterns
    )


def _leads_to(path: str, pattern: str) -> bool:
    """Whether what a pattern means may lie in a directory."""
    above = pattern.split("/")[: path.count("/") + 1]
    return pattern.count("/") > path.count("/") and fnmatch.fnmatchcase(path, "/".join(above))
