"""`RedundantTargetPlatform`: `--platform=$TARGETPLATFORM`."""

from __future__ import annotations

from fakes.linting import findings, lines_found, mended

RULE = "RedundantTargetPlatform"


def test_both_spellings_are_found() -> None:
    found = findings(RULE, "FROM --platform=$TARGETPLATFORM a\nFROM --platform=${TARGETPLATFORM} b\n")

    assert [f.message.split(" in ")[0] for f in found] == [
        "Setting platform to predefined $TARGETPLATFORM",
        "Setting platform to predefined ${TARGETPLATFORM}",
    ]


def test_another_platform_is_fine() -> None:
    text = "FROM a\nFROM --platform=$BUILDPLATFORM b\nFROM --platform=$TARGETPLATFORM$X c\n"

    assert lines_found(RULE, text) == []


def test_the_fix_removes_the_flag() -> None:
    assert mended(RULE, "FROM --platform=$TARGETPLATFORM  a AS b\n") == "FROM a AS b\n"


def test_there_is_none_where_the_image_stands_in_another_line() -> None:
    assert [f.fix for f in findings(RULE, "FROM --platform=$TARGETPLATFORM \\\n a\n")] == [None]
