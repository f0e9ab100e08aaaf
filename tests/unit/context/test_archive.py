from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from stagemill.context.archive import is_archive, newest, unpack_context
from stagemill.errors import ArchiveError


def member(name: str, *, kind: bytes = tarfile.REGTYPE, linkname: str = "", **facts: object) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, linkname
    for key, value in facts.items():
        setattr(found, key, value)
    return found


def tar(*members: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for given in members:
            found, data = given if isinstance(given, tuple) else (given, b"")
            found.size = len(data)
            archive.addfile(found, io.BytesIO(data))
    return out.getvalue()


SIMPLE = tar((member("./Dockerfile"), b"FROM scratch\n"), (member("src/a"), b"a"))


def plain(data: bytes) -> bytes:
    return data


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


@pytest.mark.parametrize("compress", [plain, gzip.compress, bz2.compress, lzma.compress, zstd])
def test_an_archive_is_told_by_its_bytes_and_unpacked(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    data = compress(SIMPLE)

    unpack_context(io.BytesIO(data), tmp_path)

    assert is_archive(data[:512])
    assert (tmp_path / "Dockerfile").read_bytes() == b"FROM scratch\n"
    assert (tmp_path / "src/a").read_bytes() == b"a"


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_form_of_tar_is_an_archive(form: int) -> None:
    assert is_archive(tar(member("a"), form=form)[:512])


@pytest.mark.parametrize("head", [b"", b"FROM debian\nRUN x\n", b"FROM a\n" * 100, b"\x00" * 100])
def test_a_dockerfile_is_no_archive(head: bytes) -> None:
    assert not is_archive(head[:512])


def test_a_tar_of_nothing_is_an_empty_context(tmp_path: Path) -> None:
    unpack_context(io.BytesIO(tar()), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_what_is_no_archive_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as caught:
        unpack_context(io.BytesIO(b"FROM debian\n"), tmp_path)

    assert caught.value.message == "the build context on standard input is not an archive"
    assert caught.value.hint == "send a tar, plain or compressed with gzip, bzip2, xz or zstd"


def test_modes_times_links_and_attributes_are_kept(tmp_path: Path) -> None:
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    data = tar(
        member("d", kind=tarfile.DIRTYPE, mode=0o550, mtime=1_500_000_000),
        (member("d/f", mode=0o4750, pax_headers={"mtime": "1500000001.123456789"}), b"x"),
        member("d/hard", kind=tarfile.LNKTYPE, linkname="./d/f"),
        member("d/soft", kind=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("d/pipe", kind=tarfile.FIFOTYPE, mode=0o640),
        member("d/n", pax_headers={"SCHILY.xattr.user.note": "hi", "SCHILY.xattr.user.overlay.opaque": "y"}),
        member("d/c", pax_headers={"SCHILY.xattr.security.capability": capability.decode("utf-8", "surrogateescape")})
        if os.geteuid() == 0
        else member("d/c"),
    )

    unpack_context(io.BytesIO(data), tmp_path)

    d, f, pipe = (os.lstat(tmp_path / name) for name in ("d", "d/f", "d/pipe"))
    assert (d.st_mode & 0o7777, d.st_mtime_ns) == (0o550, 1_500_000_000_000_000_000)
    assert (f.st_mode & 0o7777, f.st_mtime_ns) == (0o4750, 1_500_000_001_123_456_789)
    assert (tmp_path / "d/hard").stat().st_ino == f.st_ino
    assert os.readlink(tmp_path / "d/soft") == "/etc/passwd"
    assert pipe.st_mode & 0o7777 == 0o640
    assert os.listxattr(tmp_path / "d/n") == ["user.note"]
    assert os.geteuid() != 0 or os.getxattr(tmp_path / "d/c", "security.capability") == capability


def test_a_later_member_replaces_an_earlier_one(tmp_path: Path) -> None:
    data = tar(
        member("a", kind=tarfile.SYMTYPE, linkname="/etc/passwd"),
        (member("a"), b"new"),
        (member("b"), b"old"),
        member("b", kind=tarfile.DIRTYPE, mode=0o755),
    )

    unpack_context(io.BytesIO(data), tmp_path)

    assert (tmp_path / "a").read_bytes() == b"new"
    assert (tmp_path / "b").is_dir()


def test_names_that_lead_out_end_inside(tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()

    unpack_context(io.BytesIO(tar((member("../../up"), b"u"), (member("/abs"), b"a"))), into)

    assert sorted(path.name for path in into.iterdir()) == ["abs", "up"]
    assert list(tmp_path.iterdir()) == [into]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            [member("lnk", kind=tarfile.SYMTYPE, linkname="/tmp"), member("lnk/x")],
            "the build context has 'lnk/x' below 'lnk', which is no directory",
        ),
        (
            [
                member("lnk", kind=tarfile.SYMTYPE, linkname="/"),
                member("pw", kind=tarfile.LNKTYPE, linkname="lnk/etc/passwd"),
            ],
            "the build context has 'lnk/etc/passwd' below 'lnk', which is no directory",
        ),
        (
            [member("h", kind=tarfile.LNKTYPE, linkname="no")],
            "the build context has a hard link to 'no', which is not before it",
        ),
        (
            [member("d", kind=tarfile.DIRTYPE, mode=0o755), member("d")],
            "the build context has 'd' both as a directory and as something else",
        ),
        ([member("/")], "the build context has a member named '/' that is no directory"),
    ],
)
def test_members_that_lead_out_or_contradict_each_other_are_errors(
    tmp_path: Path, members: list[tarfile.TarInfo], message: str
) -> None:
    with pytest.raises(ArchiveError) as caught:
        unpack_context(io.BytesIO(tar(*members)), tmp_path)

    assert caught.value.message == message


@pytest.mark.parametrize("compress", [plain, gzip.compress, bz2.compress, lzma.compress, zstd])
def test_a_torn_archive_is_an_error(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    data = compress(tar((member("a"), os.urandom(100_000))))

    with pytest.raises(ArchiveError) as caught:
        unpack_context(io.BytesIO(data[: len(data) // 2]), tmp_path)

    assert caught.value.message.startswith("the archive of the build context is broken: ")
    assert caught.value.hint == "send it again"


def test_bytes_that_only_look_compressed_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as caught:
        unpack_context(io.BytesIO(b"\x1f\x8b" + b"junk" * 200), tmp_path)

    assert caught.value.message.startswith("the archive of the build context is broken: ")


@pytest.mark.parametrize("compress", [plain, gzip.compress, zstd])
def test_the_date_of_an_archive_is_that_of_its_newest_file(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(
        compress(
            tar(
                (member("old", mtime=5), b"x"),
                (member("new", mtime=9.75), b"y"),
                member("folder", kind=tarfile.DIRTYPE, mtime=70),
                member("link", kind=tarfile.SYMTYPE, linkname="new", mtime=80),
            )
        )
    )

    assert newest(path) == 9


def test_what_has_no_file_or_is_no_archive_has_no_date(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for data in (b"FROM scratch\n", tar(), tar(member("d", kind=tarfile.DIRTYPE)), gzip.compress(SIMPLE)[:60]):
        path.write_bytes(data)
        assert newest(path) is None


FOUND_BY_FUZZING = [
    (tar(member("f", pax_headers={"mtime": "nan"})), "the build context has the time 'nan' of 'f'"),
    (tar(member("f", pax_headers={"mtime": "1e999999999"})), "the build context has the time '1e999999999' of 'f'"),
    (
        tar((member("f", pax_headers={"GNU.sparse.map": "5,3,0,3", "GNU.sparse.size": "9"}), b"abcdef")),
        "the archive of the build context is broken: the pieces of 'f' overlap, or reach beyond its end",
    ),
    (
        tar((member("f", pax_headers={"GNU.sparse.map": "0,3,6,4", "GNU.sparse.size": "9"}), b"abcdefg")),
        "the archive of the build context is broken: the pieces of 'f' overlap, or reach beyond its end",
    ),
]


@pytest.mark.parametrize(("data", "message"), FOUND_BY_FUZZING)
def test_what_fuzzing_found_is_an_error(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        unpack_context(io.BytesIO(data), tmp_path)

    assert caught.value.message == message


def test_a_header_that_the_library_stumbles_over_is_an_error(tmp_path: Path) -> None:
    """The second block of a sparse header, which ends too early."""
    block = bytearray(tar(member("f", kind=tarfile.GNUTYPE_SPARSE), form=tarfile.GNU_FORMAT)[:512])
    block[482] = 1
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * ord(" ") + sum(block[156:]))

    with pytest.raises(ArchiveError) as caught:
        unpack_context(io.BytesIO(bytes(block) + bytes(100)), tmp_path)

    assert caught.value.message == "the archive of the build context is broken: a header of it is malformed"


def test_a_time_that_no_file_can_have_becomes_the_nearest(tmp_path: Path) -> None:
    unpack_context(io.BytesIO(tar(member("f", pax_headers={"mtime": "9" * 30}))), tmp_path)

    assert (tmp_path / "f").stat().st_mtime > 1 << 33


def test_what_a_sparse_file_has_no_bytes_for_is_a_hole(tmp_path: Path) -> None:
    size = 1 << 40
    facts = {"GNU.sparse.map": f"1000,3,{size - 3},3", "GNU.sparse.size": f"{size}"}

    unpack_context(io.BytesIO(tar((member("f", pax_headers=facts), b"abcdef"))), tmp_path)

    status = (tmp_path / "f").stat()
    assert (status.st_size, status.st_blocks < 100) == (size, True)
    with (tmp_path / "f").open("rb") as file:
        assert file.read(1004) == bytes(1000) + b"abc\0"
        file.seek(size - 4)
        assert file.read() == b"\0def"
