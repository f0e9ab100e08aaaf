"""Sections of programs, by name."""

from __future__ import annotations

import io
import struct

import pytest

from fakes.programs import elf
from stagemill.attest.packages.elf import may_be_one, section


@pytest.mark.parametrize(("wide", "order"), [(True, "<"), (False, "<"), (True, ">"), (False, ">")])
def test_a_section_is_found_by_its_name(wide: bool, order: str) -> None:
    program = elf(b"text", wide=wide, order=order, name=b".dep-v0")

    assert section(io.BytesIO(program), b".dep-v0") == b"text"
    assert section(io.BytesIO(program), b".dep") is None


def test_what_is_no_program_has_none() -> None:
    assert section(io.BytesIO(b""), b".dep-v0") is None
    assert section(io.BytesIO(b"#!/bin/sh\n" * 20), b".dep-v0") is None
    with pytest.raises(struct.error):
        section(io.BytesIO(elf(b"text")[:-100]), b".go.buildinfo")


def test_only_large_executables_are_looked_into() -> None:
    assert may_be_one(1 << 20, 0o755)
    assert not may_be_one(1 << 20, 0o644)
    assert not may_be_one(1000, 0o755)
