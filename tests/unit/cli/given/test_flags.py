"""Values of flags: what they mean, and what is said of wrong ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stagemill.cli.given import flags
from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference


def usage(parse: Callable[[], object]) -> tuple[str, str | None]:
    """Message and hint of what is said about a wrong value."""
    with pytest.raises(UsageError) as caught:
        parse()
    return caught.value.message, caught.value.hint


def test_build_arguments_are_names_with_values_or_taken_from_the_environment() -> None:
    given = flags.build_args(["A=1", "B=", "C=x=y", "HOME", "NOWHERE", "A=2"], {"HOME": "/root"})

    assert given == {"A": "2", "B": "", "C": "x=y", "HOME": "/root"}


def test_a_build_argument_needs_a_name() -> None:
    assert usage(lambda: flags.build_args(["=x"], {})) == (
        "invalid --build-arg '=x': it has no name",
        "write --build-arg NAME=VALUE",
    )


def test_labels_are_names_with_values() -> None:
    assert flags.labels(["a=1", "b", "c=x=y"]) == {"a": "1", "b": "", "c": "x=y"}
    assert usage(lambda: flags.labels(["=1"])) == ("invalid --label '=1': it has no name", "write --label NAME=VALUE")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("db:10.0.0.1", "10.0.0.1\tdb"),
        ("DB=10.0.0.1", "10.0.0.1\tdb"),
        ("db:::1", "::1\tdb"),
        ("db=[::1]", "::1\tdb"),
        ("db:[fe80::1]", "fe80::1\tdb"),
        ("db:host-gateway", "127.0.0.1\tdb"),
    ],
)
def test_hosts_are_lines_of_a_hosts_file(text: str, expected: str) -> None:
    assert flags.extra_hosts([text]) == (expected,)


def test_several_hosts_may_stand_in_one_flag() -> None:
    assert flags.extra_hosts(["a:10.0.0.1,b:10.0.0.2", "c:10.0.0.3"]) == (
        "10.0.0.1\ta", "10.0.0.2\tb", "10.0.0.3\tc",
    )  # fmt: skip
    assert flags.extra_hosts([]) == ()


@pytest.mark.parametrize(
    ("more", "delay", "expected"),
    [
        (None, None, None),
        (0, None, []),
        (2, None, [1, 2]),
        (2, "1.5s", [1.5, 1.5]),
        (None, "10s", [10, 10, 10]),
    ],
)
def test_retries_are_counted_beyond_the_first_attempt(
    more: int | None, delay: str | None, expected: list[float] | None
) -> None:
    found = flags.retries(more, delay)

    assert (found and list(found.delays())) == expected


@pytest.mark.parametrize("delay", ["", "2", "soon", "-1s"])
def test_a_pause_is_a_time(delay: str) -> None:
    assert usage(lambda: flags.retries(None, delay)) == (
        f"invalid --retry-delay {delay!r}",
        "write a time such as 500ms, 2s or 1m",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("db", "invalid --add-host 'db': it has no address"),
        ("db:x", "invalid --add-host 'db:x': 'x' is no IP address"),
        (":10.0.0.1", "invalid --add-host ':10.0.0.1': it has no name"),
    ],
)
def test_a_host_needs_a_name_and_an_address(text: str, message: str) -> None:
    found, hint = usage(lambda: flags.extra_hosts([text]))

    assert found == message
    assert hint is not None
    assert hint.startswith("write --add-host name:1.2.3.4")


def test_a_reference_is_the_name_of_an_image() -> None:
    assert flags.reference("a:b") == Reference("docker.io", "library/a", "b")
    assert usage(lambda: flags.reference("A")) == (
        "'A' is no image reference: repository names are in lower case",
        "write NAME, NAME:TAG or REGISTRY/NAME:TAG",
    )


def test_a_platform_to_look_at_may_be_any() -> None:
    assert flags.any_platform("arm64") == Platform("linux", "arm64")
    assert usage(lambda: flags.any_platform("x/")) == (
        "invalid --platform: 'x/' is no platform: want os/arch or os/arch/variant",
        "write os/arch, such as linux/arm64",
    )


def test_names_of_stages_may_be_listed_and_are_in_lower_case() -> None:
    assert flags.stage_names(["A,b", " c "]) == ("a", "b", "c")
    assert flags.stage_names([]) == ()
    assert usage(lambda: flags.stage_names(["a,"])) == (
        "--no-cache-filter has a blank name",
        "write --no-cache-filter STAGE or STAGE,STAGE",
    )


@pytest.mark.parametrize(
    ("text", "expected"), [(None, "default"), ("default", "default"), ("host", "host"), ("none", "none")]
)
def test_the_network_is_one_of_three(text: str | None, expected: str) -> None:
    assert flags.network(text) == expected


def test_another_network_is_wrong_usage() -> None:
    assert usage(lambda: flags.network("bridge")) == ("unknown network 'bridge'", "use default, host or none")


def test_a_digest_is_no_name_to_give_an_image() -> None:
    assert usage(lambda: flags.reference(Digest.of(b"x").hex))[0].endswith("it looks like the digest of an image")
