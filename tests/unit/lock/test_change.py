"""How two locks differ, and what people call their entries."""

from __future__ import annotations

import pytest

from stagemill.digest import Digest
from stagemill.lock.change import Change, changes, named
from stagemill.lock.entries import Lock, LockedFile, LockedImage, LockedRepository, LockedSnapshot

ONE, TWO = Digest.of(b"1"), Digest.of(b"2")
PYTHON = LockedImage("docker.io/library/python:3.12", ONE)
SLIM = LockedImage("docker.io/library/python:3.12-slim", ONE)
TEAM = LockedImage(f"registry.example:5000/team/app@{ONE}", ONE)
FILE = LockedFile("https://host.example/f", ONE, 1)
GIT = LockedRepository("https://host.example/x.git", "main", "a" * 40)


def test_every_difference_is_one_change_in_the_order_of_the_file() -> None:
    moved = LockedImage(PYTHON.name, TWO)

    found = list(changes(Lock((FILE, PYTHON, GIT)), Lock((GIT, moved, SLIM))))

    assert found == [
        Change("changed", "image", PYTHON.name, PYTHON, moved),
        Change("added", "image", SLIM.name, None, SLIM),
        Change("removed", "file", FILE.url, FILE, None),
    ]


def test_equal_locks_have_no_difference() -> None:
    assert list(changes(Lock((FILE, PYTHON)), Lock((PYTHON, FILE)))) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("python:3.12", [PYTHON]),
        ("docker.io/library/python:3.12-slim", [SLIM]),
        ("python", [PYTHON, SLIM]),
        ("registry.example:5000/team/app", [TEAM]),
        ("https://host.example/f", [FILE]),
        ("https://host.example/x.git", [GIT]),
        ("https://host.example/x.git#main", [GIT]),
        ("apt day", [LockedSnapshot("apt", "day")]),
        ("3.12", []),
    ],
)
def test_a_name_means_what_people_call_by_it(name: str, found: list[object]) -> None:
    lock = Lock((PYTHON, SLIM, TEAM, FILE, GIT, LockedSnapshot("apt", "day")))

    assert named(lock, name) == found
