"""`InvalidBaseImagePlatform`: bases for another platform."""

from __future__ import annotations

from fakes.linting import ARM, base, findings, lines_found

RULE = "InvalidBaseImagePlatform"


def test_an_image_for_another_architecture_is_found() -> None:
    (found,) = findings(RULE, "FROM x\n", known=base(platform=ARM))

    assert found.message == (
        'Base image x was pulled with platform "linux/arm64", expected "linux/amd64" for current build'
    )


def test_the_platform_of_from_counts() -> None:
    assert lines_found(RULE, "FROM --platform=linux/arm64 x\n", known=base(platform=ARM)) == []
    assert lines_found(RULE, "FROM --platform=linux/arm64 x\n", known=base()) == [1]


def test_what_fits_and_what_is_not_known_is_fine() -> None:
    assert lines_found(RULE, "FROM x\n", known=base()) == []
    assert lines_found(RULE, "FROM x\n") == []
    assert lines_found(RULE, "FROM --platform=$P x\n", known=base(platform=ARM)) == []
