from __future__ import annotations

import io
import tarfile

import pytest

from stagemill.layer import header as tar


def read_back(data: bytes, content: bytes = b"") -> tarfile.TarInfo:
    with tarfile.open(fileobj=io.BytesIO(data + content + tar.padding(len(content)) + tar.END)) as archive:
        (member,) = archive.getmembers()
    return member


def test_the_bytes_of_a_plain_header_are_for_ever() -> None:
    block = tar.header(b"etc/passwd", tar.FILE, mode=0o644, uid=1, gid=2, size=3, mtime_ns=1_000_000_000)

    assert len(block) == 512
    assert block.rstrip(b"\0") == (
        b"etc/passwd" + bytes(90) + b"0000644\x000000001\x000000002\x0000000000003\x0000000000001\x00011201\x00 0"
        + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\x000000000"
    )  # fmt: skip


def test_tarfile_reads_every_fact() -> None:
    member = read_back(
        tar.header(
            b"dev/x", tar.CHAR, mode=0o4755, uid=1234, gid=2345, mtime_ns=1_500_000_000 * 10**9, device=(10, 229)
        )
    )

    assert (member.name, member.mode, member.uid, member.gid) == ("dev/x", 0o4755, 1234, 2345)
    assert (member.mtime, member.devmajor, member.devminor) == (1_500_000_000, 10, 229)
    assert (member.uname, member.gname, member.pax_headers) == ("", "", {})
    assert member.ischr()


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        (b"n" * 100, 1),
        (b"p" * 155 + b"/" + b"n" * 100, 1),
        (b"a/" * 60 + b"n" * 50, 1),
        (b"p" * 150 + b"/" + b"d" * 99 + b"/", 1),
        (b"n" * 101, 3),
        (b"p" * 156 + b"/" + b"n" * 100, 3),
        (b"p" * 20 + b"/" + b"n" * 101, 3),
        (b"d" * 101 + b"/", 3),
        (b"a/" * 300, 4),
        (("ü" * 60).encode(), 3),
        (b"\xff" * 120, 3),
    ],
)
def test_a_name_of_any_length_comes_back_and_takes_pax_only_where_ustar_has_no_room(name: bytes, blocks: int) -> None:
    data = tar.header(name, tar.DIRECTORY if name.endswith(b"/") else tar.FILE, mode=0o644)

    assert read_back(data).name == name.decode("utf-8", "surrogateescape").rstrip("/")
    assert len(data) == blocks * 512


def test_a_long_link_comes_back() -> None:
    link = b"../" * 40 + b"x"

    assert read_back(tar.header(b"l", tar.SYMLINK, mode=0o777, link=link)).linkname == link.decode()


@pytest.mark.parametrize(
    ("mtime_ns", "written"),
    [
        (0, None),
        (1_700_000_000 * 10**9, None),
        (1_700_000_000_123_456_789, "1700000000.123456789"),
        (1_700_000_000_500_000_000, "1700000000.5"),
        (-1, "-0.000000001"),
        (-1_500_000_000, "-1.5"),
        (-2_000_000_000, "-2"),
        (0o100000000000 * 10**9, "8589934592"),
    ],
)
def test_a_time_is_exact(mtime_ns: int, written: str | None) -> None:
    member = read_back(tar.header(b"f", tar.FILE, mode=0, mtime_ns=mtime_ns))

    assert member.pax_headers.get("mtime") == written
    assert member.mtime == pytest.approx(mtime_ns / 10**9)


def test_ids_and_sizes_beyond_octal_digits_come_back() -> None:
    data = tar.header(b"f", tar.FILE, mode=0, uid=2**31, gid=2**21, size=9 << 30)

    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        member = archive.next()

    assert member
    assert (member.uid, member.gid, member.size) == (2**31, 2**21, 9 << 30)


def test_xattrs_come_back_as_bytes() -> None:
    value = b"\1\0\0\2\xff\n=x"
    member = read_back(tar.header(b"f", tar.FILE, mode=0, xattrs=[("security.capability", value)]))

    found = member.pax_headers["SCHILY.xattr.security.capability"].encode("utf-8", "surrogateescape")
    assert found == value


@pytest.mark.parametrize("size", range(80, 120))
def test_a_record_counts_the_digits_of_its_own_length(size: int) -> None:
    assert read_back(tar.header(b"x" * (size + 21), tar.FILE, mode=0)).name == "x" * (size + 21)


def test_entries_whose_pax_records_are_of_one_length_keep_their_own_words() -> None:
    times = (1_700_000_000_123_456_789, 1_600_000_000_987_654_321, 1_700_000_000_500_000_000)

    found = [read_back(tar.header(b"f", tar.FILE, mode=0o644, mtime_ns=mtime)).pax_headers["mtime"] for mtime in times]

    assert found == ["1700000000.123456789", "1600000000.987654321", "1700000000.5"]
