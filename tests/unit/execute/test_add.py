from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from fakes.disk import shown, write
from fakes.known import digests
from fakes.stats import MemoryStats
from fakes.tree import MemoryTree, Node, directory, link
from stagemill.context.directory import DirectoryContext
from stagemill.digest import Digest
from stagemill.errors import ContextError, StagemillError
from stagemill.execute.copy import copy
from stagemill.files.view import FileView
from stagemill.graph import operations
from stagemill.layer.unpack import extract

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners need root, or a user namespace")


def member(name: str, kind: bytes = tarfile.REGTYPE, **facts: object) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type = kind
    found.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    for key, value in facts.items():
        setattr(found, key, value)
    return found


def tar(*members: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for found in members:
            archive.addfile(found, io.BytesIO(b"x" * found.size))
    return out.getvalue()


def context(root: Path, files: dict[str, bytes]) -> DirectoryContext:
    write(root / "context", {})
    for name, data in files.items():
        (root / "context" / name).write_bytes(data)
    return DirectoryContext(root / "context", ignore=None, stats=MemoryStats(), started_ns=0)


def add(
    root: Path, files: dict[str, bytes], *, to: str, parent: FileView | None = None, **options: object
) -> dict[str, str]:
    op = operations.Copy(tuple(files), to, unpack=True, **options)  # type: ignore[arg-type]
    into = root / "work" / "fs"
    into.mkdir(parents=True)
    copy(op, parent or MemoryTree({}), context(root, files), into=into, link=False, extract=extract)
    assert [path.name for path in into.parent.iterdir()] == ["fs"]
    return shown(into)


METADATA = (
    member("dir", tarfile.DIRTYPE, mode=0o750, uid=1234, gid=2345, mtime=1_500_000_000),
    member("dir/f", mode=0o4640, uid=1234, gid=2345, mtime=1_500_000_001, size=2),
    member("dir/hard", tarfile.LNKTYPE, linkname="dir/f"),
    member("dir/soft", tarfile.SYMTYPE, linkname="f"),
)


def test_an_archive_becomes_what_is_in_it_with_owners_modes_times_and_links(tmp_path: Path) -> None:
    actual = add(tmp_path, {"t.tar.gz": tar(*METADATA)}, to="/x")

    layer = tmp_path / "work/fs"
    assert actual == {
        "x": "dir 0755 0:0",
        "x/dir": "dir 0750 1234:2345",
        "x/dir/f": "file 4640 1234:2345 =xx",
        "x/dir/hard": "file 4640 1234:2345 =xx",
        "x/dir/soft": "symlink 0:0 ->f",
    }
    assert (layer / "x/dir").stat().st_mtime == 1_500_000_000
    assert (layer / "x/dir/f").stat().st_mtime == 1_500_000_001
    assert (layer / "x/dir/f").samefile(layer / "x/dir/hard")
    assert (layer / "x/dir/f").stat().st_nlink == 2


def test_chown_reaches_what_is_unpacked_and_chmod_does_not(tmp_path: Path) -> None:
    actual = add(tmp_path, {"t.tar.gz": tar(*METADATA)}, to="/x/", owner="5:6", mode="0777")

    assert actual["x"] == "dir 0755 5:6"
    assert actual["x/dir"] == "dir 0750 5:6"
    assert actual["x/dir/f"] == "file 4640 5:6 =xx"


@pytest.mark.parametrize("data", [b"", b"no archive at all", b"\x1f\x8bjunk"])
def test_what_is_no_archive_is_copied(tmp_path: Path, data: bytes) -> None:
    add(tmp_path, {"fake.tar.gz": data}, to="/y/")

    assert (tmp_path / "work/fs/y/fake.tar.gz").read_bytes() == data


def test_directories_that_an_archive_only_implies_stay_as_they_are_in_the_tree(tmp_path: Path) -> None:
    tree: dict[str, Node | str] = {"tmp": directory(mode=0o1777), "srv": directory(mode=0o750, uid=3)}

    actual = add(
        tmp_path,
        {"t.tar": tar(member("tmp/a"), member("new/b"), member("srv", tarfile.DIRTYPE, mode=0o711, uid=4))},
        to="/",
        parent=MemoryTree(tree),
    )

    assert actual == {
        "new": "dir 0755 0:0",
        "new/b": "file 0644 0:0 =",
        "srv": "dir 0711 4:0",
        "tmp": "dir 1777 0:0",
        "tmp/a": "file 0644 0:0 =",
    }


def test_an_implied_directory_leads_through_a_link_and_one_of_its_own_replaces_it(tmp_path: Path) -> None:
    tree = MemoryTree({"usr/bin/sh": "", "bin": link("usr/bin"), "lib": link("usr/lib"), "usr/lib/x": ""})

    actual = add(
        tmp_path,
        {"t.tar": tar(member("bin/tool"), member("lib", tarfile.DIRTYPE), member("lib/own"))},
        to="/",
        parent=tree,
    )

    assert actual == {
        "lib": "dir 0755 0:0",
        "lib/own": "file 0644 0:0 =",
        "usr": "dir 0755 0:0",
        "usr/bin": "dir 0755 0:0",
        "usr/bin/tool": "file 0644 0:0 =",
    }


def test_a_file_of_an_archive_replaces_a_directory(tmp_path: Path) -> None:
    actual = add(tmp_path, {"t.tar": tar(member("d", size=1))}, to="/", parent=MemoryTree({"d/old": ""}))

    assert actual == {"d": "file 0644 0:0 =x"}


def test_several_archives_may_make_a_new_directory(tmp_path: Path) -> None:
    actual = add(tmp_path, {"a.tar": tar(member("a")), "b.tar": tar(member("b"))}, to="/dest")

    assert list(actual) == ["dest", "dest/a", "dest/b"]


def test_an_archive_beside_a_file_needs_a_directory(tmp_path: Path) -> None:
    with pytest.raises(StagemillError) as caught:
        add(tmp_path, {"a.tar": tar(member("a")), "plain": b"text"}, to="/dest")

    assert caught.value.message == "cannot copy 2 sources to /dest, which does not exist"
    assert caught.value.hint == "write /dest/ to make it a directory"


def test_a_later_archive_replaces_what_an_earlier_one_brought(tmp_path: Path) -> None:
    first = tar(member("a/b/c", size=1), member("f", size=1))
    second = tar(member("a", size=2), member("f", tarfile.DIRTYPE), member("f/g"))

    actual = add(tmp_path, {"1.tar": first, "2.tar": second}, to="/x/")

    assert actual == {
        "x": "dir 0755 0:0",
        "x/a": "file 0644 0:0 =xx",
        "x/f": "dir 0755 0:0",
        "x/f/g": "file 0644 0:0 =",
    }


def test_an_archive_leads_nowhere_outside(tmp_path: Path) -> None:
    members = (
        member("lnk", tarfile.SYMTYPE, linkname=str(tmp_path)),
        member("lnk/through", size=1),
        member("../" * 30 + "up", size=1),
        member("/absolute", size=1),
    )

    actual = add(tmp_path, {"evil.tar": tar(*members)}, to="/in/")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["context", "work"]
    assert {"in/up", "in/absolute"} < actual.keys()


def test_copy_never_unpacks(tmp_path: Path) -> None:
    into = tmp_path / "work" / "fs"
    into.mkdir(parents=True)
    data = tar(*METADATA)

    source = context(tmp_path, {"t.tar.gz": data})
    known = copy(operations.Copy(("t.tar.gz",), "/z/"), MemoryTree({}), source, into=into, link=False, extract=extract)

    assert digests(into, known) == {"z/t.tar.gz": Digest.of(data)}


def test_an_archive_that_changed_since_its_digest_was_taken_is_an_error(tmp_path: Path) -> None:
    source = context(tmp_path, {"t.tar": tar(member("a"))})
    source.digest("t.tar")
    (tmp_path / "context/t.tar").write_bytes(tar(member("b")))
    into = tmp_path / "fs"
    into.mkdir()

    with pytest.raises(ContextError) as caught:
        copy(
            operations.Copy(("t.tar",), "/", unpack=True),
            MemoryTree({}),
            source,
            into=into,
            link=False,
            extract=extract,
        )

    assert caught.value.message == '"/t.tar" of the build context changed while it was being copied'
