"""Two images compared, for people."""

from __future__ import annotations

import json

import pytest

from fakes.layered import image
from stagemill.cli.sizing import changes
from stagemill.insight.difference import ImageDifference, compare

PACKAGE = {"node_modules/p/package.json": b'{"name": "p", "version": "1"}'}
NEWER = {"node_modules/p/package.json": b'{"name": "p", "version": "1.1"}'}


@pytest.fixture
def difference() -> ImageDifference:
    before = image({"a/b/c": b"1" * 3000, "gone": b"1", **PACKAGE}, name="old")
    after = image({"a/b/c": b"1" * 5000, "new\x1b[1m": b"", **NEWER}, name="new")
    return compare(before, after, ({"config": {"User": "x\x1b"}}, {"config": {"Cmd": ["sh", "-c"]}}))


def test_the_answer_comes_first(difference: ImageDifference) -> None:
    first = "old → new: 0 B to pull (10.2 kB → 10.2 kB), +2.00 kB on disk, 0 B of waste; files: 1 added, 1 removed, 2 changed"

    assert changes.everything(difference, top=None).splitlines()[0] == first
    assert changes.sizes(difference, top=9).splitlines()[0] == first


def test_each_line_has_a_sign_and_nothing_that_a_terminal_obeys(difference: ImageDifference) -> None:
    lines = changes.everything(difference, top=None).splitlines()

    assert "\x1b" not in "".join(lines)
    assert '  + config.Cmd  ["sh", "-c"]' in lines
    assert "  ~ npm p 1 → 1.1" in lines
    assert "  − /gone  −1 B" in lines
    assert any(line.startswith("  ~ /a/b/c  size 3000 → 5000, content ") for line in lines)
    assert any(line.startswith("  + /new") for line in lines)


def test_growth_is_by_directory_package_and_file(difference: ImageDifference) -> None:
    lines = changes.sizes(difference, top=1).splitlines()

    assert lines[2:] == [
        " ON DISK   DIRECTORY", "+2.00 kB   /a", "and 3 more: --top 4",
        "", "ON DISK   KIND   PACKAGE", "   +2 B   npm    p 1 → 1.1",
        "", " ON DISK   FILE", "+2.00 kB   /a/b/c", "and 2 more: --top 3",
    ]  # fmt: skip


def test_json_is_whole_also_with_names_that_are_no_utf8() -> None:
    found = compare(image({"\udcff": b"1"}), image({}), ({}, {}))

    assert json.loads(json.dumps(changes.document(found)))["files"] == [
        {"path": "\ufffd", "change": "removed", "growth": -1, "facts": {}}
    ]


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (5, "+5 B"), (-1500, "−1.50 kB")])
def test_sizes_have_a_sign(count: int, text: str) -> None:
    assert changes.signed(count) == text
