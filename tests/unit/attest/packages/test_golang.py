"""What stands in programs of Go."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.programs import elf, info
from stagemill.attest.packages.golang import packages


def urls(tmp_path: Path, data: bytes) -> list[str]:
    path = tmp_path / "program"
    path.write_bytes(data)
    return [package.url for package in packages(path, "bin/program")]


@pytest.mark.parametrize(("wide", "order"), [(True, "<"), (False, "<"), (True, ">"), (False, ">")])
def test_the_library_and_the_modules_are_told(tmp_path: Path, wide: bool, order: str) -> None:
    assert urls(tmp_path, elf(info(), wide=wide, order=order)) == [
        "pkg:golang/stdlib@1.22.1",
        "pkg:golang/example.org/app",
        "pkg:golang/github.com/a/b@v1.2.3",
        "pkg:golang/golang.org/x/new@v0.2.0",
    ]


def test_a_program_without_modules_has_the_library(tmp_path: Path) -> None:
    assert urls(tmp_path, elf(info(modules=""))) == ["pkg:golang/stdlib@1.22.1"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\n",
        elf(info(), name=b".other"),
        elf(info(flags=0)),
        elf(b"\xff Go buildinf:" + b"\0" * 18),
        elf(info()[:40]),
        elf(info())[:120],
        elf(info())[:-100],
        elf(info()[:32] + b"\xff" * 12),
    ],
)
def test_what_is_none_of_gos_or_broken_has_nothing(tmp_path: Path, data: bytes) -> None:
    assert urls(tmp_path, data) == []


def test_the_library_has_the_version_that_go_says_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(elf(info()))

    assert next(package.version for package in packages(path, "bin/program")) == "go1.22.1 X:a"
