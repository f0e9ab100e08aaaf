"""What a command line names and a Dockerfile does not have is told where something else was meant."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import planned
from stagemill.dockerfile.parser import parse
from stagemill.oci.config import RunConfig
from stagemill.plan.effect import unknown_stages


def notices(text: str, *names: str, triggers: tuple[str, ...] = ()) -> tuple[str, ...]:
    images = FakeImages(busybox=RunConfig(on_build=triggers))
    return planned(text, images=images, build_args=dict.fromkeys(names, "1")).notices


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("ARG VERSION=1\nFROM busybox\n", "VERSION"),
        ("FROM busybox\nARG VERSION\n", "VERSION"),
        ("FROM busybox\nARG A VERSION=1\n", "VERSION"),
        ("FROM busybox AS unneeded\nARG VERSION\nFROM busybox\n", "VERSION"),
        ("FROM busybox\nONBUILD ARG VERSION\n", "VERSION"),
    ],
)
def test_a_misspelt_argument_is_told(text: str, near: str) -> None:
    notice = "--build-arg VERISON has no effect: no ARG in Dockerfile has that name\nhint: did you mean VERSION?"

    assert notices(text, "VERISON") == (notice,)


def test_the_case_counts() -> None:
    assert notices("FROM busybox\nARG VERSION\n", "version")[0].endswith("\nhint: did you mean VERSION?")


def test_what_an_images_trigger_declares_is_heard() -> None:
    assert notices("FROM busybox\nARG VERSION\n", "VERISON", triggers=("ARG VERISON",)) == ()


@pytest.mark.parametrize(
    "name", ["VERSION", "SOMETHING_ELSE", "HTTP_PROXY", "http_proxy", "TARGETARCH", "BUILDKIT_INLINE", "SOURCE_DATE_EPOCH"]
)  # fmt: skip
def test_what_is_heard_or_like_nothing_or_heard_by_the_builder_is_not(name: str) -> None:
    text = "FROM busybox\nARG VERSION\nARG HTTPS_PROXY\nARG TARGETARCH2\nARG BUILDKIT_INLINES\nARG SOURCE_DATE_EPOCHS\n"

    assert notices(text, name) == ()


def test_both_may_be_for_two_files() -> None:
    assert notices("FROM busybox\nARG VERSION\n", "VERSION", "VERISON") == ()


def test_a_stage_that_there_is_not_is_told() -> None:
    dockerfile = parse(b"FROM scratch AS Builder\nFROM scratch\n", "Dockerfile")

    assert list(unknown_stages(dockerfile, "--flag", ["builder", "stage-1"])) == []
    assert list(unknown_stages(dockerfile, "--flag", ["bilder", "x"])) == [
        "--flag bilder has no effect: no stage of Dockerfile has that name\nhint: did you mean builder?",
        "--flag x has no effect: no stage of Dockerfile has that name",
    ]
