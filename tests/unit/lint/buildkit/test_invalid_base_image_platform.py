"""`InvalidBaseImagePlatform`: bases for another platform."""

from __future__ import annotations

import pytest

from fakes.linting import AMD, ARM, findings, lines_found, pulled
from stagemill.oci.platform import Platform

RULE = "InvalidBaseImagePlatform"


def test_an_image_for_another_architecture_is_found() -> None:
    (found,) = findings(RULE, "FROM x\n", known=pulled("FROM x\n", ARM))

    assert found.message == (
        'Base image x was pulled with platform "linux/arm64", expected "linux/amd64" for current build'
    )
    assert found.hint == "take an image that there is for linux/amd64, or build for linux/arm64"


@pytest.mark.parametrize(
    ("flag", "platform", "lines"),
    [
        ("--platform=linux/arm64 ", ARM, []),
        ("--platform=linux/arm64 ", AMD, [1]),
        ("--platform=$TARGETPLATFORM ", ARM, [1]),
        ("", AMD, []),
        ("", Platform("linux", "amd64", "v2"), []),
        ("", Platform("windows", "amd64"), [1]),
    ],
)
def test_the_platform_of_from_counts(flag: str, platform: Platform, lines: list[int]) -> None:
    text = f"FROM {flag}x\n"

    assert lines_found(RULE, text, known=pulled(text, platform)) == lines


def test_what_is_not_known_is_fine() -> None:
    assert lines_found(RULE, "FROM x\n") == []
