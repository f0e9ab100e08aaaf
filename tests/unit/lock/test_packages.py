"""Which files of a context lock packages, and which only look as if they did."""

from __future__ import annotations

import pytest

from fakes.planning import planned
from fakes.tree import MemoryTree
from stagemill.digest import Digest
from stagemill.lock.document import parse, serialize
from stagemill.lock.entries import Lock, LockedPackages
from stagemill.lock.packages import NAMES, read, without_hashes

HASHED = "a==1 \\\n    --hash=sha256:00\n"


def locked(context: MemoryTree) -> list[LockedPackages]:
    plan = planned("FROM busybox\nCOPY . /\n", context=context)
    return [one.locked for one in read((plan,), {"context": context})]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_lock_file_is_told_by_its_name(name: str) -> None:
    assert locked(MemoryTree({f"app/{name}": "x"})) == [LockedPackages(f"app/{name}", Digest.of(b"x"))]


@pytest.mark.parametrize("name", ["package.json", "my-package-lock.json", "go.sum.bak", "yarn.lock/file"])
def test_another_file_locks_nothing(name: str) -> None:
    assert locked(MemoryTree({name: "x"})) == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_lock_with_hashes_only(name: str) -> None:
    with_, without = MemoryTree({name: HASHED}), MemoryTree({name: "a==1\n# --hash=sha256:00\n"})
    plan = planned("FROM busybox\nCOPY . /\n", context=without)

    assert locked(with_) == [LockedPackages(name, Digest.of(HASHED.encode()))]
    assert locked(without) == []
    assert [file.path for file in without_hashes((plan,), {"context": without})] == [name]


def test_a_name_that_is_no_text_can_be_written() -> None:
    (entry,) = locked(MemoryTree({"a\udcff/go.sum": "x"}))

    assert entry.path == "a\\udcff/go.sum"
    assert parse(serialize(Lock((entry,))), "x") == Lock((entry,))


def test_another_text_is_no_requirement() -> None:
    context = MemoryTree({"notes.txt": "--hash=sha256:00"})
    plan = planned("FROM busybox\nCOPY . /\n", context=context)

    assert locked(context) == []
    assert list(without_hashes((plan,), {"context": context})) == []
