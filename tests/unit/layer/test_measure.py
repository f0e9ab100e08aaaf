"""What entries take of a tar and of a blob, beside what Python's own tarfile and zlib say."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from stagemill.digest import Digest
from stagemill.errors import ArchiveError
from stagemill.files.view import Entry
from stagemill.layer import index, pack
from stagemill.layer.compression import Compression
from stagemill.layer.measure import Measure, measure
from stagemill.layer.stream import CHUNK

NOISE = random.Random(7)
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "gzip": gzip.compress,
    "gzip of many members": lambda data: b"".join(
        gzip.compress(data[at : at + 100_000]) for at in range(0, len(data), 100_000)
    ),
    "zstd": zstandard.compress,
}


def archive(form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar with long names, a hard link, a deletion, and files of zeros between some that cannot be compressed."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as tar:
        for name, data in {
            "./etc/": b"",
            "etc/noise": NOISE.randbytes(300_000),
            f"etc/{'long/' * 40}name": b"x",
            "etc/zeros": bytes(2_000_000),
            "etc/.wh.gone": b"",
            "var/.wh..wh..opq": b"",
            "empty": b"",
            "last": NOISE.randbytes(70_001),
        }.items():
            item = tarfile.TarInfo(name)
            item.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            item.size, item.mtime = len(data), 1
            tar.addfile(item, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.LNKTYPE, "etc/noise"
        tar.addfile(link)
    return target.getvalue()


def by_tarfile(data: bytes) -> list[int]:
    """What the members take of a tar: from the end of what is before to the end of the last block."""
    sizes, end = [], 0
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            content = member.size if member.isreg() else 0
            after = member.offset_data + -(-content // 512) * 512
            sizes.append(after - end)
            end = after
    return sizes


def shares(found: Measure) -> dict[str, int]:
    return {part.path: part.blob for part in found.parts}


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("compress", FORMS.values(), ids=FORMS)
def test_parts_and_the_rest_add_up_to_the_tar_and_to_the_blob(compress: Callable[[bytes], bytes], form: int) -> None:
    data = archive(form)
    blob = compress(data)

    found = measure(io.BytesIO(blob))

    assert [part.tar for part in found.parts] == by_tarfile(data)
    assert (found.tar, found.blob) == (len(data), len(blob))
    assert all(part.blob >= 0 for part in found.parts)


def test_a_file_that_cannot_be_compressed_has_nearly_all_of_the_blob() -> None:
    found = shares(measure(io.BytesIO(gzip.compress(archive()))))

    assert 280_000 < found["etc/noise"] < 320_000
    assert 55_000 < found["last"] < 85_000
    assert found["etc/zeros"] < 30_000


def test_of_a_tar_that_is_not_compressed_each_share_is_what_the_entry_takes() -> None:
    found = measure(io.BytesIO(archive()))

    assert [part.blob for part in found.parts] == [part.tar for part in found.parts]


def test_whiteouts_are_told_by_what_they_take_away() -> None:
    found = measure(io.BytesIO(archive()))

    assert [part.path for part in found.parts if part.whiteout] == ["etc/gone"]
    assert [part.path for part in found.parts if part.opaque] == ["var"]
    assert [(part.path, part.link) for part in found.parts if part.link] == [("link", "etc/noise")]
    assert {part.digest for part in found.parts if part.path == "empty"} == {Digest.of(b"")}


def test_what_is_of_interest_is_seen_as_it_passes() -> None:
    seen: list[bytes] = []

    def interest(path: str, entry: Entry) -> Callable[[bytes], None] | None:
        return seen.append if path == "etc/zeros" and entry.size == 2_000_000 else None

    measure(io.BytesIO(gzip.compress(archive())), interest=interest)

    assert b"".join(seen) == bytes(2_000_000)


def test_an_empty_archive_is_all_rest() -> None:
    assert measure(io.BytesIO(bytes(1024))) == Measure((), 1024, 1024)


def test_damage_is_an_error() -> None:
    with pytest.raises(ArchiveError):
        measure(io.BytesIO(gzip.compress(archive())[:1000]))


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_in_our_own_layers_no_entry_pays_for_another_block(tmp_path: Path, form: str) -> None:
    large, small = NOISE.randbytes(3 * CHUNK), bytes(100_000)
    (tmp_path / "large").write_bytes(large)
    (tmp_path / "small").write_bytes(small)

    class Blob(io.BytesIO):
        def commit(self) -> tuple[Digest, int]:
            return Digest.of(self.getvalue()), len(self.getvalue())

    blob, listed = Blob(), index.build(tmp_path)
    packed = pack.pack_blob(tmp_path, listed, blob, compression=Compression.parse(form))

    found = measure(io.BytesIO(blob.getvalue()))

    # The last block has `small` and the end of the archive alone: compressed by itself it is a few hundred bytes.
    assert found.blob == packed.size
    assert {part.path: part.entry.size for part in found.parts if part.digest} == {
        "large": len(large),
        "small": len(small),
    }
    assert shares(found)["small"] + found.rest_blob < 3 * len(zlib.compress(small))
    assert len(large) < shares(found)["large"] < len(large) + 10_000
