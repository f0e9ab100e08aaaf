"""`Resolver` and `Sources`: turn names of images and URLs into what they mean now, so that after planning there are no names."""

from __future__ import annotations

from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.graph import operations
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.oci.config import ImageConfig
from stagemill.oci.platform import Platform
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Base:
    """A resolved image: `manifest` names its bytes, `reference` says where they are."""

    reference: str
    manifest: Digest
    config: ImageConfig


class Resolver(Protocol):
    """Finds images by name. Called from several threads at once."""

    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        """The image for a platform; None takes the machine's, or the only one there is.

        `context` is the named context that the reference comes from, if it does.
        Raises StagemillError where it cannot be found, with a hint.
        """
        ...


class Lister(Protocol):
    """Knows what images there are of a name."""

    def platforms(self, reference: str) -> tuple[Platform, ...]:
        """For which there is one, each once. Raises ValueError for what is no reference, StagemillError as a Resolver."""
        ...


class Sources(Protocol):
    """Finds what URLs name. Called from several threads at once; a second call for the same has the same answer."""

    def http(self, location: HttpLocation, *, checksum: Digest | None = None) -> operations.Http:
        """The file that is there now. Raises StagemillError where it cannot be had, or is not that of the checksum."""
        ...

    def git(self, location: GitLocation) -> operations.Git:
        """The commit that is meant now. Raises StagemillError where it cannot be found, or is not that of the checksum."""
        ...

    def dated(self, location: Location, *, checksum: Digest | None = None) -> int | None:
        """When what is there now was made, in seconds since 1970; None where it does not say. Raises as the others do."""
        ...

    def admit_files(self, name: str) -> None:
        """The files of a context of this name may be read. Raises StagemillError where they may not."""
        ...


class Nowhere:
    """Sources of a plan that is made without asking anybody: there is nothing."""

    def http(self, location: HttpLocation, *, checksum: Digest | None = None) -> operations.Http:
        wanted = f"{location} ({checksum})" if checksum else str(location)
        raise StagemillError(f"{wanted} was not asked for", hint=_ASK)

    def git(self, location: GitLocation) -> operations.Git:
        raise StagemillError(f"{location} was not asked for", hint=_ASK)

    def dated(self, location: Location, *, checksum: Digest | None = None) -> int | None:  # noqa: ARG002
        raise StagemillError(f"{location} was not asked for", hint=_ASK)

    def admit_files(self, name: str) -> None:
        """They are the user's own."""


_ASK = "build it: nobody is asked for what is only looked at"
NOWHERE = Nowhere()
