"""Errands end before the first file that is not as they were told, and leave nothing half done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes.clocks import next_tick
from stagemill.digest import Digest
from stagemill.files import errands
from stagemill.files.errands import CHUNK

if TYPE_CHECKING:
    from stagemill.files.errands import Facts, Wanted

LARGE = b"0123456789abcdef" * (CHUNK // 16) + b"and some"
TIME = 1_700_000_000_123_456_789


def digest(data: bytes) -> bytes:
    return bytes.fromhex(Digest.of(data).hex)


def facts(folder: Path, name: str) -> Facts:
    status = os.stat(folder / name)
    return (
        name.encode(),
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def wanted(name: str, data: bytes, *, mode: int = 0o640) -> Wanted:
    return name.encode(), f"new-{name}".encode(), len(data), digest(data), mode, TIME


def write(folder: Path, **files: bytes) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


class TestHash:
    @pytest.mark.parametrize("data", [b"", b"a", LARGE], ids=["empty", "small", "large"])
    def test_a_file_has_the_digest_of_its_bytes(self, tmp_path: Path, data: bytes) -> None:
        source = write(tmp_path / "source", a=data)

        assert errands.run(("hash", os.fsencode(source), [facts(source, "a")])) == digest(data)

    def test_a_file_that_says_it_has_no_bytes_is_read_to_its_end(self) -> None:
        proc = Path("/proc/sys/kernel")
        name = "ostype"

        assert errands.run(("hash", os.fsencode(proc), [facts(proc, name)])) == digest((proc / name).read_bytes())

    @pytest.mark.parametrize("change", ["write", "touch", "replace", "remove", "link"])
    def test_it_ends_before_a_file_that_is_another_one(self, tmp_path: Path, change: str) -> None:
        source = write(tmp_path / "source", a=b"one", b=b"two", c=b"three")
        files = [facts(source, name) for name in "abc"]
        next_tick(tmp_path)
        match change:
            case "write":
                (source / "b").write_bytes(b"owt")
            case "touch":
                os.utime(source / "b", ns=(TIME, TIME))
            case "replace":
                os.rename(source / "c", source / "b")
            case "remove":
                (source / "b").unlink()
            case "link":
                os.rename(source / "b", source / "moved")
                (source / "b").symlink_to("moved")

        assert errands.run(("hash", os.fsencode(source), files)) == digest(b"one")

    def test_of_a_folder_that_is_gone_nothing_is_hashed(self, tmp_path: Path) -> None:
        source = write(tmp_path / "source", a=b"one")
        files = [facts(source, "a")]

        assert errands.run(("hash", os.fsencode(tmp_path / "other"), files)) == b""


class TestCopy:
    @pytest.mark.parametrize("data", [b"", b"a", LARGE], ids=["empty", "small", "large"])
    def test_a_copy_has_bytes_mode_and_time(self, tmp_path: Path, data: bytes) -> None:
        source, target = write(tmp_path / "source", a=data), write(tmp_path / "target")

        done = errands.run(("copy", os.fsencode(source), os.fsencode(target), None, [wanted("a", data, mode=0o4755)]))

        status = os.stat(target / "new-a")
        assert done == b"\1"
        assert (target / "new-a").read_bytes() == data
        assert (status.st_mode & 0o7777, status.st_mtime_ns) == (0o4755, TIME)

    @pytest.mark.skipif(os.geteuid() != 0, reason="owners need root")
    def test_a_copy_has_the_owner_that_is_wanted(self, tmp_path: Path) -> None:
        source, target = write(tmp_path / "source", a=b"x"), write(tmp_path / "target")

        errands.run(("copy", os.fsencode(source), os.fsencode(target), (12, 34), [wanted("a", b"x", mode=0o6711)]))

        status = os.stat(target / "new-a")
        assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (12, 34, 0o6711)

    def test_the_umask_takes_nothing_away(self, tmp_path: Path) -> None:
        source, target = write(tmp_path / "source", a=b"x"), write(tmp_path / "target")
        before = os.umask(0o077)
        try:
            errands.run(("copy", os.fsencode(source), os.fsencode(target), None, [wanted("a", b"x", mode=0o666)]))
        finally:
            os.umask(before)

        assert os.stat(target / "new-a").st_mode & 0o7777 == 0o666

    @pytest.mark.parametrize("change", ["longer", "shorter", "other", "link"])
    def test_of_a_file_with_other_bytes_nothing_is_left(self, tmp_path: Path, change: str) -> None:
        source, target = write(tmp_path / "source", a=b"one", b=b"two", c=b"three"), write(tmp_path / "target")
        files = [wanted("a", b"one"), wanted("b", b"two"), wanted("c", b"three")]
        match change:
            case "longer":
                (source / "b").write_bytes(b"two, and more")
                files[1] = wanted("b", b"owt")
            case "shorter":
                (source / "b").write_bytes(b"t")
            case "other":
                (source / "b").write_bytes(b"owt")
            case "link":
                (source / "b").unlink()
                (source / "b").symlink_to("c")

        done = errands.run(("copy", os.fsencode(source), os.fsencode(target), None, files))

        assert done == b"\1"
        assert [path.name for path in target.iterdir()] == ["new-a"]

    def test_nothing_that_is_there_is_written_to(self, tmp_path: Path) -> None:
        source, target = write(tmp_path / "source", a=b"one"), write(tmp_path / "target")
        (target / "new-a").write_bytes(b"mine")

        done = errands.run(("copy", os.fsencode(source), os.fsencode(target), None, [wanted("a", b"one")]))

        assert (done, (target / "new-a").read_bytes()) == (b"", b"mine")

    def test_a_file_that_gets_an_attribute_by_itself_is_left_to_others(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source, target = write(tmp_path / "source", a=b"one"), write(tmp_path / "target")
        monkeypatch.setattr(os, "listxattr", lambda _where: ["security.label"])

        done = errands.run(("copy", os.fsencode(source), os.fsencode(target), None, [wanted("a", b"one")]))

        assert (done, list(target.iterdir())) == (b"", [])


class TestLink:
    def test_it_ends_before_what_cannot_be_linked(self, tmp_path: Path) -> None:
        source, target = write(tmp_path / "source", a=b"one", c=b"three"), write(tmp_path / "target")

        done = errands.run(("link", os.fsencode(source), os.fsencode(target), [b"a", b"b", b"c"]))

        assert done == b"\1"
        assert [path.name for path in target.iterdir()] == ["a"]
        assert (source / "a").samefile(target / "a")


def test_what_a_process_may_have_left_is_taken_away(tmp_path: Path) -> None:
    source, target = write(tmp_path / "source"), write(tmp_path / "target", **{"new-b": b"tw", "d": b"4"})

    errands.undo(("copy", os.fsencode(source), os.fsencode(target), None, [wanted("a", b"1"), wanted("b", b"two")]))
    errands.undo(("link", os.fsencode(source), os.fsencode(target), [b"c", b"d"]))

    assert list(target.iterdir()) == []
