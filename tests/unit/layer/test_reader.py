from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stagemill.errors import ArchiveError
from stagemill.layer import header as tar
from stagemill.layer.member import Member
from stagemill.layer.reader import TarReader, is_header
from stagemill.layer.stream import ByteStream


def read(data: bytes) -> list[tuple[Member, bytes]]:
    reader = TarReader(ByteStream([data]))
    return [(member, reader.read(1 << 20)) for member in reader]


def archive(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT, **options: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, **options) as written:  # type: ignore[call-overload]
        for member, content in members:
            written.addfile(member, io.BytesIO(content))
    return out.getvalue()


def info(name: str, **facts: object) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    for key, value in facts.items():
        setattr(member, key, value)
    return member


FORMS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


@pytest.mark.parametrize("form", FORMS)
def test_the_facts_of_an_entry_come_back_from_every_form(form: int) -> None:
    member = info("a/f", size=5, mode=0o4750, uid=12, gid=34, mtime=1_600_000_000)

    ((found, content),) = read(archive((member, b"hello"), form=form))

    entry = found.entry
    assert (found.name, entry.kind, entry.mode, entry.uid, entry.gid) == ("a/f", "file", 0o4750, 12, 34)
    assert (entry.size, entry.mtime_ns, content) == (5, 1_600_000_000 * 10**9, b"hello")


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_and_links_of_any_length_come_back(form: int) -> None:
    name, link = "d/" * 120 + "ü" * 60, "../" * 90 + "x"

    ((found, _),) = read(archive((info(name, type=tarfile.SYMTYPE, linkname=link), b""), form=form))

    assert (found.name, found.entry.target) == (name, link)


def test_a_ustar_prefix_belongs_to_the_name() -> None:
    name = "p" * 120 + "/" + "n" * 90

    ((found, _),) = read(archive((info(name), b""), form=tarfile.USTAR_FORMAT))

    assert found.name == name


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_big_and_negative_numbers_come_back(form: int) -> None:
    ((found, _),) = read(archive((info("f", uid=2**30, gid=2**22, mtime=-5), b""), form=form))

    assert (found.entry.uid, found.entry.gid, found.entry.mtime_ns) == (2**30, 2**22, -5 * 10**9)


def test_times_are_read_to_the_nanosecond() -> None:
    ((found, _),) = read(tar.header(b"f", tar.FILE, mode=0, mtime_ns=1_700_000_000_123_456_789) + tar.END)

    assert found.entry.mtime_ns == 1_700_000_000_123_456_789


def test_a_global_header_holds_for_all_that_follow_and_a_local_one_wins() -> None:
    local = info("b", pax_headers={"uid": "9"})

    found = read(archive((info("a"), b""), (local, b""), pax_headers={"uid": "7", "comment": "x"}))

    assert [member.entry.uid for member, _ in found] == [7, 9]


def test_xattrs_are_read_as_bytes_and_those_of_overlayfs_are_not() -> None:
    pairs = [("security.capability", b"\xff\0\n"), ("trusted.overlay.opaque", b"y"), ("user.overlay.redirect", b"/")]

    ((found, _),) = read(tar.header(b"f", tar.FILE, mode=0, xattrs=pairs) + tar.END)

    assert found.entry.xattrs == (("security.capability", b"\xff\0\n"),)


def test_hard_links_symlinks_devices_and_pipes_are_told_apart() -> None:
    found = read(
        archive(
            (info("h", type=tarfile.LNKTYPE, linkname="f"), b""),
            (info("s", type=tarfile.SYMTYPE, linkname="f"), b""),
            (info("c", type=tarfile.CHRTYPE, devmajor=1, devminor=3), b""),
            (info("b", type=tarfile.BLKTYPE, devmajor=7, devminor=1), b""),
            (info("p", type=tarfile.FIFOTYPE), b""),
            (info("d", type=tarfile.DIRTYPE), b""),
        )
    )

    assert [(m.name.rstrip("/"), m.entry.kind, m.link, m.entry.target, m.entry.device) for m, _ in found] == [
        ("h", "file", "f", "", (0, 0)),
        ("s", "symlink", None, "f", (0, 0)),
        ("c", "char", None, "", (1, 3)),
        ("b", "block", None, "", (7, 1)),
        ("p", "fifo", None, "", (0, 0)),
        ("d", "dir", None, "", (0, 0)),
    ]


def test_content_that_nobody_reads_is_passed_over() -> None:
    data = archive((info("a", size=3000), b"x" * 3000), (info("b", size=1), b"y"))

    assert [member.name for member in TarReader(ByteStream([data]))] == ["a", "b"]


def test_an_old_header_whose_name_ends_with_a_slash_is_a_directory() -> None:
    data = bytearray(tar.header(b"d/", tar.FILE, mode=0o755))
    data[156:157] = b"\0"
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + sum(data[156:]) + 256)

    ((found, _),) = read(bytes(data))

    assert found.entry.kind == "dir"


def test_what_gnu_tar_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ("n" * 150)).write_text("long")
    for form in ("v7", "oldgnu", "gnu", "ustar", "posix"):
        name = "short" if form in {"v7", "ustar"} else "n" * 150
        (tmp_path / "in" / name).write_text("text")

        data = subprocess.run(
            ["tar", f"--format={form}", "-C", tmp_path / "in", "-c", name], capture_output=True, check=True
        )

        ((found, content),) = read(data.stdout)
        assert (form, found.name, content) == (form, name, b"text")


def test_nothing_at_all_is_an_empty_archive() -> None:
    assert read(b"") == read(tar.END) == []


GOOD = archive((info("f", size=600), b"x" * 600), form=tarfile.USTAR_FORMAT)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GOOD[:300], "the archive ends inside a header"),
        (GOOD[:700], "the archive ends inside a file"),
        (b"X" + GOOD[1:], "a header of the archive has a wrong checksum"),
        (GOOD[:1536] + b"garbage!" * 64, "a header of the archive has a wrong checksum"),
        (archive((info("x" * 200), b""))[:1024], "the archive ends after a header that announces another entry"),
    ],
)
def test_a_damaged_archive_is_told(data: bytes, message: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        for _ in TarReader(ByteStream([data])):
            pass

    assert caught.value.message == message
    assert caught.value.hint == "the archive is damaged, or was cut short; fetch or make it again"


@pytest.mark.parametrize(
    ("kind", "message", "hint"),
    [
        (b"S", "'f' in the archive is a sparse file, which cannot be unpacked", "make the archive without --sparse"),
        (b"M", "'f' in the archive is the continuation of a file from another volume, which cannot be unpacked", "join the volumes first"),
        (b"Z", "'f' in the archive has the unknown type b'Z'", "the archive is damaged, or was cut short; fetch or make it again"),
    ],
)  # fmt: skip
def test_kinds_that_cannot_be_unpacked_are_refused(kind: bytes, message: str, hint: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        read(tar.header(b"f", kind, mode=0))

    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_sparse_file_in_pax_form_is_refused(tmp_path: Path) -> None:
    with open(tmp_path / "f", "wb") as file:
        file.seek(1 << 20)
        file.write(b"x")
    data = subprocess.run(
        ["tar", "--format=posix", "-S", "-C", tmp_path, "-c", "f"], capture_output=True, check=True
    ).stdout

    with pytest.raises(ArchiveError, match="is a sparse file"):
        read(data)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (b"8 path=x\n", "a pax header of the archive is malformed"),
        (b"hello", "a pax header of the archive is malformed"),
        (b"10 uid=ab\n", "a pax header of the archive has the uid b'ab'"),
        (b"13 mtime=1.x\n", "a pax header of the archive has the mtime b'1.x'"),
        (b"11 path=a\0\n", "a path in the archive has a zero byte: b'a\\x00'"),
        (b"11 size=-1\n", "'f' in the archive has a size of -1"),
    ],
)
def test_a_pax_header_that_says_nonsense_is_refused(records: bytes, message: str) -> None:
    data = tar.header(b"p", b"x", mode=0, size=len(records)) + records + tar.padding(len(records))

    with pytest.raises(ArchiveError) as caught:
        read(data + tar.header(b"f", tar.FILE, mode=0))

    assert caught.value.message == message


def test_a_number_that_is_none_is_refused() -> None:
    data = bytearray(tar.header(b"f", tar.FILE, mode=0))
    data[124:136] = b"hello world\0"
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + sum(data[156:]) + 256)

    with pytest.raises(ArchiveError, match="has b'hello world' where a number should be"):
        read(bytes(data))


def test_an_extended_header_may_not_fill_the_memory() -> None:
    with pytest.raises(
        ArchiveError, match=f"an extended header of the archive has {1 << 30} bytes, want at most 16777216"
    ):
        read(tar.header(b"p", b"x", mode=0, size=1 << 30))


@pytest.mark.parametrize("kind", [b"x", b"g"])
def test_nor_may_many_of_them(kind: bytes) -> None:
    def headers() -> Iterator[bytes]:
        for number in range(8):
            record = b"8388640 comment%d=" % number + b"x" * (8388640 - 18) + b"\n"
            yield tar.header(b"p", kind, mode=0, size=len(record)) + record + tar.padding(len(record))

    with pytest.raises(ArchiveError, match="have more than 16777216 bytes together"):
        list(TarReader(ByteStream(headers())))


@pytest.mark.parametrize("block", [bytes(512), b"", b"#!/bin/sh\n" * 60, b"0" * 512, b"x" * 511])
def test_other_bytes_are_no_header(block: bytes) -> None:
    assert not is_header(block[:512])
    assert is_header(tar.header(b"f", tar.FILE, mode=0))


def test_a_checksum_of_signed_bytes_is_one_too() -> None:
    data = bytearray(tar.header(b"\xe9t\xe9", tar.FILE, mode=0))
    data[148:156] = b"%06o\0 " % (sum(b - 256 if b > 127 else b for b in data[:148] + data[156:]) + 256)

    assert is_header(bytes(data))


FOUND_BY_FUZZING = [
    ({"uid": "-1"}, tar.FILE, "'f' in the archive has the owner -1:0, which no file can have"),
    ({"uid": "4294967295"}, tar.FILE, "'f' in the archive has the owner 4294967295:0, which no file can have"),
    ({"gid": "9" * 25}, tar.FILE, f"'f' in the archive has the owner 0:{'9' * 25}, which no file can have"),
    ({"devmajor": 4096}, tar.CHAR, "'f' in the archive is the device 4096:1, which Linux has not"),
    ({"devminor": 1 << 20}, tar.BLOCK_DEVICE, "'f' in the archive is the device 1:1048576, which Linux has not"),
]


@pytest.mark.parametrize(("facts", "kind", "message"), FOUND_BY_FUZZING)
def test_what_fuzzing_found_is_refused(facts: dict[str, Any], kind: bytes, message: str) -> None:
    records = {name: value for name, value in facts.items() if isinstance(value, str)}
    member = info("f", type=kind, pax_headers=records, **{"devmajor": 1, "devminor": 1, **facts} if not records else {})

    with pytest.raises(ArchiveError) as caught:
        read(archive((member, b"")))

    assert caught.value.message == message
