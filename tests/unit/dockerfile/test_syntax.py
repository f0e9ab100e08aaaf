"""Which frontend a file is written for."""

from __future__ import annotations

import pytest

from stagemill.dockerfile.source import Source
from stagemill.dockerfile.syntax import ARGUMENT, check, detect
from stagemill.errors import UnsupportedError, UsageError

DIGEST = f"sha256:{'0' * 64}"


def found(text: str) -> tuple[str, int] | None:
    directive = detect(Source("Dockerfile", text))
    return (directive.value, directive.span.line) if directive else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# syntax=a/b:1 x=y\nFROM scratch\n", ("a/b:1 x=y", 1)),
        ("#syntax = a/b  \nFROM scratch\n", ("a/b", 1)),
        ("# Syntax=a\n", ("a", 1)),
        ("# escape=`\n# syntax=a\n", ("a", 2)),
        ("\ufeff# syntax=a\n", ("a", 1)),
        ("#!/usr/bin/env x\n# syntax=a\n", ("a", 2)),
        ("// syntax=a\nanything\n", ("a", 1)),
        ("//syntax=a\r\nanything\r\n", ("a", 1)),
        ("#!/usr/bin/env x\n// syntax=a\n", ("a", 2)),
        ('{"syntax": "a b", "x": [1]}', ("a b", 1)),
        ('#!/usr/bin/env x\n\n{\n"syntax": "a"}\n', ("a", 3)),
    ],
)
def test_the_frontend_is_found_in_all_forms(text: str, expected: tuple[str, int]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "FROM scratch\n", "FROM scratch\n# syntax=a\n", "# a comment\n# syntax=a\n", "\n# syntax=a\n", "# syntax=\n", "//syntax=\r", "// syntax= \t\n",
        " # syntax=a\n", "# other=a\n# syntax=b\n", '{"syntax": 1}', '{"syntax": ""}', '{"syntax": "a"', "{}", "[]",
        '{"a": {"syntax": "b"}}', "{" * 100_000 + "}",
    ],
)  # fmt: skip
def test_what_is_none_is_not(text: str) -> None:
    assert found(text) is None


@pytest.mark.parametrize(
    "name",
    [
        "docker/dockerfile", "docker/dockerfile:1", "docker/dockerfile:1.7-labs", f"docker/dockerfile:1@{DIGEST}",
        "docker.io/docker/dockerfile:1.4", "index.docker.io/docker/dockerfile", "docker/dockerfile-upstream:master",
        f"docker.io/docker/dockerfile-upstream@{DIGEST}", "dockerfile.v0",
    ],
)  # fmt: skip
def test_every_release_of_docker_dockerfile_is_ours(name: str) -> None:
    check(f"# syntax={name}\nFROM scratch\n".encode(), "Dockerfile")
    check(b"# syntax=other\n", "Dockerfile", given=name)


@pytest.mark.parametrize(
    "name", ["docker/dockerfile2", "example.org/docker/dockerfile:1", "tonistiigi/dockerfile", "docker/dockerfile:1@x"]
)
def test_another_one_is_an_error_with_its_place(name: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        check(f"# escape=`\n# syntax={name} a=b\n".encode(), "Dockerfile")

    assert caught.value.message == f"the file is written for the frontend '{name}', which is not supported"
    assert caught.value.hint
    assert caught.value.hint.startswith("write # syntax=docker/dockerfile:1, or leave the line out")
    assert caught.value.at
    assert (caught.value.at.line, caught.value.at.text) == (2, f"# syntax={name} a=b")


def test_another_one_on_the_command_line_is_wrong_usage() -> None:
    with pytest.raises(UsageError) as caught:
        check(b"# syntax=docker/dockerfile:1\n", "Dockerfile", given="other/x:1 a")

    assert caught.value.message == f"the frontend 'other/x:1' of --build-arg {ARGUMENT} is not supported"
    assert caught.value.hint == "every release of docker/dockerfile is built in: leave the argument out"


def test_an_empty_argument_is_none() -> None:
    with pytest.raises(UnsupportedError):
        check(b"# syntax=other\n", "Dockerfile", given=" ")
