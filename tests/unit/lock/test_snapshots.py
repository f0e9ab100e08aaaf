"""The days of an archive that a build installs from, as far as it names them."""

from __future__ import annotations

import pytest

from fakes.planning import planned
from fakes.tree import MemoryTree
from stagemill.lock.snapshots import named

DAY = "20240501T030400Z"
SOURCES = f"deb [check-valid-until=no] http://archive.example/debian/{DAY} stable main\n"


def days(text: str, context: MemoryTree | None = None, **build_args: str) -> list[tuple[str, str, int]]:
    view = context or MemoryTree({})
    plan = planned(text, context=view, build_args=build_args)
    return [
        (day.locked.manager, day.locked.time, day.at.line if day.at else 0) for day in named((plan,), {"context": view})
    ]


@pytest.mark.parametrize(
    "run",
    [
        f"apt-get update --snapshot {DAY} && apt-get install -y curl",
        f"apt -S {DAY} install curl",
        f"echo 'deb http://archive.example/{DAY}/ x main' > /etc/apt/sources.list",
        f'["apt-get", "install", "--snapshot={DAY}", "curl"]',
    ],
)
def test_a_run_with_apt_names_one_in_its_text(run: str) -> None:
    assert days(f"FROM busybox\nRUN {run}\n") == [("apt", DAY, 2)]


def test_a_variable_names_one() -> None:
    text = "FROM busybox\nARG SNAPSHOT\nRUN apt-get update --snapshot $SNAPSHOT\n"

    assert days(text) == []
    assert days(text, SNAPSHOT=DAY) == [("apt", DAY, 3)]


@pytest.mark.parametrize("name", ["sources.list", "debian.sources"])
def test_a_list_of_sources_that_is_copied_names_one(name: str) -> None:
    context = MemoryTree({name: SOURCES})

    assert days(f"FROM busybox\nCOPY {name} /etc/apt/\n", context) == [("apt", DAY, 2)]
    assert days("FROM busybox\n", context) == []


@pytest.mark.parametrize("run", [f"date {DAY}", f"adapt {DAY}", "apt-get install x2024", "apt-get update"])
def test_what_only_looks_like_one_is_none(run: str) -> None:
    assert days(f"FROM busybox\nRUN {run}\n") == []


def test_each_day_counts_once() -> None:
    text = f"FROM busybox\nRUN apt-get -S {DAY} update\nRUN apt-get -S {DAY} install a\n"

    assert days(text) == [("apt", DAY, 2)]
