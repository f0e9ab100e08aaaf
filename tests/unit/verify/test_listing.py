"""What a layer's blob holds."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs
from stagemill.digest import Digest
from stagemill.errors import ArchiveError
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.verify.listing import extract, listing


def blob(*members: tuple[str, bytes, dict[str, object]], damaged: bool = False) -> tuple[MemoryBlobs, Descriptor]:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data, facts in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for key, value in facts.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(data))
    packed = gzip.compress(b"x" * 512 if damaged else out.getvalue())
    blobs = MemoryBlobs()
    return blobs, Descriptor(media_types.LAYER_GZIP, blobs.put(packed), len(packed))


def test_paths_are_in_the_order_of_the_archive_with_the_digests_of_files() -> None:
    found = listing(
        *blob(
            ("./z", b"1", {}),
            ("d/", b"", {"type": tarfile.DIRTYPE}),
            ("d/l", b"", {"type": tarfile.LNKTYPE, "linkname": "./z"}),
        )
    )

    assert list(found) == ["z", "d", "d/l"]
    assert [item.digest for item in found.values()] == [Digest.of(b"1"), None, None]
    assert found["d/l"].link == "z"


def test_of_a_path_that_is_there_twice_the_last_counts() -> None:
    found = listing(*blob(("a", b"1", {}), ("b", b"", {}), ("./a", b"2", {})))

    assert [(path, item.digest) for path, item in found.items()] == [("b", Digest.of(b"")), ("a", Digest.of(b"2"))]


def test_files_that_are_wanted_are_written_elsewhere(tmp_path: Path) -> None:
    blobs, layer = blob(("a", b"1" * 3_000_000, {}), ("b", b"2", {}))

    extract(blobs, layer, {"a": tmp_path / "x", "nosuch": tmp_path / "y"})

    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"1" * 3_000_000


def test_what_is_no_archive_is_an_error() -> None:
    with pytest.raises(ArchiveError):
        listing(*blob(damaged=True))
