"""What is remembered of a file is used, and left, only where no change can hide behind its times."""

from __future__ import annotations

import pytest

from fakes.stats import MemoryStats
from stagemill.context.digests import Digests
from stagemill.context.look import Row, key_of
from stagemill.digest import Digest

SECOND = 1_000_000_000
STARTED = 1_000 * SECOND
ONE = Digest.of(b"one")


def seen(*, modified: int = 0, changed: int = 0) -> Row:
    return ("name", 0o100644, 1, 2, 1, 0, 3, modified, changed)


def test_what_was_learnt_is_known_in_this_build_and_the_next() -> None:
    stats = MemoryStats()
    digests = Digests(stats, started_ns=STARTED)

    digests.learn("folder", "name", seen(), ONE)

    assert digests.get("folder", "name") == ONE
    assert Digests(stats, started_ns=STARTED).look("folder", "name", seen()) == ONE


def test_nothing_is_known_of_other_files() -> None:
    digests = Digests(MemoryStats(), started_ns=STARTED)

    digests.learn("folder", "name", seen(), ONE)

    assert digests.get("folder", "other") is None
    assert digests.get("", "name") is None


@pytest.mark.parametrize("young", [{"modified": STARTED - SECOND}, {"changed": STARTED - SECOND}])
def test_a_young_file_is_known_in_this_build_only(young: dict[str, int]) -> None:
    stats = MemoryStats()
    digests = Digests(stats, started_ns=STARTED)

    digests.learn("", "name", seen(**young), ONE)

    assert digests.look("", "name", seen(**young)) == ONE
    assert stats.known == {}


def test_nothing_that_is_remembered_of_a_young_file_is_believed() -> None:
    young = seen(changed=STARTED - SECOND)
    stats = MemoryStats({key_of(young): ONE})

    assert Digests(stats, started_ns=STARTED).look("", "name", young) is None
