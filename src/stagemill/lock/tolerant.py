"""Planning that goes on where something is not in the lock, so that all of it is found at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from stagemill.digest import Digest
from stagemill.errors import NotLockedError
from stagemill.graph import operations
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.lock.change import Change
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.resolver import Base, Resolver, Sources
from stagemill.values import dataclass

T = TypeVar("T")
_NOTHING = Digest.of(b"")
_NO_COMMIT = "0" * 40


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not in the lock, by kind and key."""

    found: dict[tuple[str, str], Change]

    def instead(self, ask: Callable[[], T], other: T) -> T:
        """The answer, or something else where it is not in the lock."""
        try:
            return ask()
        except NotLockedError as error:
            self.found[error.kind, error.key] = Change("missing", error.kind, error.key)
            return other


@dataclass(frozen=True, slots=True)
class TolerantResolver:
    """Images that are missing have nothing in them."""

    resolver: Resolver
    missing: Missing

    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        """Raises as the resolver does, but for what is missing."""
        empty = Base(reference, _NOTHING, ImageConfig(platform or Platform.local(), RunConfig()))
        return self.missing.instead(lambda: self.resolver.resolve(reference, platform, context=context), empty)


@dataclass(frozen=True, slots=True)
class TolerantSources:
    """Files and repositories that are missing have nothing in them."""

    sources: Sources
    missing: Missing

    def http(self, location: HttpLocation, *, checksum: Digest | None = None) -> operations.Http:
        empty = operations.Http(_NOTHING, location.name)
        return self.missing.instead(lambda: self.sources.http(location, checksum=checksum), empty)

    def git(self, location: GitLocation) -> operations.Git:
        return self.missing.instead(lambda: self.sources.git(location), operations.Git(_NO_COMMIT))

    def dated(self, location: Location, *, checksum: Digest | None = None) -> int | None:
        return self.missing.instead(lambda: self.sources.dated(location, checksum=checksum), None)

    def admit_files(self, name: str) -> None:
        """Raises as the sources do."""
        self.sources.admit_files(name)
