"""`KeptLock`: a lock that a build is held to. What is in it is not asked for, and what is not may not be had."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from stagemill.digest import Digest
from stagemill.errors import DockerfileError, Excerpt, NotFoundError, NotLockedError, SourceError
from stagemill.files.view import FileView
from stagemill.graph import operations
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.lock import packages, snapshots
from stagemill.lock.entries import Lock, LockedImage, LockedRepository
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.plan.planner import Plan
from stagemill.sources.refs import Found
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """The command that writes the lock of a build: its `flags`, as a shell reads them, and its `context`."""

    flags: str = ""
    context: str = "."

    @property
    def write(self) -> str:
        """Makes the lock exactly what is needed."""
        return self._command("", "")

    @property
    def add(self) -> str:
        """Adds what is missing, and drops nothing."""
        return self._command("--add", "")

    def update(self, name: str) -> str:
        """Moves one entry on, and drops nothing."""
        return self._command("--add --update", shlex.quote(name))

    def _command(self, flag: str, name: str) -> str:
        return " ".join(filter(None, ("stagemill lock", flag, self.flags, name, self.context)))


@dataclass(frozen=True, slots=True)
class KeptLock:
    """The pins of a lock; `name` is that of its file, `remedy` what to do about what is not in it."""

    lock: Lock
    name: str
    remedy: Remedy

    def image(self, name: Reference, platform: Platform | None) -> Reference:
        """Raises NotLockedError."""
        entry = self.lock.image(str(name))
        if entry is None:
            others = ", ".join(self._tags(name))
            raise self._missing(name.familiar, "image", str(name), others=others)
        return replace(name, digest=entry.of(platform))

    def lost(self, name: Reference, error: NotFoundError) -> NotFoundError:
        """With the command that finds another one, where the digest is the lock's and not the Dockerfile's."""
        asked = replace(name, digest=None) if name.tag else name
        if self.lock.image(str(asked)) is None:
            return error
        hint = f"it was removed since it was locked: {self.remedy.update(asked.familiar)}"
        return NotFoundError(f"{error.message}, which {self.name} names", hint=hint)

    def _tags(self, name: Reference) -> Iterator[str]:
        """What the lock has of the same repository."""
        for entry in self.lock:
            if isinstance(entry, LockedImage):
                other = Reference.parse(entry.name)
                if (other.registry, other.repository) == (name.registry, name.repository):
                    yield other.familiar

    def file(self, location: HttpLocation, checksum: Digest | None) -> Digest:
        """Raises NotLockedError, and SourceError where the Dockerfile says another checksum."""
        entry = self.lock.file(location.url)
        if entry is None:
            raise self._missing(str(location), "file", location.url)
        if checksum and checksum != entry.digest:
            message = f"the checksum of {location} is {checksum}, and {self.name} has {entry.digest}"
            raise SourceError(message, hint=self._moving(location.url))
        return entry.digest

    def repository(self, location: GitLocation) -> Found:
        """Raises NotLockedError, and SourceError where the Dockerfile says another checksum."""
        entry = self.lock.repository(location.remote, location.ref)
        if entry is None:
            key = LockedRepository(location.remote, location.ref, "").key
            raise self._missing(str(location), "git", key)
        if not entry.fits(location.checksum):
            message = (
                f"the checksum of {location} is {location.checksum}, and {self.name} has the commit {entry.commit}"
            )
            raise SourceError(message, hint=self._moving(entry.key))
        return Found(entry.commit, entry.found)

    def changed(self, location: HttpLocation, found: Digest, wanted: Digest) -> SourceError:
        return SourceError(_changed(str(location), found, wanted), hint=self._moving(location.url))

    def found(self, location: Location, found: operations.Http | operations.Git) -> None:
        """It is what the lock says."""

    def approve(self, plans: Sequence[Plan], views: Mapping[str, FileView]) -> None:
        """The lock files of languages that these plans read are those of the lock, and so are the snapshots.

        Raises DockerfileError at the place of the first that is not.
        """
        for one in packages.read(plans, views):
            entry = self.lock.packages(one.locked.context, one.locked.path)
            if entry is None:
                raise _at(self._missing(one.locked.key, "packages", one.locked.key), one.at)
            if entry.digest != one.locked.digest:
                message = _changed(one.locked.key, one.locked.digest, entry.digest)
                hint = f"if the change is meant: {self.remedy.add}"
                raise DockerfileError(message, at=one.at, hint=hint)
        for day in snapshots.named(plans, views):
            if self.lock.snapshot(day.locked.key) is None:
                what = f"the snapshot {day.locked.time} of {day.locked.manager}"
                raise _at(self._missing(what, "snapshot", day.locked.key), day.at)

    def approving(
        self, views: Mapping[str, FileView], *, then: Callable[[Sequence[Plan]], None]
    ) -> Callable[[Sequence[Plan]], None]:
        """Approves plans, and has somebody else approve them then."""

        def approve(plans: Sequence[Plan]) -> None:
            self.approve(plans, views)
            then(plans)

        return approve

    def _missing(self, what: str, kind: str, key: str, *, others: str = "") -> NotLockedError:
        which = f", which has {others}" if others else ""
        hint = f"add it: {self.remedy.add}"
        return NotLockedError(f"{what} is not in {self.name}{which}", kind=kind, key=key, hint=hint)

    def _moving(self, name: str) -> str:
        return f"if the change is meant: {self.remedy.update(name)}"


def _changed(what: str, found: Digest, wanted: Digest) -> str:
    return f"{what} has changed since it was locked: it is {found}, expected {wanted}"


def _at(error: NotLockedError, at: Excerpt | None) -> DockerfileError:
    return DockerfileError(error.message, at=at, hint=error.hint)
