"""Files that are on their way are in the layer after `wait`, and what cannot be had so is left to the caller."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.execute.soon import Sent, Soon
from stagemill.files.crew import Crew
from stagemill.files.view import Entry

FILES = 3_000
"""So many that it is worth a process to copy them."""
ENTRY = Entry("file", 0o640, os.geteuid(), os.getegid(), 1, 1_700_000_000_123_456_789)


class Desk:
    """A directory to copy from, one to copy into, and what was left."""

    def __init__(self, root: Path, crew: Crew) -> None:
        self.source, self.into, self.earlier = root / "source", root / "into", root / "earlier"
        for folder in (self.source, self.into, self.earlier):
            folder.mkdir()
        self.crew = crew
        self.left: list[str] = []

    def send(self, *paths: str, entry: Entry = ENTRY, twin: str = "") -> None:
        with self.crew.hired() as hands:
            soon = Soon(os.fspath(self.into), hands, lambda sent: self.left.append(sent.path))
            for path in paths:
                digest = Digest.of(path[-1].encode())
                soon.put(Sent(os.fspath(self.source), path, path, entry, digest, path, twin))
            soon.wait()

    @property
    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in self.into.iterdir()}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Crew(1) as crew:
        yield Desk(tmp_path, crew)


def test_files_come_in_two_processes_as_in_one(desk: Desk) -> None:
    names = [str(number) for number in range(FILES)]
    for name in names:
        (desk.source / name).write_text(name[-1])

    desk.send(*names)

    assert desk.files == {name: name[-1] for name in names}
    assert desk.left == []
    status = os.stat(desk.into / "7")
    assert (status.st_mode & 0o7777, status.st_mtime_ns) == (ENTRY.mode, ENTRY.mtime_ns)


def test_what_comes_after_a_file_that_changed_is_left(desk: Desk) -> None:
    for name in "abc":
        (desk.source / name).write_text(name)
    (desk.source / "b").write_text("B")

    desk.send("a", "b", "c")

    assert (desk.files, desk.left) == ({"a": "a"}, ["b", "c"])


def test_a_twin_is_linked(desk: Desk) -> None:
    (desk.earlier / "a").write_text("a")

    desk.send("a", "b", twin=os.fspath(desk.earlier))

    assert (desk.into / "a").samefile(desk.earlier / "a")
    assert (desk.files, desk.left) == ({"a": "a"}, ["b"])


@pytest.mark.parametrize(
    ("change", "plain"),
    [
        ({}, True),
        ({"xattrs": (("user.note", b"x"),)}, False),
        ({"node": (1, 2)}, False),
        ({"mtime_ns": -1}, False),
        ({"mtime_ns": 1 << 62}, False),
    ],
)
def test_a_file_is_plain_that_has_bytes_owner_mode_and_time(change: dict[str, object], plain: bool) -> None:
    entry = replace(ENTRY, **change)  # type: ignore[arg-type]

    assert Sent("/", "a", "a", entry, Digest.of(b""), "a").is_plain is plain


@pytest.mark.skipif(os.geteuid() != 0, reason="owners need root")
def test_each_file_has_its_own_owner(desk: Desk) -> None:
    for name in "ab":
        (desk.source / name).write_text(name)

    desk.send("a", entry=replace(ENTRY, uid=12, gid=34))
    desk.send("b")

    assert [os.stat(desk.into / name).st_uid for name in "ab"] == [12, 0]
