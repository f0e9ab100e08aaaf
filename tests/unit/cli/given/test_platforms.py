"""What a command line says about platforms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click import Command

from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options
from stagemill.cli.given.platforms import WantedPlatforms, is_index, parse
from stagemill.errors import UsageError
from stagemill.oci.platform import Platform

LOCAL = Platform.local()
ARM64, S390X = Platform("linux", "arm64"), Platform("linux", "s390x")


def given(*arguments: str, build_args: dict[str, str] | None = None, **environment: str) -> WantedPlatforms:
    context = add_build_options(Command("any")).make_context("any", [*arguments, "."])
    return WantedPlatforms.of(Values(context.params), environment, build_args or {})


def usage(action: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises(UsageError) as caught:
        action()
    return caught.value.message, caught.value.hint


def test_nobody_asks_for_this_machine_s() -> None:
    assert given() == given("--platform", "") == WantedPlatforms((LOCAL,), implicit=True)


@pytest.mark.parametrize("text", ["local", str(LOCAL)])
def test_or_somebody_does(text: str) -> None:
    assert given("--platform", text) == WantedPlatforms((LOCAL,))


def test_several_are_an_index_in_their_order() -> None:
    assert given("--platform", "linux/s390x", "--platform", "local , arm64") == WantedPlatforms(
        (S390X, LOCAL, ARM64), index=True
    )


def test_one_that_comes_twice_is_built_once_and_an_index() -> None:
    assert given("--platform", "arm64,linux/aarch64/v8") == WantedPlatforms((ARM64,), index=True)


def test_the_default_is_in_the_environment() -> None:
    assert given(DOCKER_DEFAULT_PLATFORM="linux/s390x,arm64") == WantedPlatforms((S390X, ARM64), index=True)
    assert given("--platform", "arm64", DOCKER_DEFAULT_PLATFORM="linux/s390x") == WantedPlatforms((ARM64,))
    assert given(DOCKER_DEFAULT_PLATFORM="") == WantedPlatforms((LOCAL,), implicit=True)


def test_all_that_the_bases_have_is_an_index() -> None:
    assert given("--all-platforms", DOCKER_DEFAULT_PLATFORM="arm64") == WantedPlatforms(
        (LOCAL,), index=True, every=True
    )


def test_all_and_some_are_wrong_usage() -> None:
    assert usage(lambda: given("--all-platforms", "--platform", "arm64")) == (
        "--all-platforms and --platform say both what to build for", "leave one of them out",
    )  # fmt: skip


def test_what_is_no_platform_is_wrong_usage() -> None:
    assert usage(lambda: parse(["a/b/c/d"])) == (
        "invalid --platform: 'a/b/c/d' is no platform: want os/arch or os/arch/variant",
        "write os/arch, such as linux/arm64, or local",
    )


@pytest.mark.parametrize(
    ("count", "argument", "expected"),
    [
        (0, None, False), (1, None, False), (2, None, True), (1, "1", True), (0, "True", True), (1, "0", False),
        (1, "", False), (2, "t", True),
    ],
)  # fmt: skip
def test_an_index_is_made_of_several_or_if_it_is_asked_for(count: int, argument: str | None, expected: bool) -> None:
    arguments = {} if argument is None else {"BUILDKIT_MULTI_PLATFORM": argument}

    assert is_index(count, arguments) == expected


def test_several_cannot_be_no_index() -> None:
    assert usage(lambda: is_index(2, {"BUILDKIT_MULTI_PLATFORM": "false"})) == (
        "conflicting config: returning multiple target platforms is not allowed",
        "give one --platform, or leave out BUILDKIT_MULTI_PLATFORM",
    )
    assert usage(lambda: is_index(1, {"BUILDKIT_MULTI_PLATFORM": "si"})) == (
        "invalid boolean value for multi-platform: si", "write BUILDKIT_MULTI_PLATFORM=1",
    )  # fmt: skip
