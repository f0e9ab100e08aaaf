from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.disk import shown, stacked, write
from fakes.known import digests
from fakes.stats import MemoryStats
from fakes.tree import MemoryTree, Node, directory, file, link
from stagemill.context.directory import DirectoryContext
from stagemill.digest import Digest
from stagemill.errors import ContextError, CorruptError, StagemillError, StoreError
from stagemill.execute.copy import copy
from stagemill.execute.draft import explained
from stagemill.files.select import MissingSourceError
from stagemill.files.view import Entry, FileView
from stagemill.files.walk import walk
from stagemill.graph import operations

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners need root, or a user namespace")

Nodes = Mapping[str, Node | str]
BASE: dict[str, Node | str] = {
    "bin": link("usr/bin"),
    "usr/bin/sh": "sh",
    "etc/passwd": "root:x:0:0:::\nnode:x:1000:1001:::\n",
    "etc/group": "staff:x:50:\n",
    "tmp": directory(mode=0o1777, mtime_ns=7),
    "srv": directory(mode=0o750, uid=33, gid=34, mtime_ns=1234567890123456789, xattrs=(("user.note", b"x"),)),
    "file": "f",
}


def no_archive(_archive: Path, _into: Path, /, *, implied: Callable[[str], Entry]) -> bool:
    return False


@dataclass
class Workbench:
    """Runs copies below a temporary directory; `layer` is what the last one wrote."""

    root: Path
    count: int = 0

    @property
    def layer(self) -> Path:
        return self.root / f"work{self.count}" / "fs"

    def make(self, name: str, nodes: Nodes) -> Path:
        return write(self.root / name, nodes)

    def context(self, nodes: Nodes) -> DirectoryContext:
        return DirectoryContext(self.make("context", nodes), ignore=None, stats=MemoryStats(), started_ns=0)

    def stage(self, nodes: Nodes) -> FileView:
        return stacked(self.make("stage", nodes))

    def copy(
        self,
        source: FileView | None,
        *sources: str,
        to: str,
        parent: FileView | None = None,
        fixed: bool = False,
        **options: object,
    ) -> dict[str, str]:
        """What the layer of a copy holds."""
        self.count += 1
        self.layer.mkdir(parents=True)
        op = operations.Copy(sources, to, **options)  # type: ignore[arg-type]
        known = copy(op, parent or MemoryTree({}), source, into=self.layer, link=fixed, extract=no_archive)
        self.digests = digests(self.layer, known)
        return shown(self.layer)

    def from_stage(self, nodes: Nodes, *sources: str, to: str, **options: object) -> dict[str, str]:
        return self.copy(self.stage(nodes), *sources, to=to, fixed=True, keep_owner=True, **options)  # type: ignore[arg-type]


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def raised(bench: Workbench, nodes: Nodes, *sources: str, to: str, **options: object) -> StagemillError:
    with pytest.raises(StagemillError) as caught:
        bench.copy(bench.context(nodes), *sources, to=to, parent=MemoryTree(BASE), **options)  # type: ignore[arg-type]
    return caught.value


# --- where files go


def test_a_file_goes_to_the_name_that_was_given(bench: Workbench) -> None:
    actual = bench.copy(bench.context({"a": "A"}), "a", to="/opt/b")

    assert actual == {"opt": "dir 0755 0:0", "opt/b": "file 0644 0:0 =A"}


@pytest.mark.parametrize("to", ["/opt/", "/tmp", "/tmp/"])
def test_a_file_goes_into_a_directory_under_its_own_name(bench: Workbench, to: str) -> None:
    actual = bench.copy(bench.context({"d/a": "A"}), "d/a", to=to, parent=MemoryTree(BASE))

    assert actual[f"{to.strip('/')}/a"] == "file 0644 0:0 =A"


def test_what_is_in_a_directory_goes_into_a_new_one_that_is_roots(bench: Workbench) -> None:
    nodes: dict[str, Node | str] = {
        "src": directory(mode=0o700, uid=5),
        "src/a": "A",
        "src/d": directory(mode=0o711, uid=6, gid=7),
    }

    actual = bench.from_stage(nodes, "src", to="/app")

    assert actual == {"app": "dir 0755 0:0", "app/a": "file 0644 0:0 =A", "app/d": "dir 0711 6:7"}


def test_an_empty_directory_makes_its_destination(bench: Workbench) -> None:
    assert bench.copy(bench.context({"src": directory()}), "src", to="/app/x") == {
        "app": "dir 0755 0:0",
        "app/x": "dir 0755 0:0",
    }


def test_the_whole_context_goes_below_the_destination(bench: Workbench) -> None:
    assert bench.copy(bench.context({"a": "A", "d/b": "B"}), "", to="/s/") == {
        "s": "dir 0755 0:0",
        "s/a": "file 0644 0:0 =A",
        "s/d": "dir 0755 0:0",
        "s/d/b": "file 0644 0:0 =B",
    }


def test_several_sources_go_into_a_directory(bench: Workbench) -> None:
    source = bench.context({"one": "1", "two": "2", "d/three": "3"})

    actual = bench.copy(source, "one", "t*", "d", to="/w/")

    assert [path for path in actual if actual[path].startswith("file")] == ["w/one", "w/three", "w/two"]


def test_what_is_left_out_is_not_copied_and_an_empty_source_makes_its_directory(bench: Workbench) -> None:
    source = bench.context({"d/a.md": "", "d/b": "B", "d/s/c.md": "", "e/x.md": ""})

    assert bench.copy(source, "d", to="/w", excludes=("**/*.md",)) == {
        "w": "dir 0755 0:0",
        "w/b": "file 0644 0:0 =B",
        "w/s": "dir 0755 0:0",
    }
    assert bench.copy(source, "e*", to="/w", excludes=("*",)) == {"w": "dir 0755 0:0"}


def test_parents_are_made_as_they_are_in_the_source(bench: Workbench) -> None:
    nodes: dict[str, Node | str] = {"m/n": directory(mode=0o710, uid=3, gid=4), "m/n/a": "A", "m/n/b": "B", "m/c": "C"}

    assert bench.from_stage(nodes, "/./m/n/a", "m/./c", to="/p", parents=True) == {
        "p": "dir 0755 0:0",
        "p/c": "file 0644 0:0 =C",
        "p/m": "dir 0755 0:0",
        "p/m/n": "dir 0710 3:4",
        "p/m/n/a": "file 0644 0:0 =A",
    }
    assert bench.from_stage(nodes, "m/./n", to="/", parents=True, owner="7:8", mode="0700")["n"] == "dir 0700 7:8"


def test_a_directory_that_comes_along_changes_the_mode_of_an_existing_one_and_nothing_else(bench: Workbench) -> None:
    source = bench.context({"srv": directory(mode=0o711), "srv/a": "A"})

    actual = bench.copy(source, "/./srv/a", to="/", parent=MemoryTree(BASE), parents=True)

    assert actual == {"srv": "dir 0711 33:34", "srv/a": "file 0644 0:0 =A"}
    assert bench.copy(source, "/./srv", to="/", parent=MemoryTree(BASE), parents=True)["srv"] == "dir 0711 0:0"


def test_names_of_owners_may_be_those_of_another_tree(bench: Workbench) -> None:
    op = operations.Copy(("a",), "/a", owner="node:staff", named_owner=True)
    bench.layer.mkdir(parents=True)

    copy(
        op, MemoryTree({}), bench.context({"a": ""}), into=bench.layer, link=False, extract=no_archive,
        names=MemoryTree(BASE),
    )  # fmt: skip

    assert shown(bench.layer) == {"a": "file 0644 1000:50 ="}


def test_a_pattern_may_match_nothing(bench: Workbench) -> None:
    actual = bench.copy(bench.context({"have": "x"}), "nosuch*", "have", to="/d/")

    assert actual == {"d": "dir 0755 0:0", "d/have": "file 0644 0:0 =x"}


def test_of_two_sources_for_one_name_the_last_wins(bench: Workbench) -> None:
    source = bench.context({"a/f": "first", "b/f": file("last", mode=0o600)})

    assert bench.copy(source, "a", "b", to="/d/")["d/f"] == "file 0600 0:0 =last"
    assert bench.digests == {"d/f": Digest.of(b"last")}


def test_a_link_that_is_named_is_followed_and_those_below_stay(bench: Workbench) -> None:
    source = bench.context(
        {"t/a": "A", "t/rel": link("a"), "t/gone": link("./missing"), "l": link("t"), "f": link("t/a")}
    )

    actual = bench.copy(source, "l", "f", to="/t/")

    assert actual == {
        "t": "dir 0755 0:0",
        "t/a": "file 0644 0:0 =A",
        "t/f": "file 0644 0:0 =A",
        "t/gone": "symlink 0:0 ->./missing",
        "t/rel": "symlink 0:0 ->a",
    }


def test_a_source_leads_through_links_of_its_own_tree(bench: Workbench) -> None:
    actual = bench.from_stage({"store/v1/f": "payload", "current": link("/store/v1")}, "current/f", to="/f")

    assert actual == {"f": "file 0644 0:0 =payload"}


# --- the tree that is copied into


def test_the_destination_leads_through_links_of_the_tree(bench: Workbench) -> None:
    tree = MemoryTree({**BASE, "app": link("/srv"), "note": link("etc/motd")})
    source = bench.context({"a": "A"})

    assert "usr/bin/a" in bench.copy(source, "a", to="/bin/", parent=tree)
    assert "srv/x/a" in bench.copy(source, "a", to="/app/x/a", parent=tree)
    assert "etc/motd" in bench.copy(source, "a", to="/note", parent=tree)


def test_directories_of_the_tree_appear_in_the_layer_as_they_are(bench: Workbench) -> None:
    bench.copy(bench.context({"d/a": "A"}), "d", to="/srv", parent=MemoryTree(BASE))

    entry = stacked(bench.layer).lstat("srv")

    assert entry == BASE["srv"].entry  # type: ignore[union-attr]


def test_the_root_of_the_layer_is_that_of_the_tree(bench: Workbench) -> None:
    tree = MemoryTree({"": directory(mode=0o711, uid=3, gid=4, mtime_ns=99)})

    bench.copy(bench.context({"a": "A"}), "a", to="/a", parent=tree)

    assert stacked(bench.layer).lstat("") == Entry("dir", 0o711, 3, 4, 0, 99)


def test_nested_directories_overwrite_those_of_the_tree(bench: Workbench) -> None:
    tree = MemoryTree({"app/d": directory(mode=0o700, uid=9, xattrs=(("user.old", b"1"),)), "app/d/keep": "k"})
    new = directory(mode=0o1775, uid=6, gid=7, mtime_ns=5, xattrs=(("user.new", b"2"),))

    bench.copy(bench.stage({"s/d": new}), "s", to="/app", parent=tree, fixed=True, keep_owner=True)

    expected = Entry("dir", 0o1775, 6, 7, 0, 5, xattrs=(("user.new", b"2"), ("user.old", b"1")))
    assert stacked(bench.layer).lstat("app/d") == expected


def test_a_file_replaces_a_link_below_the_destination(bench: Workbench) -> None:
    tree = MemoryTree({"d/a": link("/etc/passwd"), "etc/passwd": "x"})

    actual = bench.copy(bench.context({"a": "A"}), "a", to="/d/", parent=tree)

    assert actual == {"d": "dir 0755 0:0", "d/a": "file 0644 0:0 =A"}


def test_the_stacked_tree_holds_both(bench: Workbench) -> None:
    below = bench.make("below", {"app/old": "o", "app/same": "1"})

    bench.copy(bench.context({"same": "2", "new": "n"}), "", to="/app/", parent=stacked(below))

    view = stacked(below, bench.layer)
    assert {path: view.real_path(path).read_text() for path, entry in walk(view) if entry.kind == "file"} == {
        "app/old": "o",
        "app/same": "2",
        "app/new": "n",
    }


def test_a_directory_on_a_link_of_the_tree_is_an_error_that_names_it(bench: Workbench) -> None:
    error = raised(bench, {"rootfs/bin/hello.sh": ""}, "rootfs", to="/")

    assert error.message == "cannot copy directory onto /bin, which is a symbolic link to usr/bin"
    assert error.hint == (
        "copy what is in the directory with an instruction of its own: the link is followed in `COPY … /bin/`"
    )


@pytest.mark.parametrize(
    ("nodes", "source", "to", "message"),
    [
        ({"d/x": ""}, "d", "/file", "cannot copy to non-directory: /file"),
        ({"x": ""}, "x", "/file/", "cannot copy to non-directory: /file"),
        ({"x": ""}, "x", "/file/below", "cannot copy to non-directory: /file"),
        ({"d/file/x": ""}, "d", "/", "cannot copy to non-directory: /file"),
        ({"d/etc": ""}, "d", "/", 'cannot replace the directory "/etc" with a file'),
    ],
)
def test_files_and_directories_do_not_replace_each_other(
    bench: Workbench, nodes: Nodes, source: str, to: str, message: str
) -> None:
    error = raised(bench, nodes, source, to=to)

    assert error.message == message
    assert error.hint


@pytest.mark.parametrize("sources", [("one", "two"), ("?[nw]*",)])
def test_several_sources_need_a_directory(bench: Workbench, sources: tuple[str, ...]) -> None:
    error = raised(bench, {"one": "", "two": "", "three": ""}, *sources, to="/dest")

    assert error.message == "cannot copy 2 sources to /dest, which does not exist"
    assert error.hint == "write /dest/ to make it a directory"


def test_several_sources_are_no_file(bench: Workbench) -> None:
    error = raised(bench, {"one": "", "two": ""}, "one", "two", to="/file")

    assert error.message == "cannot copy 2 sources to /file, which is not a directory"


def test_the_contents_of_several_directories_make_a_new_one(bench: Workbench) -> None:
    actual = bench.copy(bench.context({"a/x": "", "b/y": ""}), "a", "b", to="/dest")

    assert list(actual) == ["dest", "dest/x", "dest/y"]


def test_a_missing_source_is_an_error(bench: Workbench) -> None:
    error = raised(bench, {"a.txt": ""}, "b.txt", to="/")

    assert isinstance(error, MissingSourceError)
    assert (error.message, error.hint) == ('"/b.txt" was not found', "did you mean a.txt?")


# --- owners and modes


def test_files_of_a_context_are_roots_and_those_of_a_stage_keep_their_owner(bench: Workbench) -> None:
    nodes = {"s/a": file("A", uid=5, gid=6), "s/l": link("a", uid=7, gid=8)}

    from_context = bench.copy(bench.context(nodes), "s", to="/")
    from_stage = bench.from_stage(nodes, "s", to="/")

    assert from_context == {"a": "file 0644 0:0 =A", "l": "symlink 0:0 ->a"}
    assert from_stage == {"a": "file 0644 5:6 =A", "l": "symlink 7:8 ->a"}


def test_chown_reaches_everything_that_is_copied_and_made(bench: Workbench) -> None:
    nodes = {"s/d/a": file("A", uid=5), "s/l": link("a")}

    actual = bench.from_stage(nodes, "s", to="/n1/n2", owner="node:staff", parent=MemoryTree(BASE))

    assert {line.split("=")[0].split()[-1] for line in actual.values() if "->" not in line} == {"1000:50"}
    assert actual["n1/n2/l"] == "symlink 1000:50 ->a"
    assert list(actual) == ["n1", "n1/n2", "n1/n2/d", "n1/n2/d/a", "n1/n2/l"]


def test_chown_leaves_directories_of_the_tree_alone(bench: Workbench) -> None:
    actual = bench.copy(bench.context({"a": ""}), "a", to="/srv/", owner="5", parent=MemoryTree(BASE))

    assert actual == {"srv": "dir 0750 33:34", "srv/a": "file 0644 5:5 ="}


def test_a_name_that_the_image_does_not_know_is_an_error(bench: Workbench) -> None:
    error = raised(bench, {"a": ""}, "a", to="/", owner="nobody")

    assert error.message == '--chown names the user "nobody", which /etc/passwd of the image does not have'


def test_an_octal_mode_reaches_files_directories_and_new_parents(bench: Workbench) -> None:
    source = bench.context({"f": "", "s/d/f": ""})

    assert bench.copy(source, "f", to="/n1/n2/f", mode="0715") == {
        "n1": "dir 0715 0:0",
        "n1/n2": "dir 0715 0:0",
        "n1/n2/f": "file 0715 0:0 =",
    }
    assert bench.copy(source, "s", to="/p", mode="4710") == {
        "p": "dir 0710 0:0",
        "p/d": "dir 4710 0:0",
        "p/d/f": "file 4710 0:0 =",
    }


def test_a_symbolic_mode_reaches_what_is_copied_but_no_new_parent(bench: Workbench) -> None:
    source = bench.context(
        {"s/d": directory(mode=0o700), "s/d/f": file(mode=0o600), "s/x": file(mode=0o700), "s/l": link("x")}
    )

    actual = bench.copy(source, "s", to="/p/q", mode="u=rwX,go=rX")

    assert actual == {
        "p": "dir 0755 0:0",
        "p/q": "dir 0755 0:0",
        "p/q/d": "dir 0755 0:0",
        "p/q/d/f": "file 0644 0:0 =",
        "p/q/l": "symlink 0:0 ->x",
        "p/q/x": "file 0755 0:0 =",
    }


def test_set_id_and_sticky_bits_are_kept_also_by_chown(bench: Workbench) -> None:
    nodes = {"s/su": file(mode=0o4755), "s/sg": file(mode=0o2750), "s/d": directory(mode=0o3777)}

    for options in ({}, {"owner": "7:8"}):
        actual = bench.from_stage(nodes, "s", to="/s", **options)
        assert [line.split()[1] for line in actual.values()] == ["0755", "3777", "2750", "4755"]


def test_files_below_a_set_gid_directory_keep_their_own_group(bench: Workbench) -> None:
    nodes = {"s/d": directory(mode=0o2775, gid=50), "s/d/f": file(gid=0), "s/d/e": directory(mode=0o755)}

    actual = bench.from_stage(nodes, "s", to="/s")

    assert (actual["s/d/f"], actual["s/d/e"]) == ("file 0644 0:0 =", "dir 0755 0:0")


def test_the_umask_does_not_matter(bench: Workbench) -> None:
    before = os.umask(0o077)
    try:
        actual = bench.copy(bench.context({"c": file(mode=0o666)}), "c", to="/newdir/c")
    finally:
        os.umask(before)

    assert actual == {"newdir": "dir 0755 0:0", "newdir/c": "file 0666 0:0 ="}


CAPABILITY = ("security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))


@pytest.mark.parametrize("options", [{}, {"owner": "5:6"}, {"mode": "0700"}])
def test_attributes_and_capabilities_are_kept(bench: Workbench, options: dict[str, object]) -> None:
    nodes = {"tool": file("x", mode=0o755, xattrs=(CAPABILITY, ("user.note", b"hi")))}

    bench.from_stage(nodes, "tool", to="/tool", **options)

    entry = stacked(bench.layer).lstat("tool")
    assert entry
    assert entry.xattrs == (CAPABILITY, ("user.note", b"hi"))


def test_times_are_kept_to_the_nanosecond_and_what_is_made_has_none(bench: Workbench) -> None:
    nodes = {
        "s": directory(mtime_ns=10**18 + 1),
        "s/f": file(mtime_ns=10**18 + 2),
        "s/l": link("f", mtime_ns=10**18 + 3),
        "s/d": directory(mtime_ns=10**18 + 4),
        "s/d/g": file(mtime_ns=10**18 + 5),
    }

    bench.copy(bench.context(nodes), "s", to="/p/q")

    times = {path: entry.mtime_ns - 10**18 for path, entry in walk(stacked(bench.layer)) if entry.mtime_ns}
    assert times == {"p/q/f": 2, "p/q/l": 3, "p/q/d": 4, "p/q/d/g": 5}


# --- kinds of files


def test_pipes_devices_and_sockets_of_a_stage_are_copied(bench: Workbench) -> None:
    nodes: dict[str, Node | str] = {
        "s/pipe": Node(Entry("fifo", 0o640, 1, 2, 0, 0)),
        "s/null": Node(Entry("char", 0o666, 0, 0, 0, 0, device=(1, 3))),
        "s/loop": Node(Entry("block", 0o660, 0, 6, 0, 0, device=(7, 0))),
        "s/sock": Node(Entry("socket", 0o755, 0, 0, 0, 0)),
    }

    actual = bench.from_stage(nodes, "s", to="/s")

    assert actual == {
        "s": "dir 0755 0:0",
        "s/loop": "block 0660 0:6",
        "s/null": "char 0666 0:0",
        "s/pipe": "fifo 0640 1:2",
        "s/sock": "socket 0755 0:0",
    }
    null = stacked(bench.layer).lstat("s/null")
    assert null
    assert null.device == (1, 3)


def test_a_socket_of_a_context_becomes_an_empty_file(bench: Workbench) -> None:
    actual = bench.copy(bench.context({"s": Node(Entry("socket", 0o755, 0, 0, 0, 0))}), "s", to="/s")

    assert actual == {"s": "file 0755 0:0 ="}
    assert bench.digests == {"s": Digest.of(b"")}


def test_a_device_that_means_a_deletion_is_not_copied(bench: Workbench) -> None:
    error = raised(bench, {"d/gone": Node(Entry("char", 0, 0, 0, 0, 0))}, "d", to="/x/")

    assert error.message == 'cannot copy the device 0:0 to "/x/gone": it means a deletion in layers'
    assert error.hint == "leave it out of the source"


def inodes(layer: Path) -> dict[str, int]:
    names = {path: (layer / path).lstat().st_ino for path, entry in walk(stacked(layer)) if entry.kind == "file"}
    order = sorted(set(names.values()), key=lambda inode: min(path for path in names if names[path] == inode))
    return {path: order.index(inode) for path, inode in names.items()}


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("mode", ["", "0600"])
def test_hard_links_within_one_copy_stay_hard_links(bench: Workbench, fixed: bool, mode: str) -> None:
    nodes: dict[str, Node | str] = {
        "s/due": file("data", node=1),
        "s/other": "data",
        "s/sub/tre": file("data", node=1),
        "s/uno": file("data", node=1),
    }
    source = bench.stage(nodes) if fixed else bench.context(nodes)

    bench.copy(source, "s", to="/s", fixed=fixed, mode=mode)

    assert inodes(bench.layer) == {"s/due": 0, "s/other": 1, "s/sub/tre": 0, "s/uno": 0}
    assert bench.digests == dict.fromkeys(inodes(bench.layer), Digest.of(b"data"))


def test_one_of_several_names_is_a_file_of_its_own(bench: Workbench) -> None:
    source = bench.context({"afile": file("123", node=1), "zlink": file("123", node=1)})

    assert bench.copy(source, "zlink", to="/out") == {"out": "file 0644 0:0 =123"}
    assert (bench.layer / "out").stat().st_nlink == 1


def test_a_hard_link_is_not_made_to_what_has_replaced_its_first_name(bench: Workbench) -> None:
    source = bench.context({"a/f": file("one", node=1), "b/f": "two", "c/g": file("one", node=1)})

    actual = bench.copy(source, "a", "b", "c", to="/x/")

    assert (actual["x/f"], actual["x/g"]) == ("file 0644 0:0 =two", "file 0644 0:0 =one")


def test_files_of_a_stage_are_linked_where_nothing_changes(bench: Workbench) -> None:
    nodes = {"s/a": file("A", uid=5, mode=0o640, mtime_ns=3)}

    bench.from_stage(nodes, "s", to="/s")
    linked = (bench.layer / "s/a").samefile(bench.root / "stage/s/a")
    bench.copy(stacked(bench.root / "stage"), "s", to="/s", fixed=True, keep_owner=True, owner="6")
    copied = (bench.layer / "s/a").samefile(bench.root / "stage/s/a")

    assert (linked, copied) == (True, False)
    assert shown(bench.root / "stage")["s/a"] == "file 0640 5:0 =A"


def test_files_of_a_context_are_never_linked(bench: Workbench) -> None:
    bench.copy(bench.context({"a": "A"}), "a", to="/a")

    assert not (bench.layer / "a").samefile(bench.root / "context/a")


def test_names_that_share_a_file_only_because_of_earlier_copies_do_not_become_links(bench: Workbench) -> None:
    below = bench.make("below", {"one": "x"})
    above = bench.make("above", {})
    os.link(below / "one", above / "two")

    bench.copy(stacked(below, above), "", to="/", fixed=True, keep_owner=True)

    assert inodes(bench.layer) == {"one": 0, "two": 1}


@pytest.mark.parametrize("fixed", [True, False])
def test_a_link_that_something_else_made_changes_nothing_in_a_copy(bench: Workbench, fixed: bool) -> None:
    nodes: dict[str, Node | str] = {"s/d/f": "x", "s/d/g": file("y", node=1), "s/d/h": file("y", node=1)}
    source = bench.stage(nodes) if fixed else bench.context(nodes)
    bench.copy(source, "s", "s/d", to="/out/", fixed=fixed)
    before = inodes(bench.layer)
    place = source.real_path("s/d/f")
    os.link(place, bench.root / "elsewhere")
    source = stacked(bench.root / "stage") if fixed else bench.context({})

    bench.copy(source, "s", "s/d", to="/out/", fixed=fixed)

    assert inodes(bench.layer) == before
    assert before == {"out/d/f": 0, "out/d/g": 1, "out/d/h": 1, "out/f": 2, "out/g": 3, "out/h": 3}


def test_a_large_file_is_copied_whole(bench: Workbench) -> None:
    data = os.urandom(3 << 20)

    source = bench.stage({"a": file(data)})
    bench.copy(source, "a", to="/a", fixed=True, mode="0600")

    assert (bench.layer / "a").read_bytes() == data
    assert bench.digests == {"a": Digest.of(data)}


def test_names_that_are_no_text_and_long_paths_are_copied(bench: Workbench) -> None:
    deep = "/".join(["p" * 60] * 5)
    actual = bench.copy(bench.context({"t/\udcff": "x", f"t/{deep}/f": "y"}), "t", to="/t/")

    assert (actual["t/\udcff"], actual[f"t/{deep}/f"]) == ("file 0644 0:0 =x", "file 0644 0:0 =y")


# --- files that stand in the Dockerfile


def test_a_heredoc_becomes_a_file(bench: Workbench) -> None:
    files = (operations.InlineFile("robots.txt", "User-agent: *\n"),)

    into = bench.copy(None, to="/app/", files=files)
    renamed = bench.copy(None, to="/app/x", files=files, owner="5:6", mode="0711")

    assert into == {"app": "dir 0755 0:0", "app/robots.txt": "file 0644 0:0 =User-agent: *\n"}
    assert renamed == {"app": "dir 0711 5:6", "app/x": "file 0711 5:6 =User-agent: *\n"}
    assert bench.digests == {"app/x": Digest.of(b"User-agent: *\n")}
    assert (bench.layer / "app/x").stat().st_mtime_ns == 0


def test_heredocs_count_as_sources(bench: Workbench) -> None:
    files = (operations.InlineFile("a", ""), operations.InlineFile("b", ""))

    with pytest.raises(StagemillError) as caught:
        bench.copy(bench.context({}), to="/dest", files=files)

    assert caught.value.message == "cannot copy 2 sources to /dest, which does not exist"


# --- what goes wrong on disk


def test_a_file_that_changed_since_its_digest_was_taken_is_an_error(bench: Workbench) -> None:
    source = bench.context({"d/a": "A"})
    source.digest("d/a")
    (bench.root / "context/d/a").write_text("B")

    with pytest.raises(ContextError) as caught:
        bench.copy(source, "d", to="/")

    assert caught.value.message == '"/d/a" of the build context changed while it was being copied'
    assert caught.value.hint == "build again"


def test_a_file_that_became_a_link_is_not_followed(bench: Workbench) -> None:
    source = bench.context({"a": "A"})
    source.digest("a")
    (bench.root / "context/a").unlink()
    (bench.root / "context/a").symlink_to("/etc/passwd")

    with pytest.raises(ContextError) as caught:
        bench.copy(source, "a", to="/")

    assert caught.value.message == '"/a" of the build context changed while it was being copied'


def test_a_layer_that_lost_bytes_is_noticed(bench: Workbench) -> None:
    source = bench.stage({"a": "AAAA"})
    source.digest("a")
    source.lstat("a")
    os.truncate(bench.root / "stage/a", 2)

    with pytest.raises(CorruptError) as caught:
        bench.copy(source, "a", to="/", fixed=True, mode="0600")

    assert caught.value.message == f"{bench.root}/stage/a has 2 bytes, its layer says 4"
    assert caught.value.hint == "run `stagemill store check`, then build again"


def test_a_layer_that_cannot_be_written_is_an_error_without_a_traceback(bench: Workbench) -> None:
    with pytest.raises(StoreError) as caught:
        bench.copy(bench.context({"d/a": ""}), "d", to=f"/{'x' * 300}")

    assert caught.value.message == f'cannot write "/{"x" * 300}" of the new layer: File name too long'


def test_a_full_disk_is_an_error_that_says_what_to_do(bench: Workbench) -> None:
    actual = explained(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/store/fs/a/b"), Path("/store/fs"))

    assert actual.message == 'cannot write "/a/b" of the new layer: No space left on device'
    assert actual.hint == "free some space, or put the store elsewhere with STAGEMILL_ROOT"


def test_a_layer_that_cannot_be_read_is_an_error_that_names_the_file(bench: Workbench) -> None:
    actual = explained(OSError(errno.EIO, os.strerror(errno.EIO), "/store/other/a"), Path("/store/fs"))

    assert actual.message == "cannot read /store/other/a: Input/output error"
    assert actual.hint == "run `stagemill store check`, then build again"


def refuse(*_args: object, **_options: object) -> int:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_what_the_file_system_cannot_link_or_copy_itself_is_copied_by_hand(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = bench.stage({"a": file("A" * 5000)})
    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "copy_file_range", refuse)

    actual = bench.copy(source, "a", to="/a", fixed=True, keep_owner=True)

    assert actual == {"a": f"file 0644 0:0 ={'A' * 5000}"}
    assert not (bench.layer / "a").samefile(bench.root / "stage/a")


def test_a_device_in_a_user_namespace_is_an_error_that_says_why(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = bench.stage({"d/null": Node(Entry("char", 0o666, 0, 0, 0, 0, device=(1, 3)))})
    monkeypatch.setattr(os, "mknod", refuse)

    with pytest.raises(StagemillError) as caught:
        bench.copy(source, "d", to="/d", fixed=True)

    assert caught.value.message == 'cannot make the device node "/d/null": a user namespace may not make any'
    assert caught.value.hint == "build as root"


def test_a_file_that_another_source_replaces_is_the_later_one(bench: Workbench) -> None:
    view = bench.context({"one/a": "first", "two/a": "second", "one/b": "b"})

    assert bench.copy(view, "one/", "two/", to="/into/") == {
        "into": "dir 0755 0:0",
        "into/a": "file 0644 0:0 =second",
        "into/b": "file 0644 0:0 =b",
    }
