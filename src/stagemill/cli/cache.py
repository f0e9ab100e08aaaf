"""`stagemill cache`: looks after the directories of `RUN --mount=type=cache`."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from stagemill.cli.frame import table
from stagemill.cli.frame.command import examples
from stagemill.cli.frame.environment import workplace
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import ArchiveError, StagemillError, UsageError
from stagemill.store.caches import CacheDirectory
from stagemill.store.store import Store
from stagemill.store.usage import size_of

if TYPE_CHECKING:
    from stagemill.layer.compression import Compression

_BUSY = "wait for the build that uses it, or stop that one"


@click.group("cache")
def command() -> None:
    """Look after what steps keep from one build to the next."""


@command.group("mounts")
def mounts() -> None:
    """The directories of RUN --mount=type=cache, by their id, or their target where they have none."""


@mounts.command(
    "list",
    epilog=examples(
        {
            "stagemill cache mounts list": "a table",
            "stagemill cache mounts list --json": "for programs; sizes in bytes, times in seconds since 1970",
        }
    ),
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(*, as_json: bool) -> None:
    """List the cache mounts, with what they take on the disk."""
    with workplace() as place:
        found = [(one, size_of(one.path)) for one in place.store.caches.all()]
    if as_json:
        document = [{"name": _title(one), "size": size, "used": one.used} for one, size in found]
        print(json.dumps(document, indent=2))
        return
    now = time.time()
    rows = [(_title(one), table.size(size), table.age(one.used, now)) for one, size in found]
    print(table.render(("NAME", "SIZE", "LAST USED"), rows, right=(1,)))


def _title(one: CacheDirectory) -> str:
    """Several private ones have a name in common, and are counted."""
    from stagemill.execute.travelling import shown

    return f"{shown(one.name)} ({one.number})" if one.number else shown(one.name)


@mounts.command(
    "export",
    epilog=examples(
        {
            "stagemill cache mounts export npm -o npm.tar.zst": "compressed as the file's name says",
            "stagemill cache mounts export /root/.npm | tar tv": "through a pipe, as it is",
        }
    ),
)
@click.argument("name")
@click.option("-o", "--output", metavar="FILE", help="Where to write; standard output unless given.")
def export_command(*, name: str, output: str | None) -> None:
    """Write a cache mount to a tar archive, with owners, modes and times."""
    from stagemill.cli.results.exports import replacing
    from stagemill.layer.compression import compressed
    from stagemill.layer.index import build
    from stagemill.layer.pack import pack
    from stagemill.layer.stream import ahead

    if output is None and sys.stdout.isatty():
        raise UsageError("refusing to write an archive to the terminal", hint="use -o FILE, or a pipe")
    with workplace() as place, _alone(place.store, _find(place.store, name)) as directory:

        def write(out: BinaryIO) -> None:
            with ahead(pack(directory, build(directory))) as pieces:
                out.writelines(compressed(pieces, _compression(output)))

        if output is None:
            write(sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            with replacing(Path(output)) as file:
                write(file)


@mounts.command(
    "import",
    epilog=examples(
        {
            "stagemill cache mounts import npm npm.tar.zst": "what export wrote, or any tar",
            "tar c -C ~/.npm . | stagemill cache mounts import npm": "through a pipe",
        }
    ),
)
@click.argument("name")
@click.argument("path", required=False, metavar="[FILE]")
def import_command(*, name: str, path: str | None) -> None:
    """Fill a cache mount from a tar archive, compressed or not, in place of what it held; it is made if there is none."""
    from stagemill.execute.travelling import full_name
    from stagemill.layer.unpack import extract

    with workplace() as place, _archive(path, place.store) as archive:

        def fill(directory: Path) -> None:
            if not extract(archive, directory):
                what = path or "standard input"
                raise ArchiveError(f"{what} is no tar archive", hint="make it with tar, or cache mounts export")

        known = _matching(place.store, name)
        if not place.store.caches.replace(known[0] if known else full_name(name), fill):
            raise StagemillError(f"the cache mount {name} is in use", hint=_BUSY)


@mounts.command("rm", epilog=examples({"stagemill cache mounts rm npm": "it begins empty at the next build"}))
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option("--all", "every", is_flag=True, help="Remove all of them.")
def rm_command(*, names: tuple[str, ...], every: bool) -> None:
    """Remove cache mounts."""
    if every == bool(names):
        raise UsageError(
            "name the cache mounts to remove, or give --all", hint="stagemill cache mounts list shows them"
        )
    with workplace() as place:
        store = place.store
        wanted = None if every else {_find(store, name) for name in names}
        for one in store.caches.all():
            if wanted is None or one.name in wanted:
                if not store.caches.remove(one.name, one.number):
                    raise StagemillError(f"the cache mount {_title(one)} is in use", hint=_BUSY)
                print(f"removed {_title(one)}")


def _matching(store: Store, text: str) -> list[str]:
    """The full names of the caches that people call so."""
    from stagemill.execute.travelling import called

    return list(dict.fromkeys(one.name for one in store.caches.all() if text in (one.name, *called(one.name))))


def _find(store: Store, text: str) -> str:
    from stagemill.execute.travelling import shown

    found = _matching(store, text)
    if len(found) == 1:
        return found[0]
    if found:
        raise StagemillError(f"several cache mounts are called {text}", hint=f"they are {', '.join(map(shown, found))}")
    known = {shown(one.name) for one in store.caches.all()}
    near = nearest(text, known)
    hint = f"did you mean {near}?" if near else "stagemill cache mounts list shows those there are"
    raise StagemillError(f"there is no cache mount {text}", hint=hint)


@contextmanager
def _alone(store: Store, name: str) -> Iterator[Path]:
    """The directory of a cache that is there, with nobody in it."""
    from stagemill.execute.travelling import shown

    with store.caches.alone(name) as directory:
        if directory is None:
            raise StagemillError(f"the cache mount {shown(name)} is in use", hint=_BUSY)
        yield directory


@contextmanager
def _archive(path: str | None, store: Store) -> Iterator[Path]:
    """A file with the archive: the one that is named, or a copy of what comes through a pipe."""
    if path is not None and path != "-":
        if not Path(path).is_file():
            raise UsageError(f"there is no file {path}", hint="name a tar archive")
        yield Path(path)
        return
    if sys.stdin.isatty():
        raise UsageError("there is no archive", hint="name a file, or send one through a pipe")
    with store.scratch() as scratch:
        copy = scratch / "archive"
        with copy.open("xb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield copy


def _compression(output: str | None) -> Compression:
    """As the end of a file's name says."""
    from stagemill.layer.compression import Compression

    if output and output.endswith((".gz", ".tgz")):
        return Compression("gzip")
    return Compression("zstd" if output and output.endswith((".zst", ".tzst")) else "uncompressed")
