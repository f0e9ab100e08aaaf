from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pytest

from fakes.clocks import next_tick
from fakes.memo import MemoryMemo
from fakes.stats import MemoryStats
from stagemill.context.directory import DirectoryContext
from stagemill.context.ignore import IgnoreRules
from stagemill.context.memory import Memory
from stagemill.context.seen import MOST_YOUNG
from stagemill.digest import Digest
from stagemill.files.content import content
from stagemill.files.walk import walk
from stagemill.graph.vertex import Selection

LONG_AFTER = 1 << 62
ALL = Selection(("",))


class Builds:
    """Builds of one directory after each other; each looks at what it selects and remembers that."""

    def __init__(self, root: Path, *ignored: str, started_ns: int = LONG_AFTER) -> None:
        self.memo = MemoryMemo()
        self.stats = MemoryStats()
        self.rules = IgnoreRules.parse("\n".join(ignored), ".dockerignore") if ignored else None
        self._root = root
        self._started_ns = started_ns

    def begin(self) -> tuple[DirectoryContext, Memory]:
        view = DirectoryContext(self._root, ignore=self.rules, stats=self.stats, started_ns=self._started_ns)
        return view, Memory(view, self.memo, ignore=self.rules)

    def look(self, *selects: Selection) -> bool:
        """Whether all of it was recalled; what was not is what it would have been without a memory."""
        view, memory = self.begin()
        fresh, _ = self.begin()
        recalled = []
        for select in selects or (ALL,):
            found = memory.recalled(select)
            recalled.append(found is not None)
            if found is None:
                found = content(view, select, owners=False)
                memory.keep(select, found)
            expected = content(fresh, select, owners=False)
            assert (found.digest, found.empty) == (expected.digest, expected.empty)
            assert found.parts == expected.parts
        assert list(walk(view)) == list(walk(fresh))
        memory.save()
        return all(recalled)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in "a", "src/b", "src/deep/c", "src/x.log", "out/d":
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "link").symlink_to("src")
    return tmp_path


def test_what_did_not_change_is_recalled_and_no_file_is_read(root: Path) -> None:
    builds = Builds(root)

    first = builds.look()
    builds.stats.known.clear()
    view, memory = builds.begin()
    recalled = memory.recalled(ALL)

    assert (first, recalled and recalled.digest) == (False, content(view, ALL, owners=False).digest)


def replaced_by_link(root: Path) -> None:
    (root / "src").rename(root / "elsewhere")
    (root / "src").symlink_to("elsewhere")


def pointed_elsewhere(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").symlink_to("a")


def folder_for_file(root: Path) -> None:
    (root / "a").unlink()
    (root / "a").mkdir()


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file": lambda root: (root / "src/deep/c").write_text("other"),
    "a file, to the same size and time": lambda root: rewritten(root / "src/b"),
    "a mode": lambda root: (root / "src/b").chmod(0o755),
    "an attribute": lambda root: os.setxattr(root / "src/b", "user.a", b"b"),
    "a new file": lambda root: (root / "src/deep/new").write_text(""),
    "a new folder": lambda root: (root / "new").mkdir(),
    "a file that is gone": lambda root: (root / "a").unlink(),
    "a folder that is gone": lambda root: rmtree(root / "src"),
    "a folder that is a link": replaced_by_link,
    "a link": pointed_elsewhere,
    "a file that is a folder": folder_for_file,
}


def rewritten(file: Path) -> None:
    before = file.stat()
    file.write_text(file.read_text().upper())
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("ignored", [(), ("out", "*.log"), ("src", "!src/deep")], ids=["all", "ignored", "exceptions"])
def test_what_changed_is_found_out(root: Path, change: str, ignored: tuple[str, ...]) -> None:
    builds = Builds(root, *ignored)
    builds.look()
    assert builds.look()

    next_tick(root.parent)
    CHANGES[change](root)

    assert builds.look() is (
        ignored[:1] == ("src",) and change in {"a file, to the same size and time", "a mode", "an attribute"}
    )
    assert builds.look()


def test_what_is_left_out_may_change(root: Path) -> None:
    builds = Builds(root, "out", "**/*.log")
    builds.look()

    (root / "out/new").write_text("")
    (root / "src/x.log").write_text("more")

    assert builds.look()


def test_other_rules_are_another_directory(root: Path) -> None:
    builds = Builds(root)
    builds.look()

    builds.rules = IgnoreRules.parse("out", ".dockerignore")

    assert (builds.look(), builds.look()) == (False, True)


def test_an_exception_that_appears_in_a_folder_that_is_left_out_is_noticed(root: Path) -> None:
    builds = Builds(root, "out", "!out/keep")
    builds.look()

    (root / "out/keep").write_text("kept")

    assert (builds.look(), builds.look()) == (False, True)


def test_folders_that_nobody_asked_for_are_not_looked_at(root: Path) -> None:
    builds = Builds(root)
    src = Selection(("src",))
    view, memory = builds.begin()
    memory.keep(src, content(view, src, owners=False))
    memory.save()

    (root / "out/new").write_text("")

    assert builds.begin()[1].recalled(src)


def test_what_is_asked_later_is_remembered_beside_the_rest(root: Path) -> None:
    builds = Builds(root)
    src, nothing = Selection(("src",)), Selection(("src/*.none",))
    builds.look(src)

    assert builds.look(src, nothing) is False
    assert builds.look(nothing, src)


def test_a_file_that_may_have_changed_within_the_same_tick_is_read_again(root: Path) -> None:
    builds = Builds(root, started_ns=0)
    builds.look()
    same = builds.begin()[1].recalled(ALL)

    # As if it had held something else, which `stat` did not tell apart.
    builds.memo.body = builds.memo.body.replace(Digest.of(b"a").encode(), Digest.of(b"b").encode())

    assert (same is not None, builds.begin()[1].recalled(ALL)) == (True, None)


def test_the_value_is_the_same_for_as_long_as_nothing_changes(root: Path) -> None:
    builds = Builds(root, "out")
    view, memory = builds.begin()
    memory.keep(ALL, content(view, ALL, owners=False))

    first = memory.save()
    values = {builds.begin()[1].value, builds.begin()[1].save()}
    (root / "a").write_text("other")

    assert (first is not None, values) == (True, {first})
    assert builds.begin()[1].value is None


def test_after_saving_it_is_what_was_saved_that_is_recalled(root: Path) -> None:
    builds = Builds(root)
    builds.look()
    (root / "a").write_text("other")
    view, memory = builds.begin()
    now = content(view, ALL, owners=False)
    memory.keep(ALL, now)

    memory.save()
    recalled = memory.recalled(ALL)

    assert (recalled and recalled.digest, memory.save()) == (now.digest, memory.value)


def test_nothing_is_written_where_nothing_was_found_out(root: Path) -> None:
    builds = Builds(root)
    builds.look()
    written = builds.memo.written

    builds.look()
    builds.begin()[1].save()

    assert builds.memo.written == written


def test_nothing_is_remembered_of_more_young_files_than_can_be_read_each_time(root: Path) -> None:
    for number in range(MOST_YOUNG + 1):
        (root / f"young{number}").touch()
    builds = Builds(root, started_ns=0)

    builds.look()

    assert (builds.memo.written, builds.look()) == (0, False)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"[1", b'{"rules":"","folders":[1],"young":{},"xattrs":{},"found":{}}'])
def test_what_cannot_be_understood_is_forgotten(root: Path, body: bytes) -> None:
    builds = Builds(root)
    builds.memo.body = body

    assert (builds.look(), builds.look()) == (False, True)


def test_what_is_forgotten_for_an_exception_is_looked_at_anew(root: Path) -> None:
    builds = Builds(root, "out", "!out/keep")
    builds.look()
    (root / "src/deep/new").write_text("")

    view, memory = builds.begin()
    recalled = memory.recalled(ALL)
    memory.keep(ALL, content(view, ALL, owners=False))
    memory.save()

    assert recalled is None
    assert {path: list(hidden) for path, hidden in view.looked_at.items() if hidden} == {"": ["out"], "out": ["d"]}
    assert builds.look()
