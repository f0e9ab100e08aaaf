"""Digests that are read ahead are the same ones, and what cannot be read is an error only when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.stats import MemoryStats
from stagemill.context.directory import DirectoryContext
from stagemill.digest import Digest
from stagemill.errors import ContextError
from stagemill.files.content import content
from stagemill.files.crew import Crew
from stagemill.graph.vertex import Selection

LONG_AFTER = 1 << 62
FILES = 3_000
"""So many that it is worth a process to read them."""


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(1) as found:
        yield found


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("many")
    for number in range(FILES):
        folder = root / f"part{number // 100}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.txt").write_text(f"file {number}")
    return root


def opened(root: Path, crew: Crew | None = None, *, stats: MemoryStats | None = None) -> DirectoryContext:
    return DirectoryContext(root, ignore=None, stats=stats or MemoryStats(), started_ns=LONG_AFTER, crew=crew)


def test_two_processes_find_what_one_finds(many: Path, crew: Crew) -> None:
    stats, all_files = MemoryStats(), Selection(("",))
    alone = content(opened(many), all_files, owners=False)

    together = content(opened(many, crew, stats=stats), all_files, owners=False)

    assert (together.digest, together.parts) == (alone.digest, alone.parts)
    assert len(stats.known) == FILES


def test_what_is_remembered_is_not_read(many: Path, crew: Crew) -> None:
    stats = MemoryStats()
    content(opened(many, stats=stats), Selection(("",)), owners=False)

    view = opened(many, crew, stats=stats)
    with view.foreseeing() as foresight:
        known = foresight.expect("part0/7.txt")

    assert (known, stats.hits) == (Digest.of(b"file 7"), 1)


def test_a_file_that_is_asked_for_at_once_is_there(many: Path, crew: Crew) -> None:
    with opened(many, crew).foreseeing() as foresight:
        assert foresight.expect("part0/7.txt") is None

        assert foresight.digest("part0/7.txt") == Digest.of(b"file 7")


def test_a_file_that_changed_meanwhile_is_an_error(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_text(name)
    view = opened(tmp_path)
    with view.foreseeing() as foresight:
        for name in "abc":
            foresight.expect(name)
        os.utime(tmp_path / "b", ns=(0, 0))

        assert foresight.digest("a") == Digest.of(b"a")
        assert foresight.digest("c") == Digest.of(b"c")
        with pytest.raises(ContextError) as caught:
            foresight.digest("b")

    assert caught.value.message == '"/b" of the build context changed while it was read'
    assert caught.value.hint == "build again"
