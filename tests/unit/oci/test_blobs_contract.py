"""Wherever blobs are, reading and writing them keeps the same contract."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from contracts.blobs import BlobSinkContract, BlobSourceContract, Hold
from fakes.blobs import MemoryBlobs, make_image
from fakes.connecting import Connect
from fakes.registry import FakeRegistry
from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError, RegistryError
from stagemill.execute.forms import Forms
from stagemill.execute.shipping import StoredBlobs
from stagemill.export.load import images
from stagemill.export.oci import oci_directory
from stagemill.oci.blobs import BlobSource
from stagemill.oci.reference import Reference
from stagemill.store.blobs import Blobs
from stagemill.store.store import Store

Held = Mapping[Digest, bytes]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


def fill(blobs: Blobs, held: Held) -> None:
    for digest, data in held.items():
        blobs.path(digest).write_bytes(data)


def nowhere(reference: str) -> BlobSource:
    raise AssertionError(f"nobody was to ask for {reference}")


class TestMemoryBlobs(BlobSourceContract, BlobSinkContract):
    @pytest.fixture
    def hold(self) -> Hold:
        return lambda held: MemoryBlobs(dict(held))

    @pytest.fixture
    def sink(self) -> MemoryBlobs:
        return MemoryBlobs()


class TestBlobsOfTheStore(BlobSourceContract, BlobSinkContract):
    @pytest.fixture
    def hold(self, store: Store) -> Hold:
        def filled(held: Held) -> BlobSource:
            fill(store.blobs, held)
            return store.blobs

        return filled

    @pytest.fixture
    def sink(self, store: Store) -> Blobs:
        return store.blobs


class TestStoredBlobs(BlobSourceContract):
    torn = (NotFoundError,)  # wrong bytes are thrown away before the first of them is given out

    @pytest.fixture
    def hold(self, store: Store) -> Hold:
        def filled(held: Held) -> BlobSource:
            fill(store.blobs, held)
            return StoredBlobs(Forms(store, remote=nowhere))

        return filled


class TestRepositoryOfARegistry(BlobSourceContract):
    torn = (CorruptError, RegistryError)  # asked for the rest of a blob that is too short, a registry refuses

    @pytest.fixture
    def hold(self) -> Iterator[Hold]:
        with FakeRegistry() as registry:
            connect = Connect([])

            def filled(held: Held) -> BlobSource:
                registry.blobs.data.update(held)
                return connect().blobs(Reference.parse(f"{registry.host}/team/app"))

            yield filled
            connect.close()


class TestLayoutDirectory(BlobSourceContract):
    @pytest.fixture
    def hold(self, tmp_path: Path) -> Iterator[Hold]:
        with ExitStack() as stack:

            def filled(held: Held) -> BlobSource:
                return stack.enter_context(images(make_layout(tmp_path / "layout", held))).blobs

            yield filled


class TestLayoutArchive(BlobSourceContract):
    @pytest.fixture
    def hold(self, tmp_path: Path) -> Iterator[Hold]:
        with ExitStack() as stack:

            def filled(held: Held) -> BlobSource:
                layout = make_layout(tmp_path / "layout", held)
                with tarfile.open(tmp_path / "layout.tar", "w") as archive:
                    archive.add(layout, arcname=".")
                return stack.enter_context(images(tmp_path / "layout.tar")).blobs

            yield filled


def make_layout(path: Path, held: Held) -> Path:
    """A layout with an image, and the held blobs among its own."""
    blobs = MemoryBlobs()
    image = make_image(blobs, {"etc/motd": b"hello\n"})
    oci_directory(image, blobs, names=(), destination=path)
    for digest, data in held.items():
        (path / "blobs/sha256" / digest.hex).write_bytes(data)
    return path
