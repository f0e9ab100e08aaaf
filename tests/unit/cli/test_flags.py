"""Values of flags: what they mean, and what is said of wrong ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stagemill.cli import flags
from stagemill.cli.flags import Output, Statements
from stagemill.digest import Digest
from stagemill.errors import StagemillError, UsageError
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


@pytest.mark.parametrize("key", ["tar", "rewrite-timestamp", "push"])
def test_a_switch_of_an_output_is_true_or_false(key: str) -> None:
    found = usage(lambda: Output.parse(f"type=oci,dest=x,{key}=maybe"))

    assert found == (f"invalid --output 'type=oci,dest=x,{key}=maybe': {key}=maybe is neither true nor false", None)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("out", Output("local", "out")),
        ("-", Output("tar", "-")),
        ("type=oci,dest=x.tar", Output("oci", "x.tar")),
        ("type=oci,dest=-", Output("oci", "-")),
        ("type=oci,dest=d,tar=false", Output("oci", "d", tar=False)),
        ("type=docker", Output("docker")),
        ("type=docker,dest=x", Output("docker", "x")),
        ("type=tar,dest=x", Output("tar", "x")),
        ("type=local,dest=d", Output("local", "d")),
        ("type=image,name=a", Output("image", "", ("docker.io/library/a:latest",))),
        ("type=image,push=false", Output("image")),
        ("type=cacheonly", Output("cacheonly")),
        ('type=image,"name=a,b:1"', Output("image", "", ("docker.io/library/a:latest", "docker.io/library/b:1"))),
        ('type=oci,"dest=a,b"', Output("oci", "a,b")),
        (" TYPE=oci,Dest=x", Output("oci", "x")),
    ],
)
def test_outputs_are_pairs_or_a_short_form(text: str, expected: Output) -> None:
    assert Output.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "invalid --output '': unknown type ''"),
        ("type=zip", "invalid --output 'type=zip': unknown type 'zip'"),
        ("dest=x", "invalid --output 'dest=x': unknown type ''"),
        ("type=oci", "invalid --output 'type=oci': type=oci needs a file"),
        ("type=tar", "invalid --output 'type=tar': type=tar needs a file"),
        ("type=local", "invalid --output 'type=local': type=local needs a directory"),
        ("type=local,dest=-", "invalid --output 'type=local,dest=-': type=local needs a directory"),
        ("type=oci,x", "invalid --output 'type=oci,x': 'x' is no key=value"),
        ("type=oci,size=1", "invalid --output 'type=oci,size=1': unknown key 'size'"),
        (
            "type=tar,dest=x,tar=0",
            "invalid --output 'type=tar,dest=x,tar=0': tar=false is for type=oci with a directory",
        ),
    ],
)
def test_wrong_outputs_are_wrong_usage(text: str, message: str) -> None:
    assert usage(lambda: Output.parse(text))[0] == message


def test_an_output_with_a_line_break_in_it_is_wrong_usage() -> None:
    message, hint = usage(lambda: Output.parse("type=oci\rdest=x"))

    assert message.startswith("invalid --output 'type=oci\\rdest=x': ")
    assert hint == "write type=oci,dest=FILE"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type=registry", Output("registry", push=True)),
        ("type=image,push=true", Output("image", push=True)),
        ("type=image,push-by-digest=true", Output("image", push=True, by_digest=True)),
        ("type=image,push=", Output("image")),
    ],
)
def test_an_output_may_be_pushed(text: str, expected: Output) -> None:
    assert Output.parse(text) == expected


@pytest.mark.parametrize("key", ["compression=zstd", "compression-level=9", "force-compression=true"])
def test_other_compressions_than_our_own_are_not_supported_yet(key: str) -> None:
    with pytest.raises(StagemillError) as caught:
        Output.parse(f"type=oci,dest=x,{key}")

    assert caught.value.message == f"--output {key} is not supported yet"
    assert caught.value.hint == "leave it out; layers are gzip of one level"


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


def test_an_output_says_how_it_has_statements() -> None:
    found = Output.parse("type=oci,dest=x,oci-artifact=false,attestation-inline=true")

    assert found.statements == Statements(artifact=False, inline=True)
    assert Output.parse("type=local,dest=x,attestation-prefix=a-").statements == Statements("a-")
    assert Output.parse("type=oci,dest=x").statements == Statements()
    assert usage(lambda: Output.parse("type=oci,dest=x,oci-artifact=maybe"))[0] == (
        "invalid --output 'type=oci,dest=x,oci-artifact=maybe': oci-artifact=maybe is neither true nor false"
    )
    assert usage(lambda: Output.parse("type=tar,dest=x,attestation-prefix=a/"))[0].endswith(
        "attestation-prefix=a/ has a slash"
    )
