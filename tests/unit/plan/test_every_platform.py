"""Which platforms all bases have."""

from __future__ import annotations

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.errors import DockerfileError, NotFoundError, UsageError
from stagemill.oci.platform import Platform
from stagemill.plan.every_platform import found
from stagemill.plan.request import Request

AMD, ARM64, ARM7, ARM6 = map(Platform.parse, ("amd64", "arm64", "linux/arm/v7", "linux/arm/v6"))


class Lister:
    """Knows the platforms of a few images, and what it was asked."""

    def __init__(self, **known: tuple[Platform, ...]) -> None:
        self.known = known
        self.asked: list[str] = []

    def platforms(self, reference: str) -> tuple[Platform, ...]:
        self.asked.append(reference)
        if reference not in self.known:
            raise NotFoundError(f"there is no image {reference}", hint="check the name")
        return self.known[reference]


def asked(text: str, lister: Lister, *targets: str) -> tuple[Platform, ...]:
    requests = [Request(platform=Platform.local(), target=target) for target in targets or ("",)]
    return found(parse(text), requests, lister)


def test_what_all_have_is_in_the_order_of_the_first() -> None:
    lister = Lister(a=(ARM64, AMD, ARM7), b=(AMD, ARM64))

    assert asked("FROM a AS x\nFROM b\nCOPY --from=x / /\nCOPY --from=a / /\n", lister) == (ARM64, AMD)
    assert lister.asked == ["a", "b"]


def test_a_lower_variant_runs_there_too() -> None:
    assert asked("FROM a AS x\nFROM b\nCOPY --from=x / /\n", Lister(a=(ARM7, AMD), b=(ARM6,))) == (ARM7,)


def test_only_what_is_needed_for_what_is_built_for_counts() -> None:
    text = (
        "FROM none AS unneeded\nFROM --platform=$BUILDPLATFORM tools AS tools\nFROM --platform=linux/amd64 tools AS fixed\n"
        "FROM --platform=$TARGETPLATFORM a AS x\nFROM x\nCOPY --from=tools / /\nCOPY --from=fixed / /\n"
    )

    assert asked(text, Lister(a=(ARM7, ARM64))) == (ARM7, ARM64)


def test_all_targets_count() -> None:
    text = "FROM a AS x\nFROM b AS y\nFROM none AS z\n"

    assert asked(text, Lister(a=(AMD, ARM64), b=(ARM64,)), "x", "y") == (ARM64,)


def test_where_nothing_is_common_it_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        asked("FROM a AS x\nFROM b\nCOPY --from=x / /\n", Lister(a=(AMD,), b=(ARM64, ARM7)))

    assert caught.value.message == (
        "there is no platform that all base images have: a has linux/amd64; b has linux/arm64, linux/arm/v7"
    )
    assert caught.value.hint == "say which with --platform, such as --platform linux/amd64,linux/arm64"


@pytest.mark.parametrize("text", ["FROM scratch\n", "FROM --platform=$BUILDPLATFORM a\n"])
def test_where_no_image_says_anything_it_is_told(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(text, Lister(a=(AMD,)))

    assert caught.value.message == "--all-platforms asks the base images, and no stage begins from one"


def test_an_image_that_cannot_be_had_is_told_at_its_place() -> None:
    with pytest.raises(DockerfileError) as caught:
        asked("FROM a AS x\nFROM none\nCOPY --from=x / /\n", Lister(a=(AMD,)))

    assert (caught.value.message, caught.value.hint, str(caught.value.at)) == (
        "there is no image none", "check the name", "Dockerfile:2",
    )  # fmt: skip
