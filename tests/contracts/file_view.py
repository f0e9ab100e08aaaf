"""What every `FileView` keeps. A test module derives `FileViewContract` and gives one fixture.

`make` turns a table as in `fakes.tree` into a view of it. Owners are not looked at: a context's are always 0:0.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from fakes.tree import Node, directory, file, link
from stagemill.digest import Digest
from stagemill.files.view import Entry, FileView, Foreseeing, Listing
from stagemill.files.walk import walk

Make: TypeAlias = Callable[[Mapping[str, Node | str]], FileView]

SOME: dict[str, Node | str] = {
    "bin/sh": file("shell", mode=0o4755, mtime_ns=1_700_000_000_123_456_789),
    "etc/motd": "hello\n",
    "etc/empty": "",
    "lib": link("usr/lib"),
    "usr/lib/libc": "library",
    "tmp": directory(mode=0o1777, mtime_ns=7_000_000_000),
}


class FileViewContract:
    def test_the_root_is_a_directory(self, make: Make) -> None:
        root = make(SOME).lstat("")

        assert root is not None
        assert (root.kind, root.size, root.target, root.node) == ("dir", 0, "", None)

    def test_an_empty_tree_has_its_root_and_nothing_else(self, make: Make) -> None:
        assert [path for path, _ in walk(make({}))] == [""]

    def test_a_file_has_its_mode_size_and_time(self, make: Make) -> None:
        assert make(SOME).lstat("bin/sh") == Entry("file", 0o4755, 0, 0, 5, 1_700_000_000_123_456_789)

    def test_a_directory_has_its_mode_and_time_and_no_size(self, make: Make) -> None:
        assert make(SOME).lstat("tmp") == Entry("dir", 0o1777, 0, 0, 0, 7_000_000_000)

    def test_a_symlink_is_not_followed(self, make: Make) -> None:
        entry = make({**SOME, "lib": link("usr/lib", mtime_ns=9)}).lstat("lib")

        assert entry == Entry("symlink", 0o777, 0, 0, 0, 9, target="usr/lib")

    def test_below_a_symlink_is_nothing(self, make: Make) -> None:
        view = make(SOME)

        assert view.lstat("lib/libc") is None
        assert view.listdir("lib") == []

    def test_a_fifo_is_a_fifo(self, make: Make) -> None:
        entry = make({"run/pipe": Node(Entry("fifo", 0o640, 0, 0, 0, 3))}).lstat("run/pipe")

        assert entry == Entry("fifo", 0o640, 0, 0, 0, 3)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
    def test_a_device_has_its_numbers(self, make: Make) -> None:
        entry = make({"dev/null": Node(Entry("char", 0o666, 0, 0, 0, 3, device=(1, 3)))}).lstat("dev/null")

        assert entry == Entry("char", 0o666, 0, 0, 0, 3, device=(1, 3))

    @pytest.mark.parametrize("path", ["nothing", "etc/nothing", "nothing/at/all", "etc/motd/below"])
    def test_where_nothing_is_there_is_no_entry_and_no_name(self, make: Make, path: str) -> None:
        view = make(SOME)

        assert (view.lstat(path), view.listdir(path)) == (None, [])

    def test_a_file_has_no_names_in_it(self, make: Make) -> None:
        assert make(SOME).listdir("etc/motd") == []

    def test_names_are_sorted_by_their_code_points(self, make: Make) -> None:
        names = ["B", "a", "a-b", "a.b", "a0", "aa", "ä", "日"]

        view = make({f"d/{name}": "" for name in reversed(names)})

        assert view.listdir("d") == names

    def test_the_root_lists_what_is_directly_in_it(self, make: Make) -> None:
        assert make(SOME).listdir("") == ["bin", "etc", "lib", "tmp", "usr"]

    def test_names_that_are_no_utf_8_are_names_like_others(self, make: Make) -> None:
        name = os.fsdecode(b"caf\xe9")

        view = make({f"d/{name}": "bitter"})

        entry = view.lstat(f"d/{name}")
        assert view.listdir("d") == [name]
        assert entry is not None
        assert entry.size == 6

    @pytest.mark.parametrize(("path", "data"), [("etc/motd", b"hello\n"), ("etc/empty", b"")])
    def test_the_digest_is_that_of_the_bytes(self, make: Make, path: str, data: bytes) -> None:
        assert make(SOME).digest(path) == Digest.of(data)

    def test_files_can_be_read_where_they_really_are(self, make: Make) -> None:
        view = make(SOME)

        assert view.real_path("usr/lib/libc").read_bytes() == b"library"
        assert view.digest("usr/lib/libc") == Digest.of(view.real_path("usr/lib/libc").read_bytes())

    def test_paths_that_are_hard_links_of_each_other_say_so(self, make: Make) -> None:
        twin = file("same", node="twin")

        view = make({"a": twin, "d/b": twin, "alone": "same"})

        first, second, alone = (view.lstat(path) for path in ("a", "d/b", "alone"))
        assert first is not None
        assert first == second
        assert first.node is not None
        assert alone is not None
        assert alone.node is None

    def test_extended_attributes_are_sorted_by_name(self, make: Make) -> None:
        given = (("user.a", b"1"), ("user.b", b"\0\xff"))

        entry = make({"f": file("x", xattrs=given)}).lstat("f")

        assert entry is not None
        assert entry.xattrs == given

    def test_what_is_asked_twice_is_answered_twice(self, make: Make) -> None:
        view = make(SOME)

        first = [(path, view.listdir(path)) for path, _ in walk(view)]
        second = [(path, view.listdir(path)) for path, _ in walk(view)]

        assert first == second

    def test_a_walk_meets_every_path_once_and_parents_first(self, make: Make) -> None:
        paths = [path for path, _ in walk(make(SOME))]

        expected = ["", "bin", "bin/sh", "etc", "etc/empty", "etc/motd", "lib", "tmp", "usr", "usr/lib", "usr/lib/libc"]
        assert paths == expected

    def test_a_deep_path_can_be_asked_for_at_once(self, make: Make) -> None:
        deep = "/".join(["d"] * 200)

        view = make({f"{deep}/f": "deep"})

        assert view.digest(f"{deep}/f") == Digest.of(b"deep")
        assert view.listdir(deep) == ["f"]

    def test_one_that_lists_folders_lists_what_can_be_asked_for(self, make: Make) -> None:
        view = make(SOME)
        if not isinstance(view, Listing):
            return

        for folder in "", "etc", "bin/sh", "lib", "nothing":
            prefix = f"{folder}/" if folder else ""
            names = [f"{prefix}{name}" for name in view.listdir(folder)]
            assert list(view.children(folder)) == [(path, view.lstat(path)) for path in names]

    def test_one_that_foresees_has_the_same_digests(self, make: Make) -> None:
        view = make(SOME)
        if not isinstance(view, Foreseeing):
            return
        files = [path for path, entry in walk(view) if entry.kind == "file"]

        with view.foreseeing() as foresight:
            before = [foresight.expect(path) for path in files]
            found = [foresight.digest(path) for path in files]
            after = [foresight.expect(path) for path in files]

        assert found == after == [Digest.of(view.real_path(path).read_bytes()) for path in files]
        assert {*before} <= {None, *found}
