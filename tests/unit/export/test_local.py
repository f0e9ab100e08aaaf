"""A file tree in a directory of the host."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fakes.tree import MemoryTree, Node, directory, file, link
from stagemill.errors import StagemillError
from stagemill.export.local import filesystem_directory
from stagemill.files.view import Entry

TIME = 1_500_000_000_123_456_789


def write(tree: MemoryTree, destination: Path) -> list[str]:
    notices: list[str] = []
    filesystem_directory(tree, destination, notice=notices.append)
    return notices


def test_files_directories_and_links_arrive(tmp_path: Path) -> None:
    tree = MemoryTree({"a/b/f": "content", "a/l": link("b/f"), "dangling": link("/nowhere")})

    notices = write(tree, tmp_path / "new/out")

    out = tmp_path / "new/out"
    assert (out / "a/l").read_text() == "content"
    assert os.readlink(out / "dangling") == "/nowhere"
    assert notices == []


def test_modes_and_times_are_the_trees_and_owners_the_callers(tmp_path: Path) -> None:
    tree = MemoryTree(
        {
            "d": directory(mode=0o555, uid=7, mtime_ns=TIME),
            "d/f": file("x", mode=0o4711, uid=7, gid=7, mtime_ns=TIME),
            "d/l": link("f", mtime_ns=TIME),
            "d/p": Node(Entry("fifo", 0o640, 0, 0, 0, TIME)),
        }
    )

    write(tree, tmp_path)

    found = {name: os.lstat(tmp_path / name) for name in ("d", "d/f", "d/l", "d/p")}
    assert {name: stat.S_IMODE(status.st_mode) for name, status in found.items() if name != "d/l"} == {
        "d": 0o555,
        "d/f": 0o4711,
        "d/p": 0o640,
    }
    assert {status.st_mtime_ns for status in found.values()} == {TIME}
    assert {(status.st_uid, status.st_gid) for status in found.values()} == {(os.getuid(), os.getgid())}


def test_hard_links_stay_hard_links(tmp_path: Path) -> None:
    tree = MemoryTree({"a": file("same", node=1), "b": file("same", node=1)})

    write(tree, tmp_path)
    write(tree, tmp_path)

    assert (tmp_path / "a").samefile(tmp_path / "b")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_what_was_there_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "empty").mkdir()
    os.symlink("f", tmp_path / "l")

    write(MemoryTree({"f": "new", "l": link("mine"), "empty": "now a file"}), tmp_path)

    assert {name: (tmp_path / name).read_text() for name in sorted(os.listdir(tmp_path))} == {
        "empty": "now a file",
        "f": "new",
        "l": "mine",
        "mine": "mine",
    }


def test_writing_twice_gives_the_same_also_below_read_only_directories(tmp_path: Path) -> None:
    tree = MemoryTree({"d": directory(mode=0o555), "d/f": file("x", mode=0o400), "d/l": link("f")})

    write(tree, tmp_path)
    write(tree, tmp_path)

    assert sorted(os.listdir(tmp_path / "d")) == ["f", "l"]
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o555


@pytest.mark.parametrize("name", ["d", "d/f"])
def test_links_at_the_destination_are_never_followed(tmp_path: Path, name: str) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    (outside / "f").write_text("precious")
    (out / name).parent.mkdir(parents=True)
    os.symlink(outside if name == "d" else outside / "f", out / name)

    write(MemoryTree({"d/f": "new"}), out)

    assert (outside / "f").read_text() == "precious"
    assert (out / "d/f").read_text() == "new"
    assert not (out / name).is_symlink()


def test_devices_and_sockets_are_left_out_with_a_notice(tmp_path: Path) -> None:
    kinds = [Node(Entry("char", 0o666, 0, 0, 0, 0, device=(1, i))) for i in range(4)]
    tree = MemoryTree({f"dev/{i}": node for i, node in enumerate(kinds)} | {"s": Node(Entry("socket", 0, 0, 0, 0, 0))})

    notices = write(tree, tmp_path)

    assert notices == ["left out dev/0, dev/1, dev/2 and 2 more: devices and sockets are not written to a directory"]
    assert sorted(os.listdir(tmp_path)) == ["dev"]


def test_attributes_that_cannot_be_set_are_told(tmp_path: Path) -> None:
    tree = MemoryTree({"f": file("x", xattrs=(("nonsense.name", b"1"),)), "g": file("x", xattrs=(("user.a", b"1"),))})

    notices = write(tree, tmp_path)

    assert notices == ["written without the attribute nonsense.name: f"]
    assert os.getxattr(tmp_path / "g", "user.a") == b"1"


def test_a_directory_with_files_is_not_removed_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/mine").write_text("mine")

    with pytest.raises(StagemillError) as caught:
        write(MemoryTree({"d": "a file"}), tmp_path)

    assert caught.value.message == f"cannot write {tmp_path}/d: there is a directory with files in it"
    assert caught.value.hint == "remove it, or choose an empty place"
    assert sorted(os.listdir(tmp_path)) == ["d"]


def test_a_destination_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(StagemillError) as caught:
        write(MemoryTree({"a": "1"}), tmp_path / "file")

    assert caught.value.message == f"cannot write {tmp_path}/file: File exists"
    assert caught.value.hint == "check the permissions of the destination and its free space"


def test_names_that_are_no_utf8_arrive(tmp_path: Path) -> None:
    write(MemoryTree({"caf\udce9": "x"}), tmp_path)

    assert os.listdir(os.fsencode(tmp_path)) == [b"caf\xe9"]
