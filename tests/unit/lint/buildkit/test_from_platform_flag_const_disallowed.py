"""`FromPlatformFlagConstDisallowed`: a constant in `--platform`."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "FromPlatformFlagConstDisallowed"


def test_a_constant_is_found() -> None:
    (found,) = findings(RULE, "FROM --platform=linux/amd64 scratch\n")

    assert found.message == 'FROM --platform flag should not use constant value "linux/amd64"'


def test_a_stage_that_is_named_after_its_platform_is_fine() -> None:
    text = "FROM --platform=linux/amd64 a AS b-amd64\nFROM --platform=linux/amd64 c AS os_linux\n"

    assert lines_found(RULE, text) == []


def test_variables_and_no_flag_are_fine_and_what_is_none_is_for_the_build_to_tell() -> None:
    assert lines_found(RULE, "FROM a\nFROM --platform=$BUILDPLATFORM b\nFROM --platform=a/b/c/d e\n") == []
