"""Annotations, and where they go."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stagemill.cli.given.annotations import Annotations, Pairs
from stagemill.errors import UsageError
from stagemill.oci.platform import Platform

AMD = Platform("linux", "amd64")
ARM = Platform("linux", "arm64")


def of_manifest(found: Annotations) -> tuple[Pairs, Pairs]:
    return found.manifest(AMD), found.descriptor(AMD)


def refused(action: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises(UsageError) as caught:
        action()
    return caught.value.message, caught.value.hint


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
def test_a_place_is_said_or_it_is_the_manifest(text: str, manifest: Pairs, descriptor: Pairs) -> None:
    assert of_manifest(Annotations.parse([text])) == (manifest, descriptor)


def test_an_output_has_them_as_keys() -> None:
    found = Annotations.of_output([".a=1", "-manifest.b=2", "-manifest-descriptor[linux/amd64].c=3"])

    assert of_manifest(found) == ((("a", "1"), ("b", "2")), (("c", "3"),))


def test_those_of_an_output_win() -> None:
    found = Annotations.parse(["a=1", "b=2"]) | Annotations.parse(["a=3"])

    assert found.manifest(AMD) == (("a", "3"), ("b", "2"))


def test_those_of_a_platform_win_over_those_of_all() -> None:
    found = Annotations.parse(["manifest[linux/arm64]:a=arm", "a=all"])

    assert (found.manifest(ARM), found.manifest(AMD)) == ((("a", "arm"),), (("a", "all"),))


def test_an_index_has_its_own() -> None:
    found = Annotations.parse(["index:a=1", "index-descriptor:b=2", "index,manifest:c=3"], index=True)

    assert (found.index, found.index_descriptor) == ((("a", "1"), ("c", "3")), (("b", "2"),))
    assert of_manifest(found) == ((("c", "3"),), ())


@pytest.mark.parametrize("place", ["index", "index-descriptor", "index[linux/amd64]"])
def test_without_an_index_there_is_nothing_to_annotate(place: str) -> None:
    assert refused(lambda: Annotations.parse([f"{place}:a=1"])) == (
        "index annotations not supported for single platform export",
        "an image of one platform has no index; leave out index: to annotate its manifest",
    )


def test_an_index_is_of_no_platform() -> None:
    assert refused(lambda: Annotations.parse(["index[linux/amd64]:a=1"], index=True)) == (
        "invalid --annotation 'index[linux/amd64]:a=1': an index is of no platform", "write index:a=1",
    )  # fmt: skip


def test_a_platform_that_is_not_built_is_wrong_among_several() -> None:
    found = Annotations.parse(["manifest[linux/s390x]:a=1"])

    assert refused(lambda: found.check([AMD, ARM])) == (
        "invalid --annotation manifest[linux/s390x]:a: nothing is built for linux/s390x",
        "the platforms are linux/amd64, linux/arm64",
    )
    found.check([AMD])


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
    message, found = refused(lambda: Annotations.parse([text]))

    assert message.startswith(f"invalid --annotation {text!r}")
    assert found == hint
