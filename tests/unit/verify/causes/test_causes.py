"""Causes of differing files, each with a file that has it, made by the program that makes such files."""

from __future__ import annotations

import gzip
import io
import os
import py_compile
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stagemill.verify.causes import find
from stagemill.verify.pair import Circumstances, Pair, common

BUILT = (Circumstances(1_700_000_000.0, 1_700_000_001.0, 2), Circumstances(1_700_000_010.0, 1_700_000_012.0, 1))


def pair(
    one: bytes | str, other: bytes | str, *, path: str = "file", command: str = "RUN x", whole: bool = True
) -> Pair:
    ours, theirs = (data.encode() if isinstance(data, str) else data for data in (one, other))
    return Pair(path, ours, theirs, common(ours, theirs), whole, BUILT, command)


def cause(one: bytes | str, other: bytes | str, *, path: str = "file", command: str = "RUN x") -> str:
    """The title of the cause; empty where none is known."""
    found = find(pair(one, other, path=path, command=command))
    return found.title if found else ""


def test_what_nobody_knows_has_no_cause() -> None:
    assert find(pair("abc", "abd")) is None


@pytest.mark.parametrize(
    ("path", "title", "mend"),
    [
        ("var/cache/ldconfig/aux-cache", "ldconfig's cache", "rm -rf /var/cache/ldconfig/aux-cache"),
        ("etc/machine-id", "the machine's id", "truncate -s 0 /etc/machine-id"),
        ("var/lib/dpkg/status-old", "dpkg's copy", "rm -rf /var/lib/dpkg/*-old"),
        ("etc/passwd-", "a copy of the file", "rm -rf /etc/*-"),
        ("etc/shadow", "the day on which a password was changed", "ARG SOURCE_DATE_EPOCH"),
        ("var/log/dpkg.log", "a log", "--mount=type=tmpfs,target=/var/log"),
        ("var/cache/apt/pkgcache.bin", "apt's caches", "--mount=type=cache,target=/var/cache/apt"),
        ("etc/ssh/ssh_host_rsa_key", "a host's key", "make them at start"),
        ("root/.cache/pip/x", "a tool's cache", "--mount=type=cache"),
    ],
)
def test_some_files_are_known_by_their_place(path: str, title: str, mend: str) -> None:
    found = find(pair("a", "b", path=path))

    assert found is not None
    assert found.title.startswith(title)
    assert mend in found.mend


class TestTimes:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("at 2023-11-14T22:13:20Z", "at 2023-11-14T22:13:30Z"),
            ("Tue Nov 14 22:13:20 UTC 2023\n", "Tue Nov 14 22:13:30 UTC 2023\n"),
            ("Tue, 14 Nov 2023 22:13:20 +0000", "Tue, 14 Nov 2023 22:13:30 +0000"),
            ("built Nov 14 2023", "built Nov 15 2023"),
            ("on 20231114221320", "on 20231114221330"),
            ("22:13:20", "22:13:30"),
        ],
    )
    def test_a_date_in_words_is_one_in_any_form(self, one: str, other: str) -> None:
        assert cause(one, other).startswith("the time of building, a ")

    def test_seconds_count_only_where_they_are_those_of_the_builds(self) -> None:
        assert cause("t=1700000000;", "t=1700000011;") == "the time of building, in seconds since 1970"
        assert cause("t=1700000000123;", "t=1700000011456;") == "the time of building, in seconds since 1970"
        assert cause("t=1600000000;", "t=1600000011;") == ""

    @pytest.mark.parametrize("order", ["little", "big"])
    @pytest.mark.parametrize("width", [4, 8])
    def test_so_do_numbers_of_some_bytes(self, order: str, width: int) -> None:
        def number(seconds: int) -> bytes:
            return b"\x00\xffhead" + seconds.to_bytes(width, order) + b"tail"  # type: ignore[arg-type]

        assert cause(number(1_700_000_000), number(1_700_000_011)).startswith("the time of building, as a number of ")
        assert cause(number(1_600_000_000), number(1_600_000_011)) == ""

    def test_of_an_image_that_is_there_nobody_knows_when_it_was_built(self) -> None:
        def known(*built: Circumstances | None, other: int) -> bool:
            data = [b"head" + seconds.to_bytes(4, "big") for seconds in (1_700_000_000, other)]
            first, second = built
            found = find(replace(pair(*data), built=(first, second)))
            return found is not None

        assert known(BUILT[0], None, other=1_600_000_000)
        assert not known(BUILT[0], None, other=5)
        assert not known(None, None, other=1_600_000_000)

    def test_the_mend_fits_the_command(self) -> None:
        mends = [
            found.mend
            for command in ("RUN date > /d", "RUN make updated")
            if (found := find(pair("22:13:20", "22:13:30", command=command)))
        ]

        assert "date -u -d @$SOURCE_DATE_EPOCH" in mends[0]
        assert "date" not in mends[1].replace("SOURCE_DATE_EPOCH", "")


def test_identifiers_and_names_of_temporary_files_are_drawn() -> None:
    uuids = ("id: 8daf0c3c-7c08-4936-af02-49487d2bbea5", "id: 8d1b70ea-810c-42b7-8ef8-24f28cbd5c56")

    assert cause(*uuids) == "a UUID that is drawn at random"
    assert (
        cause("prefix=/tmp/tmp.OqKTg0/x", "prefix=/tmp/tmp.jRSuAw/x")
        == "the name of a temporary file, which is drawn at random"
    )


def test_the_number_of_processors_is_known_from_the_builds() -> None:
    assert cause("jobs 2", "jobs 1").startswith("the number of processors")
    assert cause("jobs 4", "jobs 3") == ""


def test_the_same_lines_or_words_in_another_order_are_an_order() -> None:
    assert cause("b\na\nc\n", "a\nb\nc\n").startswith("the same lines in another order")
    assert cause("b a c", "a b c").startswith("the same words in another order")
    assert cause("b\na\n", "a\nc\n") == ""


def test_a_piece_of_a_large_file_is_not_taken_for_the_whole() -> None:
    assert find(pair("b\na\nc\n", "a\nb\nc\n", whole=False)) is None


def bytecode(folder: Path, when: int, mode: py_compile.PycInvalidationMode) -> bytes:
    source = folder / "m.py"
    source.write_text("A = 1\n")
    os.utime(source, (when, when))
    made = py_compile.compile(str(source), cfile=str(folder / "m.pyc"), invalidation_mode=mode)
    assert made
    return Path(made).read_bytes()


def test_bytecode_has_the_time_of_its_source(tmp_path: Path) -> None:
    by_time = [bytecode(tmp_path, when, py_compile.PycInvalidationMode.TIMESTAMP) for when in (5, 6)]
    by_hash = [bytecode(tmp_path, when, py_compile.PycInvalidationMode.UNCHECKED_HASH) for when in (5, 6)]

    assert cause(*by_time, path="m.pyc") == "Python's bytecode, which has the time of its source in it"
    assert by_hash[0] == by_hash[1]
    assert (
        cause(by_hash[0], by_hash[0][:-1] + b"\x01", path="m.pyc")
        == "Python's bytecode, which two runs write otherwise"
    )


def zipped(names: tuple[str, ...], year: int = 2000) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), name)
    return out.getvalue()


def tarred(names: tuple[str, ...], year: int = 5, **facts: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.mtime = year
            for key, value in facts.items():
                setattr(member, key, value)
            archive.addfile(member)
    return out.getvalue()


def library(names: tuple[str, ...], year: int = 5) -> bytes:
    header = "{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n"
    members = (header.format(name, year, 0, 0, "100644", 3).encode() + b"abc\n" for name in names)
    return b"!<arch>\n" + b"".join(members)


@pytest.mark.parametrize(
    ("make", "what"),
    [(zipped, "of a zip or jar archive"), (tarred, "of a tar archive"), (library, "of a static library")],
)
def test_archives_have_times_and_an_order(make: Callable[..., bytes], what: str) -> None:
    times = cause(make(("a", "b")), make(("a", "b"), 2001))
    order = cause(make(("a", "b")), make(("b", "a")))

    assert times.startswith("the times")
    assert what in times
    assert order == f"the same members {what} in another order"
    assert cause(make(("a", "b")), make(("a", "c"))) == ""


def test_members_of_a_tar_have_owners() -> None:
    assert cause(tarred(("a",)), tarred(("a",), uid=7)) == "owners or modes of the members of a tar archive"


def test_a_gzip_file_has_a_time_and_what_is_in_it_is_looked_into() -> None:
    assert cause(gzip.compress(b"x", mtime=5), gzip.compress(b"x", mtime=6)) == "the time in the header of a gzip file"
    inside = [gzip.compress(tarred(names), mtime=0) for names in (("a", "b"), ("b", "a"))]
    assert cause(*inside) == "the same members of a tar archive in another order"
    assert cause(gzip.compress(b"abc"), gzip.compress(b"abd")) == ""


@pytest.mark.parametrize("damaged", [b"\x1f\x8bnonsense", b"PK\x03\x04nonsense", b"!<arch>\nnonsense" + bytes(60)])
def test_damaged_archives_have_no_cause(damaged: bytes) -> None:
    assert cause(damaged + b"1", damaged + b"2") == ""


def test_a_program_of_which_nothing_is_known_is_compiled() -> None:
    assert cause(b"\x7fELF\x02\x01one", b"\x7fELF\x02\x01two").startswith("a compiled program")
