"""A file tree as one tar archive."""

from __future__ import annotations

import io
import tarfile

import pytest

from fakes.tree import MemoryTree, Node, directory, file, link
from stagemill.digest import Digest
from stagemill.errors import CorruptError
from stagemill.export.tar import filesystem_tar
from stagemill.files.view import Entry


def written(tree: MemoryTree, notices: list[str] | None = None) -> bytes:
    out = io.BytesIO()
    told: list[str] = [] if notices is None else notices
    filesystem_tar(tree, out, notice=told.append)
    return out.getvalue()


class Tampered(MemoryTree):
    def digest(self, path: str) -> Digest:
        return Digest.of(b"what was there before")


def members(tree: MemoryTree) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(written(tree))) as archive:
        return {member.name: member for member in archive}


def test_parents_come_first_and_names_are_sorted() -> None:
    tree = MemoryTree({"b/c/d": "1", "a.txt": "2", "a/z": "3"})

    assert list(members(tree)) == ["a", "a/z", "a.txt", "b", "b/c", "b/c/d"]


def test_owners_modes_and_times_are_kept() -> None:
    tree = MemoryTree({"f": file("x", mode=0o4750, uid=5, gid=70000, mtime_ns=1_500_000_000_250_000_000)})

    found = members(tree)["f"]

    assert (found.mode, found.uid, found.gid, found.mtime) == (0o4750, 5, 70000, 1_500_000_000.25)


def test_contents_links_and_devices_are_kept() -> None:
    tree = MemoryTree(
        {
            "f": file("content"),
            "s": link("../away"),
            "pipe": Node(Entry("fifo", 0o600, 0, 0, 0, 0)),
            "null": Node(Entry("char", 0o666, 0, 0, 0, 0, device=(1, 3))),
            "disk": Node(Entry("block", 0o660, 0, 6, 0, 0, device=(8, 0))),
        }
    )

    with tarfile.open(fileobj=io.BytesIO(written(tree))) as archive:
        content = archive.extractfile("f")
        assert content is not None
        assert content.read() == b"content"
    found = members(tree)
    assert found["s"].linkname == "../away"
    assert found["pipe"].isfifo()
    assert (found["null"].ischr(), found["null"].devmajor, found["null"].devminor) == (True, 1, 3)
    assert (found["disk"].isblk(), found["disk"].devmajor, found["disk"].devminor) == (True, 8, 0)


def test_hard_links_are_written_once() -> None:
    tree = MemoryTree({"a": file("same", node=7), "b": file("same", node=7), "c": file("same", node=8)})

    found = members(tree)

    assert (found["b"].islnk(), found["b"].linkname) == (True, "a")
    assert found["c"].isreg()


def test_extended_attributes_are_kept() -> None:
    tree = MemoryTree({"ping": file("x", xattrs=(("security.capability", b"\1\0\0\2"), ("user.note", b"n")))})

    headers = members(tree)["ping"].pax_headers

    assert headers["SCHILY.xattr.user.note"] == "n"
    assert headers["SCHILY.xattr.security.capability"].encode("utf-8", "surrogateescape") == b"\1\0\0\2"


def test_strange_names_are_kept() -> None:
    names = ["x" * 200, f"{'d' * 90}/{'e' * 90}/{'f' * 90}", "caf\udce9"]

    found = members(MemoryTree(dict.fromkeys(names, "1")))

    assert set(names) <= set(found)


def test_a_plain_root_is_not_mentioned_and_another_is() -> None:
    assert list(members(MemoryTree({}))) == []
    assert members(MemoryTree({"": directory(mode=0o1777)}))["."].mode == 0o1777


def test_sockets_are_left_out_with_a_notice() -> None:
    notices: list[str] = []

    data = written(MemoryTree({"run/s": Node(Entry("socket", 0o755, 0, 0, 0, 0))}), notices)

    assert b"run/s" not in data
    assert notices == ["left out run/s: a tar archive cannot carry sockets"]


def test_equal_trees_make_equal_bytes() -> None:
    trees = [MemoryTree({"a": "1", "b": "2"}), MemoryTree({"b": "2", "a": "1"})]

    assert written(trees[0]) == written(trees[1])


def test_a_file_with_other_bytes_than_the_index_says_is_noticed() -> None:
    with pytest.raises(CorruptError) as caught:
        written(Tampered({"a": "1"}))

    assert caught.value.message == "the file 'a' is not what the tree's index says"
    assert caught.value.hint == "run `stagemill store check`, then build again"
