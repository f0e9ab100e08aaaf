"""Looking images up: each once, several at a time, with errors at their place."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import marked, planned, refused
from stagemill.errors import CancelledError, DockerfileError
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.resolver import Base

S390X = Platform("linux", "s390x")


class Failing(FakeImages):
    """Raises what it was given for every name that it does not know."""

    def __init__(self, error: Exception, **configs: RunConfig) -> None:
        super().__init__(**configs)
        self.error = error

    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        if reference in self.configs:
            return super().resolve(reference, platform)
        raise self.error


def test_every_image_is_looked_up_once_for_all_stages() -> None:
    images = FakeImages(a=RunConfig(), b=RunConfig())
    text = "FROM a AS x\nFROM b AS y\nFROM a\nCOPY --from=x /1 /\nCOPY --from=y /2 /\nCOPY --from=a /3 /\nCOPY --from=b /4 /\n"

    planned(text, images=images)

    assert sorted(images.asked) == ["a", "b"]


def test_images_are_looked_up_for_what_is_asked_for_unless_from_names_a_platform() -> None:
    images = FakeImages(a=RunConfig(), b=RunConfig(), c=RunConfig())
    text = "FROM a AS x\nFROM --platform=$BUILDPLATFORM b\nCOPY --from=x / /\nCOPY --from=c / /\n"

    planned(text, images=images, platform=S390X)

    assert dict(zip(images.asked, images.platforms, strict=True)) == {"a": S390X, "b": Platform.local(), "c": S390X}


def test_the_first_error_in_the_order_of_the_file_is_shown() -> None:
    error = refused("FROM nosuch1 AS a\nFROM nosuch2 AS b\nFROM busybox\nCOPY --from=a / /\nCOPY --from=b / /\n")

    assert error.message == "there is no image nosuch1"
    assert marked(error) == "Dockerfile:1: nosuch1"


def test_an_image_that_is_missing_twice_is_shown_where_it_is_first_named() -> None:
    error = refused("FROM nosuch AS a\nFROM nosuch\nCOPY --from=a / /\n")

    assert marked(error) == "Dockerfile:1: nosuch"


def test_what_is_no_reference_is_an_error_at_its_place() -> None:
    error = refused("FROM Bad_Name\n", images=Failing(ValueError("'Bad_Name' is no image reference")))

    assert error.message == "'Bad_Name' is no image reference"
    assert error.hint == "write NAME, NAME:TAG or REGISTRY/NAME:TAG"


def test_a_near_stage_is_offered_beside_the_hint() -> None:
    text = "FROM busybox AS builder\nFROM {}\n"

    assert refused(text.format("bulder")).hint == "did you mean the stage builder? or check the name"
    assert refused(text.format("bulder"), images=Failing(ValueError("x"), busybox=RunConfig())).hint == (
        "did you mean the stage builder?"
    )
    assert refused(text.format("zzz")).hint == "check the name"


def test_being_stopped_is_not_an_error_of_the_file() -> None:
    with pytest.raises(CancelledError) as caught:
        planned("FROM a\n", images=Failing(CancelledError("the build was stopped")))

    assert not isinstance(caught.value, DockerfileError)
    assert caught.value.exit_code == 130


@pytest.mark.parametrize("base", ["scratch", "above"])
def test_a_stage_from_a_stage_or_from_nothing_has_no_platform_of_its_own(base: str) -> None:
    assert planned(f"FROM busybox AS above\nFROM --platform=linux/s390x {base}\n").target.index == 1


def test_a_platform_that_is_none_is_an_error_with_a_hint() -> None:
    error = refused("ARG P=a/b/c/d\nFROM --platform=$P busybox\n")

    assert error.message == "'a/b/c/d' is no platform: want os/arch or os/arch/variant"
    assert error.hint == "write linux/amd64, or $BUILDPLATFORM for this machine"
    assert marked(error) == "Dockerfile:2: $P"
    assert refused("FROM --platform=$P busybox\n").message == "'' is no platform: want os/arch or os/arch/variant"
