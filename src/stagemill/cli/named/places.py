"""Places that a command line names, opened: to read an image there, or to write one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from stagemill.cli.frame.access import Access
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.frame.near import near_path
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.named import naming
from stagemill.cli.results.exports import replacing
from stagemill.digest import Digest
from stagemill.errors import ArchiveError, UsageError
from stagemill.execute.forms import Forms
from stagemill.places.address import Address, InArchive, InDockerArchive, InLayout, InRegistry, InStore
from stagemill.places.source import DockerSource, LayoutSource, RegistrySource, Source, StoreSource

if TYPE_CHECKING:
    from stagemill.places.target import Target


def reach(values: Values, addresses: Iterable[Address]) -> Access:
    """How a command line reaches the registries that it names. Raises UsageError where `--creds` may be for several."""
    hosts = sorted({address.reference.registry for address in addresses if isinstance(address, InRegistry)})
    if len(hosts) > 1 and values.text("creds") is not None:
        hint = "keep a login for each of them: stagemill login HOST"
        raise UsageError(f"--creds does not say for which of {' and '.join(hosts)} it is", hint=hint)
    return Access.of(values, host=hosts[0] if len(hosts) == 1 else "")


@contextmanager
def reading(address: Address, place: Workplace) -> Iterator[Source]:
    """The image there, for as long as the block lasts. Raises StagemillError."""
    match address:
        case InRegistry(reference):
            yield RegistrySource(place.registry, reference)
        case InStore(name):
            _, item = naming.find(place.store, name)
            yield StoreSource(Forms(place.store, remote=place.remote), replace(item.descriptor, annotations={}))
        case InLayout(path, tag, digest):
            from stagemill.export.bundle import DirectoryBundle

            if not path.is_dir():
                raise _missing(path, "directory")
            yield LayoutSource(DirectoryBundle(path), str(path), tag, digest)
        case InArchive(path, tag, digest):
            from stagemill.export.bundle import open_bundle

            with place.store.scratch() as scratch, open_bundle(_file(path), scratch=scratch) as bundle:
                yield LayoutSource(bundle, str(path), tag, digest)
        case InDockerArchive(path, reference):
            from stagemill.export.load import images

            with place.store.scratch() as scratch, images(_file(path), scratch=scratch) as loaded:
                yield DockerSource(loaded, where=str(path), name=reference)
        case _:
            assert_never(address)


@contextmanager
def writing(
    address: Address, place: Workplace, *, origin: Address | None = None, later: Mapping[Digest, str] | None = None
) -> Iterator[Target]:
    """A place for an image. Archives take their place when the block ends well.

    `origin` is where the image comes from; layers in `later` need not come into the store.
    """
    from stagemill.places.archive import ArchiveTarget
    from stagemill.places.target import LayoutTarget, RegistryTarget, StoreTarget

    match address:
        case InRegistry(reference):
            yield RegistryTarget(place.destination(reference))
        case InStore(name):
            reference = flags.reference(name)
            if reference.digest:
                raise UsageError(f"{name} is no name to give: it has a digest", hint="write NAME or NAME:TAG")
            remote = str(origin.reference) if isinstance(origin, InRegistry) else ""
            yield StoreTarget(place.store, str(reference), time.time, remote, later or {})
        case InLayout(path, tag, digest):
            yield LayoutTarget.at(path, tag or ("" if digest else "latest"), digest)
        case InArchive(path, tag, digest):
            if digest:
                hint = "give it a tag: oci-archive:FILE:TAG"
                raise UsageError(f"{address} is no name to give: it has a digest", hint=hint)
            with replacing(path) as out:
                yield ArchiveTarget(out, docker=False, tag=tag)
        case InDockerArchive(path, reference):
            with replacing(path) as out:
                yield ArchiveTarget(out, docker=True, reference=reference)
        case _:
            assert_never(address)


def _file(path: Path) -> Path:
    if not os.path.lexists(path):
        raise _missing(path, "file")
    return path


def _missing(path: Path, what: str) -> ArchiveError:
    return ArchiveError(f"there is no {what} {path}", hint=near_path(path) or "check the path")
