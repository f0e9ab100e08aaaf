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

from stagemill.errors import ArchiveError
from stagemill.files.view import Entry
from stagemill.layer import header as tar
from stagemill.layer.unpack import extract

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="owners need root")]


def member(name: str, **facts: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for key, value in facts.items():
        setattr(made, key, value)
    return made


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    target = tmp_path / "into"
    target.mkdir()
    return target


@pytest.fixture
def archive(tmp_path: Path) -> Callable[[bytes], Path]:
    def made(data: bytes) -> Path:
        path = tmp_path / "archive"
        path.write_bytes(data)
        return path

    return made


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_an_archive_is_known_by_its_content_and_keeps_its_facts(
    archive: Callable[[bytes], Path], into: Path, compress: Callable[[bytes], bytes]
) -> None:
    directory = member("dir", type=tarfile.DIRTYPE, mode=0o750, uid=1234, gid=2345, mtime=1_500_000_000)
    file = member("dir/f", mode=0o640, uid=1234, gid=2345, mtime=1_500_000_001)
    hard = member("dir/hard", type=tarfile.LNKTYPE, linkname="dir/f")
    soft = member("dir/soft", type=tarfile.SYMTYPE, linkname="f")
    data = packed((directory, b""), (file, b"x\n"), (hard, b""), (soft, b""))

    assert extract(archive(compress(data)), into)

    found = os.stat(into / "dir")
    assert (found.st_mode & 0o7777, found.st_uid, found.st_gid, found.st_mtime) == (0o750, 1234, 2345, 1_500_000_000)
    found = os.stat(into / "dir/f")
    assert (found.st_mode & 0o7777, found.st_uid, found.st_gid, found.st_mtime) == (0o640, 1234, 2345, 1_500_000_001)
    assert os.path.samefile(into / "dir/hard", into / "dir/f")
    assert os.readlink(into / "dir/soft") == "f"
    assert (into / "dir/f").read_text() == "x\n"


def test_xattrs_are_kept(archive: Callable[[bytes], Path], into: Path) -> None:
    value = bytes.fromhex("0100000200040000000000000000000000000000")
    data = tar.header(b"ping", tar.FILE, mode=0o755, xattrs=[("security.capability", value)]) + tar.END

    assert extract(archive(data), into)

    assert os.getxattr(into / "ping", "security.capability") == value


def test_a_file_called_like_a_whiteout_is_a_file(archive: Callable[[bytes], Path], into: Path) -> None:
    assert extract(archive(packed((member(".wh.x"), b"1"))), into)

    assert (into / ".wh.x").read_text() == "1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        bytes(10240),
        gzip.compress(b"text" * 1000, mtime=0),
        b"\x1f\x8bnot gzip",
        b"BZhello",
        b"\xfd7zXZ\x00",
        b"PK\3\4" * 300,
    ],
)
def test_what_is_no_archive_is_left_alone(archive: Callable[[bytes], Path], into: Path, data: bytes) -> None:
    assert not extract(archive(data), into)

    assert os.listdir(into) == []


def test_nothing_is_written_outside(archive: Callable[[bytes], Path], into: Path) -> None:
    link = member("link", type=tarfile.SYMTYPE, linkname="/tmp")
    through = member("link/stagemill-through-link")
    up = member("../../../../../../tmp/stagemill-parents")
    absolute = member("/tmp/stagemill-absolute")

    assert extract(archive(packed((link, b""), (through, b""), (up, b""), (absolute, b""))), into)

    assert sorted(os.listdir(into / "tmp")) == ["stagemill-absolute", "stagemill-parents", "stagemill-through-link"]
    assert not {"stagemill-absolute", "stagemill-parents", "stagemill-through-link"} & set(os.listdir("/tmp"))


def test_directories_without_an_entry_are_as_the_caller_says(archive: Callable[[bytes], Path], into: Path) -> None:
    def implied(path: str) -> Entry:
        return Entry("dir", 0o1777 if path == "tmp" else 0o755, 0, 0, 0, 7_000_000_000)

    assert extract(archive(packed((member("tmp/x/f"), b""))), into, implied=implied)

    assert os.stat(into / "tmp").st_mode & 0o7777 == 0o1777
    assert os.stat(into / "tmp/x").st_mode & 0o7777 == 0o755
    assert os.stat(into / "tmp").st_mtime == 7


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_an_archive_that_breaks_off_is_an_error(
    archive: Callable[[bytes], Path], into: Path, compress: Callable[[bytes], bytes]
) -> None:
    data = compress(packed((member("f"), os.urandom(5000))))

    with pytest.raises(ArchiveError, match=r"end too early|ends inside a file") as caught:
        extract(archive(data[:3000]), into)

    assert caught.value.hint


def test_damage_after_the_last_file_is_an_error(archive: Callable[[bytes], Path], into: Path) -> None:
    data = bytearray(gzip.compress(packed((member("f"), b"x"))))
    data[-6] ^= 1

    with pytest.raises(ArchiveError, match="the gzip data are damaged"):
        extract(archive(bytes(data)), into)


def test_a_hard_link_to_nothing_is_refused(archive: Callable[[bytes], Path], into: Path) -> None:
    with pytest.raises(ArchiveError, match="the archive has the hard link 'a' to '/etc/passwd', which does not exist"):
        extract(archive(packed((member("a", type=tarfile.LNKTYPE, linkname="/etc/passwd"), b""))), into)


def test_a_hard_link_to_a_directory_is_refused(archive: Callable[[bytes], Path], into: Path) -> None:
    with pytest.raises(ArchiveError, match="the archive has the hard link 'a' to the directory 'd'"):
        extract(archive(packed((member("d/f"), b""), (member("a", type=tarfile.LNKTYPE, linkname="d"), b""))), into)


def test_a_device_that_would_mean_a_deletion_is_refused(archive: Callable[[bytes], Path], into: Path) -> None:
    with pytest.raises(ArchiveError, match="the archive has the device 0:0 at 'x'") as caught:
        extract(archive(packed((member("x", type=tarfile.CHRTYPE), b""))), into)

    assert caught.value.hint == "make the archive without it"


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, into: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot read the archive 'none': No such file or directory"):
        extract(tmp_path / "none", into)
