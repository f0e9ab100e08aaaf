from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError, StoreError
from stagemill.layer.blocks import cut
from stagemill.layer.compression import USUAL, Compression, decompressed
from stagemill.layer.hashed import Hashed
from stagemill.layer.index import Watch, build
from stagemill.layer.pack import PackedLayer, Place, pack, pack_blob

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="whiteouts need root")]


@dataclass
class Kept:
    """A blob writer that keeps its blob in memory."""

    data: bytearray = field(default_factory=bytearray)
    committed: bool = False

    def write(self, data: bytes, /) -> int:
        self.data += data
        return len(data)

    def commit(self) -> tuple[Digest, int]:
        self.committed = True
        return Digest.of(bytes(self.data)), len(self.data)


def packed(layer: Path) -> bytes:
    return b"".join(pack(layer, build(layer)))


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = archive.getmembers()
    names = [member.name for member in found]
    assert len(names) == len(set(names))
    return dict(zip(names, found, strict=True))


def test_entries_are_sorted_with_parents_first_and_without_the_root(make: Callable[..., Path]) -> None:
    layer = make("a", {"b/c": "", "b-d": "", "a": "", "b/a/x": ""})

    assert list(members(packed(layer))) == ["a", "b", "b/a", "b/a/x", "b/c", "b-d"]


def test_deletions_are_written_as_the_image_spec_says(make: Callable[..., Path]) -> None:
    found = members(packed(make("a", {"d/gone": None, "gone": None, "o": False, "o/new": ""})))

    assert list(found) == ["d", "d/.wh.gone", ".wh.gone", "o", "o/.wh..wh..opq", "o/new"]
    assert {(m.size, m.mode, m.uid, m.mtime) for n, m in found.items() if ".wh." in n} == {(0, 0, 0, 0)}
    assert all(m.isreg() for n, m in found.items() if ".wh." in n)


def test_the_first_name_of_a_file_carries_it_and_the_others_link_to_it(make: Callable[..., Path]) -> None:
    found = members(packed(make("a", {"z": "text", "d/b": "=z"})))

    assert (found["d/b"].type, found["d/b"].size) == (tarfile.REGTYPE, 4)
    assert (found["z"].type, found["z"].linkname, found["z"].size) == (tarfile.LNKTYPE, "d/b", 0)


def test_facts_are_kept(make: Callable[..., Path]) -> None:
    layer = make("a", {"f": "x", "l": "->/etc"})
    os.chown(layer / "f", 1234, 70_000)
    os.chmod(layer / "f", 0o6711)
    os.chown(layer / "l", 5, 6, follow_symlinks=False)
    os.setxattr(layer / "f", "user.note", b"\xff\0")
    os.setxattr(layer / "f", "user.overlay.origin", b"x")
    os.mkfifo(layer / "p", 0o600)
    os.mknod(layer / "null", 0o020600, os.makedev(1, 3))

    found = members(packed(layer))

    assert (found["f"].uid, found["f"].gid, found["f"].mode) == (1234, 70_000, 0o6711)
    assert found["f"].pax_headers["mtime"] == "1700000000.123456789"
    assert found["f"].pax_headers["SCHILY.xattr.user.note"].encode("utf-8", "surrogateescape") == b"\xff\0"
    assert not any("overlay" in key for key in found["f"].pax_headers)
    assert (found["l"].linkname, found["l"].uid, found["l"].gid) == ("/etc", 5, 6)
    assert found["p"].isfifo()
    assert (found["null"].devmajor, found["null"].devminor) == (1, 3)


def test_sockets_are_left_out(make: Callable[..., Path]) -> None:
    layer = make("a", {"f": ""})
    os.mknod(layer / "s", 0o140600)

    assert list(members(packed(layer))) == ["f"]


def test_a_root_directory_that_is_no_plain_one_is_told(make: Callable[..., Path]) -> None:
    layer = make("a", {"f": ""})
    layer.chmod(0o555)

    found = members(packed(layer))

    assert list(found) == [".", "f"]
    assert found["."].mode == 0o555


def test_a_name_that_would_mean_a_deletion_is_refused(make: Callable[..., Path]) -> None:
    with pytest.raises(ArchiveError, match=r"an image cannot carry the file 'd/\.wh\.x'") as caught:
        packed(make("a", {"d/.wh.x": ""}))

    assert caught.value.hint == "remove or rename it in the step that makes it"


@pytest.mark.parametrize("content", ["TEXT", "tex", "texts", "text" * 1_000_000])
def test_a_file_that_is_not_what_the_index_says_is_corrupt(make: Callable[..., Path], content: str) -> None:
    layer = make("a", {"f": "text"})
    index = build(layer)
    (layer / "f").write_text(content)

    with pytest.raises(CorruptError, match="the file 'f' of a layer is not what the layer's index says") as caught:
        list(pack(layer, index))

    assert caught.value.hint == "run `stagemill store check`, then build again"


def test_a_file_that_vanished_is_a_store_error_and_no_blob(make: Callable[..., Path]) -> None:
    layer = make("a", {"f": "text"})
    index, kept = build(layer), Kept()
    (layer / "f").unlink()

    with pytest.raises(StoreError, match=r"cannot read '.*/f' of a layer"):
        pack_blob(layer, index, kept)

    assert not kept.committed


def test_the_same_layer_makes_the_same_blob_wherever_it_lies_on_disk(make: Callable[..., Path]) -> None:
    spec: dict[str, object] = {f"d{n % 7}/f{n}": f"text {n}" * 50 for n in range(200)}
    one = make("a", spec)
    other = make("b", dict(reversed(list(spec.items()))))
    blobs = [Kept(), Kept()]

    found = [pack_blob(layer, build(layer), kept) for layer, kept in zip((one, other), blobs, strict=True)]

    assert found[0] == found[1]
    assert blobs[0].data == blobs[1].data


def test_a_blob_is_named_by_its_own_digest_and_by_that_of_its_tar(make: Callable[..., Path]) -> None:
    layer, kept = make("a", {"f": "x" * 3_000_000}), Kept()

    found = pack_blob(layer, build(layer), kept)

    tar = subprocess.run(["gzip", "-dc"], input=bytes(kept.data), capture_output=True, check=True).stdout
    assert found == PackedLayer(
        Digest.from_hex(hashlib.sha256(tar).hexdigest()), Digest.of(bytes(kept.data)), len(kept.data)
    )
    assert tar == packed(layer)


MANY: dict[str, object] = {f"d{n % 40}/f{n}": f"text {n} " * 900 for n in range(1000)}


@pytest.mark.parametrize(
    "how", [USUAL, Compression("gzip", 9), Compression("zstd"), Compression("uncompressed")], ids=str
)
def test_any_number_of_processors_makes_the_same_bytes(
    make: Callable[..., Path], how: Compression, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = make("a", MANY | {"large": "0123456789" * 400_000})
    (layer / "noise").write_bytes(random.Random(1).randbytes(3 << 20))
    made = []
    for count in (1, 2, 5):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _pid, count=count: set(range(count)))
        kept = Kept()
        made.append((pack_blob(layer, build(layer), kept, compression=how), bytes(kept.data)))

    assert made[0] == made[1] == made[2]
    assert b"".join(decompressed(io.BytesIO(made[0][1]))) == packed(layer)


@dataclass
class ShelfOfBlobs:
    """Blocks of blobs in memory; `read` has the keys that were taken, and what is `torn` is not given."""

    blobs: dict[Digest, bytes] = field(default_factory=dict)
    places: dict[Digest, tuple[Digest, Place]] = field(default_factory=dict)
    read: list[Digest] = field(default_factory=list)
    torn: bool = False

    def find(self, keys: Sequence[Digest], /) -> Mapping[Digest, Callable[[], bytes | None]]:
        def taking(key: Digest) -> Callable[[], bytes | None]:
            def take() -> bytes | None:
                self.read.append(key)
                blob, place = self.places[key]
                return None if self.torn else self.blobs[blob][place.begin : place.begin + place.size]

            return take

        return {key: taking(key) for key in keys if key in self.places}

    def keep(self, blob: Digest, places: Mapping[Digest, Place], /) -> None:
        self.places |= {key: (blob, place) for key, place in places.items()}

    def pack(self, layer: Path) -> bytes:
        kept = Kept()
        found = pack_blob(layer, build(layer), kept, shelf=self)
        self.blobs[found.digest] = bytes(kept.data)
        assert found.diff_id == Digest.of(packed(layer))
        return bytes(kept.data)


class TestShelf:
    def test_only_what_has_changed_is_compressed_again(self, make: Callable[..., Path]) -> None:
        shelf = ShelfOfBlobs()
        shelf.pack(make("a", MANY))
        changed = make("b", MANY | {"d7/f7": "another", "d8/new": "new"})

        with_shelf = shelf.pack(changed)

        assert with_shelf == ShelfOfBlobs().pack(changed)
        blocks = len([*cut(build(changed))])
        assert blocks > 8
        assert blocks - 4 <= len(shelf.read) < blocks

    def test_an_index_that_is_held_as_bytes_makes_the_same_blob(
        self, make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shelf, layer = ShelfOfBlobs(), make("a", MANY)
        whole = shelf.pack(layer)
        monkeypatch.setattr("stagemill.layer.index.MOST_HELD", 1)

        assert build(layer).is_held is False
        assert ShelfOfBlobs().pack(layer) == whole
        assert shelf.pack(layer) == whole

    def test_a_block_that_is_torn_is_made_again(self, make: Callable[..., Path]) -> None:
        shelf, layer = ShelfOfBlobs(), make("a", MANY)
        whole = shelf.pack(layer)
        shelf.torn = True

        assert shelf.pack(layer) == whole
        assert shelf.read

    def test_other_compression_takes_nothing_of_it(self, make: Callable[..., Path]) -> None:
        shelf, layer = ShelfOfBlobs(), make("a", MANY)
        shelf.pack(layer)

        pack_blob(layer, build(layer), Kept(), compression=Compression("gzip", 1), shelf=shelf)

        assert shelf.read == []

    def test_parts_of_a_large_file_are_checked_though_they_need_not_be_compressed(
        self, make: Callable[..., Path]
    ) -> None:
        shelf, layer = ShelfOfBlobs(), make("a", {"large": "0123456789" * 900_000})
        index = build(layer)
        shelf.pack(layer)
        (layer / "large").write_text("0123456789" * 899_999 + "0123456780")

        with pytest.raises(CorruptError, match="the file 'large' of a layer is not what"):
            pack_blob(layer, index, Kept(), shelf=shelf)


class TestHashed:
    """A large file that this process has hashed is not hashed again, unless somebody has written to it."""

    @pytest.fixture
    def layer(self, make: Callable[..., Path]) -> Path:
        layer = make("a", {"large": "0123456789" * 900_000, "other": "abcdefghij" * 900_000, "small": "text"})
        for name in "large", "other":
            os.utime(layer / name, (1000, 1000))
        return layer

    def test_it_is_packed_as_ever(self, layer: Path) -> None:
        hashed, kept = Hashed(), Kept()
        index = build(layer, watch=Watch(hashed=hashed))
        os.link(layer / "large", layer.parent / "elsewhere")

        made = pack_blob(layer, index, kept, hashed=hashed)

        assert hashed.has(str(layer / "large"), Digest.of((layer / "large").read_bytes()))
        assert made.diff_id == Digest.of(packed(layer))
        assert b"".join(decompressed(io.BytesIO(bytes(kept.data)))) == packed(layer)

    def test_one_that_is_gone_is_told(self, layer: Path) -> None:
        hashed = Hashed()
        index = build(layer, watch=Watch(hashed=hashed))
        (layer / "large").unlink()

        assert not hashed.has(str(layer / "large"), Digest.of(b"0123456789" * 900_000))
        with pytest.raises(StoreError, match=r"cannot read .*large"):
            pack_blob(layer, index, Kept(), hashed=hashed)

    def test_its_bytes_are_believed(self, layer: Path) -> None:
        """Which shows when they change, and nothing else does."""
        hashed = Hashed()
        index = build(layer, watch=Watch(hashed=hashed))
        (layer / "large").write_text("9876543210" * 900_000)
        os.utime(layer / "large", (1000, 1000))

        pack_blob(layer, index, Kept(), hashed=hashed)
        with pytest.raises(CorruptError):
            pack_blob(layer, index, Kept())

    def test_one_that_was_written_to_is_corrupt(self, layer: Path) -> None:
        hashed = Hashed()
        index = build(layer, watch=Watch(hashed=hashed))
        (layer / "large").write_text("9876543210" * 900_000)

        with pytest.raises(CorruptError, match="the file 'large' of a layer is not what"):
            pack_blob(layer, index, Kept(), hashed=hashed)

    def test_so_is_one_that_is_written_to_meanwhile(self, layer: Path) -> None:
        hashed = Hashed()

        def change() -> None:
            if (layer / "other").stat().st_mtime == 1000:
                os.truncate(layer / "other", 8_000_000)
                os.truncate(layer / "other", 9_000_000)

        index = build(layer, watch=Watch(hashed=hashed))

        with pytest.raises(CorruptError, match="the file 'other' of a layer is not what"):
            pack_blob(layer, index, Kept(), pause=change, hashed=hashed)

    def test_one_that_was_hashed_when_it_was_written_is_believed_too(self, layer: Path) -> None:
        """Which shows when its bytes change, and its size and time do not."""
        hashed = Hashed()
        index = build(layer)
        for name in "large", "other":
            hashed.made(str(layer / name), Digest.of((layer / name).read_bytes()))
        (layer / "large").write_text("9876543210" * 900_000)
        os.utime(layer / "large", (1000, 1000))

        pack_blob(layer, index, Kept(), hashed=hashed)
        (layer / "large").write_text("9876543210" * 900_000)
        with pytest.raises(CorruptError, match="the file 'large' of a layer is not what"):
            pack_blob(layer, index, Kept(), hashed=hashed)

    @pytest.mark.parametrize(("age", "believed"), [(99_000_000, False), (101_000_000, True)])
    def test_one_that_was_written_a_moment_ago_by_its_time_is_not(
        self, layer: Path, monkeypatch: pytest.MonkeyPatch, age: int, believed: bool
    ) -> None:
        hashed, digest = Hashed(), Digest.of((layer / "large").read_bytes())
        now = (layer / "large").stat().st_mtime_ns + age
        monkeypatch.setattr(time, "time_ns", lambda: now)

        hashed.made(str(layer / "large"), digest)

        assert hashed.has(str(layer / "large"), digest) == believed

    def test_one_that_was_written_a_moment_before_it_was_hashed_is_hashed_again(self, layer: Path) -> None:
        soon = time.time_ns() + 10**12
        os.utime(layer / "large", ns=(soon, soon))
        hashed = Hashed()

        build(layer, watch=Watch(hashed=hashed))

        digests = {name: Digest.of((layer / name).read_bytes()) for name in ("large", "other")}
        assert [hashed.has(str(layer / name), digest) for name, digest in digests.items()] == [False, True]


def test_an_empty_layer_is_the_end_of_an_archive(make: Callable[..., Path]) -> None:
    assert packed(make("a", {})) == bytes(1024)


def test_gnu_tar_reads_what_we_write(make: Callable[..., Path], tmp_path: Path) -> None:
    layer = make("a", {"d/f": "text", "d/g": "=d/f", "l": "->d", "n" * 200: "long"})
    (tmp_path / "out").mkdir()

    subprocess.run(["tar", "-x", "-C", tmp_path / "out"], input=packed(layer), check=True)

    assert [i for i in build(tmp_path / "out").entries if i.path] == [i for i in build(layer).entries if i.path]


@pytest.mark.skipif(not shutil.which("umoci"), reason="needs umoci")
def test_umoci_applies_our_layers_as_we_mean_them(make: Callable[..., Path], tmp_path: Path) -> None:
    lower = make("lower", {"keep": "1", "gone": "1", "o/old": "1", "d/x": "1", "becomes": "1"})
    upper = make("upper", {"gone": None, "o": False, "o/new": "2", "d/x": None, "becomes/dir": "2"})
    layout = f"{tmp_path}/image"
    subprocess.run(["umoci", "init", "--layout", layout], check=True, capture_output=True)
    subprocess.run(["umoci", "new", "--image", f"{layout}:t"], check=True, capture_output=True)
    for number, layer in enumerate((lower, upper)):
        (tmp_path / f"{number}.tar").write_bytes(packed(layer))
        command = ["umoci", "raw", "add-layer", "--image", f"{layout}:t", f"{tmp_path}/{number}.tar"]
        subprocess.run(command, check=True, capture_output=True)

    subprocess.run(["umoci", "unpack", "--image", f"{layout}:t", f"{tmp_path}/bundle"], check=True, capture_output=True)

    paths = [item.path for item in build(tmp_path / "bundle/rootfs").entries]
    assert paths == ["", "becomes", "becomes/dir", "d", "keep", "o", "o/new"]
