"""Annotations, and where they go."""

from __future__ import annotations

import pytest

from stagemill.cli.annotations import Annotations
from stagemill.errors import UsageError
from stagemill.oci.platform import Platform

AMD = Platform("linux", "amd64")


@pytest.mark.parametrize(
    ("text", "manifest", "descriptor"),
    [
        ("a=1", (("a", "1"),), ()),
        ("org.x/y:z=1=2", (("org.x/y:z", "1=2"),), ()),
        ("manifest:a=", (("a", ""),), ()),
        ("manifest-descriptor:a=1", (), (("a", "1"),)),
        ("manifest,manifest-descriptor:a=1", (("a", "1"),), (("a", "1"),)),
        ("manifest[linux/amd64]:a=1", (("a", "1"),), ()),
        ("manifest[linux/arm64]:a=1", (), ()),
    ],
)
def test_a_place_is_said_or_it_is_the_manifest(
    text: str, manifest: tuple[tuple[str, str], ...], descriptor: tuple[tuple[str, str], ...]
) -> None:
    assert Annotations.parse([text], AMD) == Annotations(manifest, descriptor)


def test_an_output_has_them_as_keys() -> None:
    found = Annotations.of_output([".a=1", "-manifest.b=2", "-manifest-descriptor[linux/amd64].c=3"], AMD)

    assert found == Annotations((("a", "1"), ("b", "2")), (("c", "3"),))


def test_those_of_an_output_win() -> None:
    assert Annotations((("a", "1"), ("b", "2"))) | Annotations((("a", "3"),)) == Annotations((("a", "3"), ("b", "2")))


@pytest.mark.parametrize("place", ["index", "index-descriptor", "index[linux/amd64]"])
def test_without_an_index_there_is_nothing_to_annotate(place: str) -> None:
    with pytest.raises(UsageError) as caught:
        Annotations.parse([f"{place}:a=1"], AMD)

    assert caught.value.message == "index annotations not supported for single platform export"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a", "write --annotation NAME=VALUE or --annotation manifest:NAME=VALUE"),
        ("manifest:=1", "write --annotation NAME=VALUE or --annotation manifest:NAME=VALUE"),
        ("manifst:a=1", "did you mean manifest?"),
        ("manifest[linux/]:a=1", "write --annotation NAME=VALUE or --annotation manifest:NAME=VALUE"),
    ],
)
def test_what_is_none_is_wrong_usage(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Annotations.parse([text], AMD)

    assert caught.value.message.startswith(f"invalid --annotation {text!r}")
    assert caught.value.hint == hint
