"""What a build has read of its context makes the same survey as a walk through it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.stats import MemoryStats
from stagemill.cli.again import looked
from stagemill.cli.again.forms import Looked
from stagemill.cli.again.looked import UnrepeatableError
from stagemill.cli.again.survey import Survey
from stagemill.context.directory import DirectoryContext
from stagemill.context.ignore import IgnoreRules
from stagemill.files.walk import walk
from stagemill.plan.request import FileContext

LONG_AFTER = 1 << 62


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in "a", "src/b", "src/deep/c", "src/x.log", "out/d", "out/keep":
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "link").symlink_to("src")
    return tmp_path


def read(root: Path, *ignored: str) -> FileContext:
    rules = IgnoreRules.parse("\n".join(ignored), ".dockerignore") if ignored else None
    view = DirectoryContext(root, ignore=rules, stats=MemoryStats(), started_ns=LONG_AFTER)
    assert list(walk(view))
    return FileContext(view)


def now(found: Looked) -> str:
    return Survey(found["root"], found["directories"], frozenset(found["hidden"])).digest


@pytest.mark.parametrize("ignored", [(), ("out", "**/*.log"), ("out", "!out/keep")])
def test_a_walk_finds_what_the_build_has_read(root: Path, ignored: tuple[str, ...]) -> None:
    found = looked.context(read(root, *ignored), began_ns=LONG_AFTER)

    assert now(found) == found["digest"]


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file": lambda root: (root / "src/deep/c").write_text("other"),
    "a new file": lambda root: (root / "src/new").touch(),
    "a mode": lambda root: (root / "src/b").chmod(0o755),
    "the mode of a directory": lambda root: (root / "src/deep").chmod(0o700),
    "an attribute of a directory": lambda root: os.setxattr(root / "src/deep", "user.a", b"other"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_since_is_noticed(root: Path, change: str) -> None:
    os.setxattr(root / "src/deep", "user.a", b"one")
    found = looked.context(read(root), began_ns=LONG_AFTER)

    CHANGES[change](root)

    assert now(found) != found["digest"]


def test_what_changed_after_it_was_read_is_noticed_too(root: Path) -> None:
    context = read(root)
    (root / "a").write_text("other")

    found = looked.context(context, began_ns=LONG_AFTER)

    assert now(found) != found["digest"]


def test_of_attributes_that_changed_while_it_was_built_there_is_no_receipt(root: Path) -> None:
    context = read(root)
    os.setxattr(root / "src/deep", "user.a", b"other")

    with pytest.raises(UnrepeatableError):
        looked.context(context, began_ns=LONG_AFTER)


def test_of_files_that_changed_just_before_there_is_no_receipt(root: Path) -> None:
    with pytest.raises(UnrepeatableError):
        looked.context(read(root), began_ns=(root / "a").stat().st_ctime_ns)
