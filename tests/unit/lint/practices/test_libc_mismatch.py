"""`LibcMismatch`: packages compiled for one C library go into an image with the other."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "LibcMismatch"


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ("node:22", "node:22-alpine", "/app/node_modules"),
        ("python:3.13-alpine", "python:3.13-slim", "/opt/venv"),
        ("debian:12", "alpine:3", "/x/site-packages/"),
    ],
)
def test_packages_of_the_other_library_are_found(first: str, second: str, path: str) -> None:
    assert lines_found(RULE, f"FROM {first} AS a\nFROM {second}\nCOPY --from=a {path} /x\n") == [3]


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ("node:22", "node:22-slim", "/node_modules"),
        ("node:22", "alpine:3", "/dist"),
        ("x:1", "alpine:3", "/node_modules"),
        ("node", "node:alpine", "/dist"),
        ("alpine:3", "scratch", "/venv"),
    ],
)
def test_the_same_library_and_other_files_are_fine(first: str, second: str, path: str) -> None:
    assert lines_found(RULE, f"FROM {first} AS a\nFROM {second}\nCOPY --from=a {path} /x\n") == []


def test_it_says_which_is_where() -> None:
    (found,) = findings(RULE, "FROM node:22 AS a\nFROM a AS b\nFROM node:22-alpine\nCOPY --from=b /node_modules /x\n")

    assert found.message == "`b` has glibc, and what it compiled does not run with the musl of this stage"
