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
from stagemill.files.view import Entry, FileView
from stagemill.files.walk import walk
from stagemill.layer.index import LayerIndex
from stagemill.split import leftovers, system
from stagemill.split.draft import Draft, Kept, Left
from stagemill.split.facts import Facts
from stagemill.split.owners import Owners
from stagemill.values import dataclass

_ANEW = "the users are made anew"
_FLEETING = "it is for a while only, or a log"
_SYSTEMS = "it is the package manager's"
_TOOLS = "it is a cache of a tool that builds"
_NOISE: Mapping[str, tuple[str, ...]] = {
    _TOOLS: (
        "root/.cache", "root/.npm", "root/.local", "root/.cargo", "root/.rustup", "root/go", "root/.m2", "root/.gradle", "root/.config",
        "root/.node-gyp", "root/.yarn", "root/.pnpm-store", "root/.wget-hsts", "root/.npmrc", "root/.ivy2", "root/.sbt", "root/.ccache",
        "home/*/.cache", "home/*/.npm", "home/*/.gradle", "home/*/.cargo", "home/*/.m2", "home/*/go", "go", "usr/local/cargo", "usr/local/rustup",
        "usr/local/share/.cache", "usr/local/share/.config", "pnpm", ".cache", ".npm",
    ),
    _FLEETING: ("tmp", "var/tmp", "var/log", "var/cache", "run", "dev", "proc", "sys", "var/spool", "var/lib/systemd"),
    _SYSTEMS: (
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
# Where a program writes to places that an image has for it, and which of them are somebody else's.
_PLACES = ("var/log", "var/cache", "var/spool", "run")
_NO_PLACES = ("var/log/apt", "var/cache/apt", "var/cache/debconf", "var/cache/ldconfig", "var/cache/man", "var/cache/fontconfig",
              "var/cache/apk", "run/lock", "run/systemd", "run/secrets")  # fmt: skip
_SECRET = ("root/.npmrc", "root/.netrc", "root/.pypirc", "root/.cache", "root/.npm", "root/.cargo", "root/.m2", "go")
_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
_GLOBAL_MODULES = "usr/local/lib/node_modules"
_SHARED = frozenset({"opt", "srv", "home", "usr/local", "usr/local/bin", "usr/local/lib", _GLOBAL_MODULES})


@dataclass(frozen=True, slots=True)
class Wrote:
    """One step of the file: the line it stands in, and what its layer holds.

    `packages` says that it only installs some; `own` that it installs none: a copy, or tools like `echo` and `sed`.
    """

    line: int
    index: LayerIndex
    packages: bool = False
    own: bool = False


@dataclass(frozen=True)
class Evidence:
    """`view` is the built tree, `base` that of its base image; `steps` are the file's own, the first one first."""

    view: FileView
    base: FileView
    steps: Sequence[Wrote]

    @cached_property
    def owners(self) -> Owners:
        return Owners(self.view)

    def refined(self, draft: Draft, facts: Facts, tools: Collection[str] = ()) -> Draft:
        """The draft with what was made outside of the working directory, kept or left. `tools` are the names of what is started."""
        kept, left = self._without_base(self._without_twins(draft), draft, facts), list(draft.left)
        folders: list[str] = []
        links: list[str] = []
        home, modules = clean(facts.workdir), self._modules(tools)
        for path, line in self.made(home):
            if self._inside(path, home) or self._covered(path, kept) or not self._is_own(path, line):
                continue
            why = "" if path in modules else self._noise(path, draft, line)
            place = self._place(path, line) if why == _FLEETING else ""
            if place == "dir":
                folders += [f"/{each}" for each, found in walk(self.view, path) if found.kind == "dir"]
            elif place:
                links.append(f"/{path}")
            elif why and why != _ANEW:
                left.append(Left(f"/{path}", why))
            elif not why:
                more, less = self._sorted_out(path, draft, line)
                kept += more
                left += less
        kept, found = self._divided(kept, links, bare=draft.base == "scratch")
        kept = [replace(item, owner=self._owner(item.path)) for item in kept]
        return replace(draft, kept=tuple(kept), left=tuple(left), links=found, folders=tuple(folders))

    def _without_base(self, kept: Sequence[Kept], draft: Draft, facts: Facts) -> list[Kept]:
        """What is kept, without what no step has touched, where the runtime has it too or it is an empty place."""
        touched = {item.path for step in self.steps for item in step.index}
        same = draft.base == facts.base

        def needless(item: Kept) -> bool:
            path = clean(item.path)
            if path in touched or any(each.startswith(f"{path}/") for each in touched) or not self.base.lstat(path):
                return False
            return same or all(entry.kind == "dir" for _, entry in walk(self.base, path))

        return [item for at, item in enumerate(kept) if at == 0 or not needless(item)]

    def _is_own(self, path: str, line: int) -> bool:
        """Whether a file is none of a package, or was changed after it was installed."""
        if not self.owners.of(path) or any(step.line == line and step.own for step in self.steps):
            return True
        return line not in self._installing and self.owners.is_changed(path)

    def _modules(self, tools: Collection[str]) -> frozenset[str]:
        """The programs that npm has installed for the whole system and the image starts, with their packages."""
        found: set[str] = set()
        for name in tools:
            entry = self.view.lstat(f"usr/local/bin/{name}")
            if entry and entry.kind == "symlink" and "/node_modules/" in entry.target:
                scope, _, rest = entry.target.partition("/node_modules/")[2].partition("/")
                module = f"{scope}/{rest.partition('/')[0]}" if scope.startswith("@") else scope
                found |= {f"usr/local/bin/{name}", f"{_GLOBAL_MODULES}/{module}", f"{_GLOBAL_MODULES}/{scope}"}
        return frozenset(found)

    def _place(self, path: str, line: int) -> str:
        """What kind of place for logs and the like a step has made by itself, which a program needs; empty for none."""
        entry = self.view.lstat(path)
        if entry is None or line in self._installing or not _matches(path, _PLACES) or _matches(path, _NO_PLACES):
            return ""
        return entry.kind if entry.kind in {"dir", "symlink"} else ""

    def _sorted_out(self, path: str, draft: Draft, line: int) -> tuple[list[Kept], list[Left]]:
        """A path as it is; or, where it is a directory that a compiler has worked in, what of it is no source."""
        entry = self.view.lstat(path)
        assert entry is not None, "what was made is there"
        whole = Kept(f"/{path}", entry.kind == "dir", f"Line {line} has made it.")
        names = self.view.listdir(path) if entry.kind == "dir" and draft.kind in leftovers.COMPILERS else []
        if not any(leftovers.is_code(name, draft.kind) for name in names):
            return [whole], []
        kept: list[Kept] = []
        left: list[Left] = []
        program = self._digest(draft.kept[0].path) if draft.kept else None
        for name in names:
            below = f"{path}/{name}"
            why = leftovers.of(self.view, below, draft.kind) or leftovers.WORKPLACES.get(name, "")
            if why or (program is not None and self._digest(below) == program):
                left.append(Left(f"/{below}", why or "it is the program, which is somewhere else too"))
            else:
                found = self.view.lstat(below)
                kept.append(replace(whole, path=f"/{below}", directory=bool(found and found.kind == "dir")))
        return kept, left

    def _divided(
        self, kept: Sequence[Kept], links: Sequence[str], *, bare: bool
    ) -> tuple[list[Kept], tuple[tuple[str, str], ...]]:
        """Paths to copy, and symlinks to make: those to what is kept, which a copy would follow. An empty image makes none."""
        found: list[str] = list(links)
        for item in () if bare else kept:
            path = clean(item.path)
            entry = self.view.lstat(path)
            others = [each for each in kept if each is not item]
            if entry and entry.kind == "symlink" and not item.to and self._covered(resolve(self.view, path), others):
                found.append(item.path)
        targets = [(path, entry.target) for path in found if (entry := self.view.lstat(clean(path)))]
        return [item for item in kept if item.path not in found], tuple(sorted(targets))

    def trusts_more(self) -> bool:
        """Whether a step has brought a certificate of its own, and the list of all has changed."""
        brought = any(self._is_certificate(item.path) for step in self.steps for item in step.index)
        return brought and not self._same(_BUNDLE, missing=False)

    def _is_certificate(self, path: str) -> bool:
        return path.startswith("usr/local/share/ca-certificates/") and self.view.lstat(path) is not None

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

    def unnamed(self, facts: Facts) -> tuple[str, ...]:
        """The packages that were asked for in words that the text does not show, by a variable or in a script, but for those to build."""
        if not self.owners.tells_wanted:
            return ()
        found = self.owners.wanted - Owners(self.base).versions.keys() - {each.name for each in system.asked(facts)}
        return tuple(sorted(name for name in found if not system.is_for_building(name)))

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

    def made(self, home: str = "") -> Iterator[tuple[str, int]]:
        """The uppermost paths that steps have made or changed and that are there in the end, with the last line to do so.

        What lies beside the working directory, or beside a directory that it is in, counts by itself.
        """
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
            if (
                before is not None
                and before.kind == entry.kind == "file"
                and _alike(before, entry)
                and self._same(path)
            ):
                continue
            if entry.kind == "dir" and (self._is_shared(path) or home.startswith(f"{path}/")):
                continue
            done.add(path)
            yield path, line

    def _same(self, path: str, *, missing: bool = True) -> bool:
        """Whether a file is what the base has, byte for byte; `missing` where one of them has none."""
        entries = [view.lstat(path) for view in (self.view, self.base)]
        if not all(entry and entry.kind == "file" for entry in entries):
            return missing
        return self.view.digest(path) == self.base.digest(path)

    def _is_shared(self, path: str) -> bool:
        """Whether a new directory may hold what is kept and what is not: then its paths count one by one."""
        if any(_leads_to(path, pattern) for patterns in _NOISE.values() for pattern in patterns):
            return True
        return self.owners.is_theirs(path) or path in _SHARED

    def _noise(self, path: str, draft: Draft, line: int) -> str:
        """Why something stays behind though a step has made it; empty where it is wanted."""
        if line in self._installing or "__pycache__" in path or self._is_alternative(path):
            return _SYSTEMS
        own = any(step.line == line and step.own for step in self.steps) and not _matches(path, _SECRET)
        for why, patterns in _NOISE.items():
            if _matches(path, patterns) and not (own and why in {_SYSTEMS, _TOOLS}):
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


def _alike(one: Entry, other: Entry) -> bool:
    """Whether two files belong to the same and may be used by the same."""
    return (one.uid, one.gid, one.mode, one.xattrs) == (other.uid, other.gid, other.mode, other.xattrs)


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
