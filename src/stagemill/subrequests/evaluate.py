"""`evaluate`: a Dockerfile planned as a build would, but that no file of a context is looked at and no URL asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.context.named import Directory
from stagemill.digest import Digest
from stagemill.dockerfile.tree import Dockerfile
from stagemill.files.view import Entry
from stagemill.graph import operations
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.plan.planner import Plan, plan
from stagemill.plan.request import FileContext, Request
from stagemill.plan.resolver import Resolver
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.sources.pins import Pins

_FOLDER = Entry("dir", 0o755, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Anything:
    """A context in which every path exists, as an empty directory: what COPY names may not have been made yet."""

    def lstat(self, _path: str) -> Entry | None:
        return _FOLDER

    def listdir(self, _path: str) -> list[str]:
        return []

    def digest(self, _path: str) -> Digest:
        raise AssertionError("it has no files")

    def real_path(self, _path: str) -> Path:
        raise AssertionError("it lies nowhere")


@dataclass(frozen=True, slots=True)
class AnySource:
    """Where every URL has something, which is never fetched, unless the `pins` do not have it."""

    pins: Pins | None = None

    def http(self, location: HttpLocation, *, checksum: Digest | None = None) -> operations.Http:
        settled = self.pins.file(location, checksum) if self.pins else checksum
        return operations.Http(settled or Digest.of(b""), location.name)

    def git(self, location: GitLocation) -> operations.Git:
        settled = self.pins.repository(location) if self.pins else None
        return operations.Git(settled.commit if settled else "0" * 40)

    def dated(self, location: Location, *, checksum: Digest | None = None) -> int | None:  # noqa: ARG002
        return None

    def admit_files(self, name: str) -> None:
        """None is read."""


def evaluate(
    dockerfile: Dockerfile, request: Request, resolver: Resolver, *, whole: bool = False, pins: Pins | None = None
) -> Plan:
    """The plan of the target, or of every stage; its bases are looked up. Raises StagemillError as a build would.

    With `pins` it has no URL that they do not have.
    """
    named = request.contexts.by_name.values()
    directories = {
        item.name: FileContext(Anything(), name=item.name) for item in named if isinstance(item.source, Directory)
    }
    asked = replace(request, context=FileContext(Anything()), directories=directories, all_stages=whole)
    return plan(dockerfile, asked, resolver, AnySource(pins))
