"""What the programs of a runtime lack in it and had where they were built: loaders, libraries, interpreters of scripts.

Every library names further ones, so that the answer is all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from stagemill.files.paths import clean, resolve
from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.oci.config import RunConfig
from stagemill.split import programs
from stagemill.split.draft import Draft, Kept, Line, Manager
from stagemill.split.owners import Owners
from stagemill.values import dataclass

_MOST_FILES = 60_000


@dataclass(frozen=True, slots=True)
class Missing:
    """`path` is where it lies in the built tree, below the root, `by` who needs it, `package` what brought it there, if one did."""

    path: str
    by: str
    package: str = ""


@dataclass(frozen=True)
class Closure:
    """`old` is the tree that was built in one stage, `new` that of the runtime."""

    old: FileView
    new: FileView

    @cached_property
    def _places(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Where the two systems look for libraries, the old one first."""
        return programs.library_places(self.old), programs.library_places(self.new)

    def missing(self, paths: Iterable[str]) -> tuple[Missing, ...]:
        """What the programs at and below these paths lack, sorted."""
        owners = Owners(self.old)
        found: dict[str, str] = {}
        pending = [(path, self.new) for path in self._programs(paths)]
        seen: set[str] = set()
        while pending:
            path, view = pending.pop()
            if path in seen:
                continue
            seen.add(path)
            for wanted in self._lacks(view, path):
                found.setdefault(wanted, path)
                pending.append((wanted, self.old))
        return tuple(
            Missing(path, by, owners.of(resolve(self.old, path)) or owners.of(path))
            for path, by in sorted(found.items())
        )

    def program(self, name: str, config: RunConfig) -> tuple[Missing, ...]:
        """A program that a container of the image calls, where the runtime has lost it."""
        search = dict(config.env).get("PATH", programs.PATH).split(":")
        if "/" in name:
            path = clean(name if name.startswith("/") else f"{config.working_dir}/{name}")
            found, lost = path if self._has(self.old, path) else "", not self._has(self.new, path)
        else:
            found = programs.find(self.old, name, search) or programs.find(self.old, name, programs.PATH.split(":"))
            lost = not programs.find(self.new, name, search)
        if not (found and lost):
            return ()
        owners = Owners(self.old)
        return (Missing(found, found, owners.of(resolve(self.old, found)) or owners.of(found)),)

    def called_by(self, path: str, config: RunConfig) -> tuple[Missing, ...]:
        """What a shell script of the runtime calls that the runtime has lost; none for another file."""
        place = resolve(self.new, clean(path))
        found = (self.program(name, config) for name in programs.called(self.new, path))
        return tuple(replace(item, by=place) for each in found for item in each)

    def _programs(self, paths: Iterable[str]) -> Iterator[str]:
        count = 0
        for path in paths:
            for below, entry in walk(self.new, resolve(self.new, clean(path))):
                count += 1
                worth = entry.mode & 0o111 or below.endswith((".so", ".node")) or ".so." in below
                if entry.kind == "file" and worth and count < _MOST_FILES:
                    yield below

    def _lacks(self, view: FileView, path: str) -> Iterator[str]:
        """What one program lacks, as paths of the built tree."""
        needs = programs.needs(view, path)
        if needs is None:
            yield from self._script(view, path)
            return
        if needs.interpreter and not self._has(self.new, needs.interpreter) and self._has(self.old, needs.interpreter):
            yield clean(needs.interpreter)
        before, now = self._places
        for name in needs.libraries:
            if not programs.library(self.new, name, needs.search, now):
                found = programs.library(self.old, name, needs.search, before)
                if found:
                    yield found

    def _script(self, view: FileView, path: str) -> Iterator[str]:
        words = programs.interpreter(view, path)
        if words[:1] and words[0].endswith("/env"):
            name = next((word for word in words[1:] if not word.startswith("-")), "")
            found = programs.find(self.old, name, programs.PATH.split(":"))
            if name and found and not programs.find(self.new, name, programs.PATH.split(":")):
                yield found
        elif words and self._has(self.old, words[0]) and not self._has(self.new, words[0]):
            yield clean(words[0])

    @staticmethod
    def _has(view: FileView, path: str) -> bool:
        return view.lstat(resolve(view, clean(path))) is not None


def supplied(draft: Draft, missing: Iterable[Missing], old: FileView, new: FileView) -> Draft:
    """The draft with what was missing: packages, where the runtime can install them, else the files themselves."""
    how = _manager(new)
    packages = list(draft.packages)
    kept = list(draft.kept)
    places: list[str] = []
    for item in missing:
        if item.package and how:
            packages.append(item.package)
            continue
        place = resolve(old, item.path)
        kept.append(Kept(f"/{place}", directory=False, why=f"/{item.by} needs it.", to=f"/{item.path}"))
        directory = item.path.rpartition("/")[0]
        if ".so" in item.path and directory not in _TRUSTED and not directory.endswith("-linux-gnu"):
            places.append(f"/{directory}")
    env = draft.env
    if places:
        env = (
            *env,
            Line(
                f"ENV LD_LIBRARY_PATH={':'.join(dict.fromkeys(places))}", "Where the loader finds the libraries below."
            ),
        )
    return replace(
        draft, packages=tuple(dict.fromkeys(packages)), kept=tuple(kept), env=env, manager=how or draft.manager
    )


_TRUSTED = frozenset({"lib", "usr/lib", "lib64", "usr/lib64"})


def _manager(view: FileView) -> Manager | None:
    """What can install packages in a tree."""
    if view.lstat("usr/bin/apt-get"):
        return "apt-get"
    return "apk" if view.lstat(resolve(view, "sbin/apk")) else None
