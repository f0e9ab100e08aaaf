"""`stagemill split`: what it refuses before it builds, and what it shows without building."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.program import Call

ONE = 'FROM golang:1.23\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n'


@pytest.fixture
def project(stagemill: Call) -> Call:
    Path("main.go").write_text("package main\n")
    Path("Dockerfile").write_text(ONE)
    return stagemill


def test_a_dry_run_needs_no_base_and_writes_nothing(project: Call) -> None:
    said = project("split", "--dry-run")

    assert (said.status, said.err) == (0, "")
    assert "+FROM debian:bookworm-slim AS runtime\n" in said.out
    assert said.out.endswith(
        "Nothing was built. Nothing was written: --write puts it in the place of the Dockerfile, -o FILE beside it.\n"
    )
    assert Path("Dockerfile").read_text() == ONE


def test_the_result_goes_beside_the_original(project: Call) -> None:
    said = project("split", "--dry-run", "-o", "Dockerfile.split", ".")

    assert said.out.endswith("Nothing was built. Dockerfile.split was written.\n")
    assert Path("Dockerfile.split").read_text().startswith("FROM golang:1.23 AS builder\n")
    assert project("split", "--dry-run", "-o", "Dockerfile.split", ".").err.startswith(
        "error: Dockerfile.split is there already\n"
    )


def test_the_result_goes_into_its_place(project: Call) -> None:
    Path("Dockerfile").chmod(0o600)

    assert project("split", "--dry-run", "--write", ".").status == 0

    assert Path("Dockerfile").read_text().startswith("FROM golang:1.23 AS builder\n")
    assert Path("Dockerfile").stat().st_mode & 0o777 == 0o600
    assert "it has 2 stages already" in project("split", "--dry-run", ".").err


def test_programs_get_json(project: Call) -> None:
    found = json.loads(project("split", "--dry-run", "--json", ".").out)

    assert (found["kind"], found["builder"], found["runtime"], found["before"]) == (
        "go",
        "golang:1.23",
        "debian:bookworm-slim",
        0,
    )


def test_a_refusal_shows_the_place(project: Call) -> None:
    Path("Dockerfile").write_text(ONE.replace('["/app"]', "go run ."))

    assert project("split", ".").err == (
        "error: cannot split it: `go run` builds or watches when the container starts\n --> Dockerfile:5\n"
        "5 | CMD go run .\n  | ^^^^^^^^^^^^\n"
        'hint: build in a RUN: RUN go build -o /app/server . and CMD ["/app/server"]\n'
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--write", "-o", "x"], "--write and -o both say where the result goes"),
        (["--dry-run", "--check", "x"], "--check runs a command, and --dry-run runs nothing"),
        (["--check", "'"], '--check "\'" is no command'),
        (["--check", ""], "--check '' is no command"),
        (["--platform", "linux/amd64,linux/arm64"], "only one platform can be looked at"),
    ],
)
def test_flags_that_cannot_be_are_told_at_once(project: Call, flags: list[str], message: str) -> None:
    said = project("split", *flags, ".")

    assert (said.status, said.err.splitlines()[0]) == (2, f"error: {message}")


def test_what_was_piped_has_no_place(project: Call) -> None:
    assert "--write is for a Dockerfile of this machine" in project("split", "--write", "-f", "-", ".", stdin=b"").err
