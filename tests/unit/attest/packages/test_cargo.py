"""What stands in programs of Rust."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from fakes.programs import elf
from stagemill.attest.packages.cargo import packages

CRATES = {
    "packages": [
        {"name": "app", "version": "0.1.0", "source": "local", "dependencies": [1], "root": True},
        {"name": "serde", "version": "1.0.1", "source": "crates.io"},
        {"name": "cc", "version": "1.1.0", "source": "crates.io", "kind": "build"},
    ]
}


def found(tmp_path: Path, section: bytes) -> list[str]:
    path = tmp_path / "program"
    path.write_bytes(elf(section, name=b".dep-v0"))
    return [package.url for package in packages(path, "bin/program")]


def test_the_crates_that_are_in_it_are_told(tmp_path: Path) -> None:
    assert found(tmp_path, zlib.compress(json.dumps(CRATES).encode())) == [
        "pkg:cargo/app@0.1.0",
        "pkg:cargo/serde@1.0.1",
    ]


@pytest.mark.parametrize(
    "section", [b"", b"x", zlib.compress(b"{"), zlib.compress(b"[]"), zlib.compress(b'{"packages": [{"name": 1}]}')]
)
def test_what_does_not_say_has_nothing(tmp_path: Path, section: bytes) -> None:
    assert found(tmp_path, section) == []


def test_what_is_no_program_has_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"#!/bin/sh\n")

    assert list(packages(tmp_path / "x", "x")) == []
    assert list(packages(tmp_path / "none", "x")) == []
