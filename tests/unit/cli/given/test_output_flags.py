"""Values of --output: what they mean, and what is said of wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from stagemill.cli.given.output_flags import Keeping, Output, Statements
from stagemill.errors import StagemillError, UsageError
from stagemill.execute.packaging import Packaging
from stagemill.layer.compression import Compression


def usage(parse: Callable[[], object]) -> tuple[str, str | None]:
    """Message and hint of what is said about a wrong value."""
    with pytest.raises(UsageError) as caught:
        parse()
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize("key", ["tar", "rewrite-timestamp", "push"])
def test_a_switch_of_an_output_is_true_or_false(key: str) -> None:
    found = usage(lambda: Output.parse(f"type=oci,dest=x,{key}=maybe"))

    assert found == (f"invalid --output 'type=oci,dest=x,{key}=maybe': {key}=maybe is neither true nor false", None)


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


class TestForm:
    @pytest.mark.parametrize(
        ("keys", "expected"),
        [
            ("compression=zstd", Packaging(Compression("zstd"))),
            ("compression=zstd,compression-level=0", Packaging(Compression("zstd", 0))),
            ("compression-level=9", Packaging(Compression("gzip", 9))),
            ("compression=uncompressed,force-compression=true", Packaging(Compression("uncompressed"), force=True)),
            ("force-compression=true", Packaging(Compression("gzip"), force=True)),
            ("oci-mediatypes=false", Packaging(docker=True)),
            ("compression=zstd,oci-mediatypes=false", Packaging(Compression("zstd"), docker=True)),
            ("oci-mediatypes=true", Packaging()),
        ],
    )
    def test_an_image_has_the_compression_and_the_media_types_that_are_asked_for(
        self, keys: str, expected: Packaging
    ) -> None:
        for kind in ("oci,dest=x", "docker", "image", "registry"):
            assert Output.parse(f"type={kind},{keys}").packaging == expected

    @pytest.mark.parametrize(
        ("keys", "what", "hint"),
        [
            ("compression=zst", "unknown compression 'zst'", "did you mean zstd?"),
            ("compression=estargz", "the compression estargz is not made here", "choose zstd, which is small, and quick to unpack"),
            ("compression-level=10", "compression-level=10 is none of gzip", "gzip has the levels 0 to 9"),
            ("compression=zstd,compression-level=23", "compression-level=23 is none of zstd", "zstd has the levels 0 to 22"),
            ("oci-artifact=true,oci-mediatypes=false", "oci-artifact=true conflicts with oci-mediatypes=false", "leave one of them out"),
            ("force-compression=perhaps", "force-compression=perhaps is neither true nor false", None),
        ],
    )  # fmt: skip
    def test_what_there_is_not_is_told(self, keys: str, what: str, hint: str | None) -> None:
        message, found = usage(lambda: Output.parse(f"type=image,{keys}"))

        assert message.startswith(f"invalid --output 'type=image,{keys}': {what}")
        assert found == hint

    def test_files_have_none(self) -> None:
        assert usage(lambda: Output.parse("type=tar,dest=x,compression=zstd")) == (
            (
                "invalid --output 'type=tar,dest=x,compression=zstd': "
                "compression is for an image, and type=tar makes none"
            ),
            "leave it out",
        )

    def test_a_flag_of_the_command_line_is_for_those_that_say_nothing(self) -> None:
        usual = Packaging(Compression("zstd"), force=True)

        assert Output("oci", "x").packed(usual).packaging == usual
        assert Output.parse("type=image,oci-mediatypes=false").packed(usual).packaging == replace(usual, docker=True)
        assert Output.parse("type=image,compression=gzip").packed(usual).packaging == Packaging(Compression("gzip"))
        assert Output("local", "x").packed(usual) == Output("local", "x")


class TestStore:
    def test_a_store_keeps_an_image_as_it_is_told(self) -> None:
        found = Output.parse("type=image,store=false,name-canonical=true,dangling-name-prefix=none")

        assert found.keeping == Keeping(named=False, dangling="docker.io/library/none", canonical=True)
        assert Output.parse("type=image,danging-name-empty-only=true").keeping == Keeping(dangling_alone=True)
        assert Output.parse("type=image,unpack=true,store=true").keeping == Keeping(unpack=True)
        assert Output.parse("type=image").keeping == Keeping()

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("type=registry,store=false", "store is for what the local store keeps, which takes type=image"),
            ("type=oci,dest=x,unpack=true", "unpack is for what the local store keeps, which takes type=image"),
            ("type=image,unpack=true,store=false", "unpack=true is of an image in the store, and store=false keeps none"),
            ("type=image,unpack=true,rewrite-timestamp=true", "rewrite-timestamp conflicts with unpack: no directory has those times"),
            ("type=image,registry.insecure=true", "registry.insecure is for what is pushed"),
        ],
    )  # fmt: skip
    def test_what_would_have_no_effect_is_told(self, text: str, what: str) -> None:
        assert usage(lambda: Output.parse(text))[0] == f"invalid --output {text!r}: {what}"


def test_a_registry_may_be_insecure() -> None:
    assert Output.parse("type=registry,registry.insecure=true").insecure
    assert Output.parse("type=image,push=true,registry.insecure=1").insecure
    assert not Output.parse("type=registry").insecure


def test_a_directory_may_be_mirrored() -> None:
    assert Output.parse("type=local,dest=x,mode=delete").mirror
    assert not Output.parse("type=local,dest=x,mode=copy").mirror
    assert usage(lambda: Output.parse("type=local,dest=x,mode=move")) == (
        "invalid --output 'type=local,dest=x,mode=move': unknown mode 'move'",
        "it is copy, or delete, which removes all else in dest",
    )
    assert usage(lambda: Output.parse("type=tar,dest=x,mode=delete"))[0].endswith(
        "mode is for a directory, which takes type=local"
    )


@pytest.mark.parametrize("key", ["prefer-nondist-layers=true", "compatibility-version=20"])
def test_what_buildkit_has_and_stagemill_has_not_is_refused_with_the_reason(key: str) -> None:
    with pytest.raises(StagemillError) as caught:
        Output.parse(f"type=image,{key}")

    assert caught.value.message.startswith(f"--output {key} is not supported: ")
    assert caught.value.hint == "leave it out"
    assert Output.parse("type=image,prefer-nondist-layers=false") == Output("image")
