"""`Pins`: what names stand for, where that is settled before anybody is asked, as a lock file does it."""

from __future__ import annotations

from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import NotFoundError, SourceError
from stagemill.graph import operations
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.sources.refs import Found


class Pins(Protocol):
    """Asked for each name after the policies. Called from several threads at once.

    `image`, `file` and `repository` raise SourceError for what may not be had.
    """

    def image(self, name: Reference, platform: Platform | None) -> Reference:
        """The same name with the digest of its image for a platform, or of its index where that is None."""
        ...

    def lost(self, name: Reference, error: NotFoundError) -> NotFoundError:
        """What to say where a registry does not have what `image` gave."""
        ...

    def file(self, location: HttpLocation, checksum: Digest | None) -> Digest | None:
        """What the file must be; `checksum` is what the Dockerfile says, and None lets it be anything."""
        ...

    def repository(self, location: GitLocation) -> Found | None:
        """The commit, and the full name that it was found by; None has the repository asked."""
        ...

    def changed(self, location: HttpLocation, found: Digest, wanted: Digest) -> SourceError | None:
        """What to say of a file that is another than was settled; None where that was not."""
        ...

    def found(self, location: Location, found: operations.Http | operations.Git) -> None:
        """Hears what a URL named."""
        ...
