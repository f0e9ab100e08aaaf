"""What a layer's blob holds, told without unpacking it."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from fakes.blobs import make_tar
from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError
from stagemill.layer.listing import Listing, UnsureError, scan

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="files get their owners")]


def listed(into: Path, data: bytes, *wanted: str) -> Listing:
    return scan(io.BytesIO(data), media_type=".tar", diff_id=Digest.of(data), wanted=frozenset(wanted), into=into)


def archive(*members: tuple[str, bytes, str]) -> bytes:
    """Of names with their types and what they link to."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            made.addfile(member)
    return out.getvalue()


def test_only_what_is_wanted_is_written(tmp_path: Path) -> None:
    found = listed(tmp_path, make_tar({"etc/motd": b"hello", "etc/other": b"other"}), "etc/motd")

    assert sorted(found.by_path) == ["", "etc", "etc/motd", "etc/other"]
    assert {path: taken.place.read_bytes() for path, taken in found.taken.items()} == {"etc/motd": b"hello"}
    assert found.taken["etc/motd"].digest == Digest.of(b"hello")
    assert len(list(tmp_path.iterdir())) == 1


def test_each_name_of_a_wanted_file_is_that_file(tmp_path: Path) -> None:
    data = archive(("a", tarfile.REGTYPE, ""), ("b", tarfile.LNKTYPE, "a"))

    found = listed(tmp_path, data, "a")

    assert found.taken["a"] == found.taken["b"]
    assert found.by_path["a"].entry.node == found.by_path["b"].entry.node is not None


def test_a_link_to_what_the_layer_lacks_is_borrowed(tmp_path: Path) -> None:
    found = listed(tmp_path, archive(("b", tarfile.LNKTYPE, "below"), ("c", tarfile.LNKTYPE, "b")), "b")

    assert found.borrowed == {"b", "c"}
    assert not found.taken


def test_what_is_hidden_is_told(tmp_path: Path) -> None:
    found = listed(tmp_path, make_tar({"etc/.wh.motd": b"", "srv/.wh..wh..opq": b"", ".wh..wh..opq": b""}))

    assert found.by_path["etc/motd"].whiteout
    assert (found.by_path["srv"].opaque, found.by_path["etc"].opaque, found.opaque) == (True, False, True)


def test_a_directory_that_is_wanted_ends_the_reading(tmp_path: Path) -> None:
    data = make_tar({"usr/lib/a": b"a"}) + b"no archive"

    with pytest.raises(UnsureError):
        listed(tmp_path, data, "usr/lib")


@pytest.mark.parametrize(
    "data",
    [
        archive(("lib", tarfile.SYMTYPE, "usr/lib"), ("lib/a", tarfile.REGTYPE, "")),
        archive(("a", tarfile.REGTYPE, ""), ("a", tarfile.REGTYPE, "")),
        archive(("a", tarfile.DIRTYPE, ""), ("a", tarfile.REGTYPE, "")),
        archive(("d", tarfile.DIRTYPE, ""), ("a", tarfile.LNKTYPE, "d")),
        archive((".wh.", tarfile.REGTYPE, "")),
    ],
    ids=["a path through a symlink", "a path twice", "a file for a directory", "a link to a directory", "no whiteout"],
)
def test_what_few_archives_have_is_left_to_who_unpacks(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(UnsureError):
        listed(tmp_path, data)


def test_the_bytes_are_those_that_the_image_says(tmp_path: Path) -> None:
    data = gzip.compress(make_tar({"a": b"1"}))
    other = Digest.of(b"other")

    with pytest.raises(CorruptError, match=f"want {other}"):
        scan(io.BytesIO(data), media_type=".tar+gzip", diff_id=other, wanted=frozenset(), into=tmp_path)
    with pytest.raises(ArchiveError):
        scan(io.BytesIO(data[:-20]), media_type=".tar+gzip", diff_id=None, wanted=frozenset(), into=tmp_path)
