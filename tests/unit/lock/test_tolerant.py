"""Planning that goes on where something is missing."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import planned
from stagemill.digest import Digest
from stagemill.errors import DockerfileError, NotLockedError
from stagemill.graph import operations
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.lock.change import Change
from stagemill.lock.tolerant import Missing, TolerantResolver, TolerantSources
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.resolver import Base

TEXT = """\
FROM gone
ADD http://h.example/a http://h.example/b /
ADD https://h.example/x.git /x
COPY --from=also /f /
FROM busybox
COPY --from=0 /f /
"""


class Nothing(FakeImages):
    """Images and URLs of which none but busybox is locked."""

    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        if reference not in self.configs:
            raise NotLockedError("no", kind="image", key=reference)
        return super().resolve(reference, platform, context=context)

    def http(self, location: HttpLocation, *, checksum: Digest | None = None) -> operations.Http:
        raise NotLockedError("no", kind="file", key=location.url)

    def git(self, location: GitLocation) -> operations.Git:
        raise NotLockedError("no", kind="git", key=location.remote)

    def dated(self, location: Location, *, checksum: Digest | None = None) -> int | None:
        raise NotLockedError("no", kind="git", key=str(location))

    def admit_files(self, name: str) -> None:
        """They are the user's own."""


def test_all_that_is_missing_is_found_at_once() -> None:
    images, missing = Nothing(busybox=RunConfig()), Missing({})
    resolver, sources = TolerantResolver(images, missing), TolerantSources(images, missing)

    planned(TEXT, images=resolver, sources=sources)  # type: ignore[arg-type]  # it only resolves

    assert sorted(missing.found.values(), key=lambda change: change.key) == [
        Change("missing", "image", "also"),
        Change("missing", "image", "gone"),
        Change("missing", "file", "http://h.example/a"),
        Change("missing", "file", "http://h.example/b"),
        Change("missing", "git", "https://h.example/x.git"),
    ]
    assert sources.dated(HttpLocation("http://h.example/a")) is None


def test_without_it_the_first_ends_the_plan() -> None:
    with pytest.raises(DockerfileError, match=r"^no$"):
        planned(TEXT, images=Nothing(busybox=RunConfig()))
