"""Which entry of an index is meant, and what becomes of it."""

from __future__ import annotations

import json
from typing import NoReturn

import pytest

from fakes.places import both
from stagemill.cli.given.annotations import Annotations
from stagemill.cli.named.entries import Change, find
from stagemill.digest import Digest
from stagemill.errors import NotFoundError, UsageError
from stagemill.oci.platform import Platform


def nobody(_name: str) -> NoReturn:
    raise AssertionError("no name was to be looked up")


def test_by_digest_digits_and_platform() -> None:
    node = both().node()
    digest = node.children[1].digest

    assert [find(node, text, named=nobody) for text in (digest, digest.hex[:6], "linux/arm64", "linux/arm64/v8")] == [
        digest
    ] * 4


def test_by_a_name_elsewhere() -> None:
    node = both().node()

    assert find(node, "r.example/app:1", named=lambda _name: node.children[0].digest) == node.children[0].digest
    with pytest.raises(NotFoundError) as caught:
        find(node, "r.example/app:1", named=lambda _name: Digest.of(b"?"))
    assert caught.value.message == "r.example/app:1 is not in the index"
    assert f"{node.children[0].digest} (linux/amd64)" in str(caught.value.hint)


def test_several_are_not_one() -> None:
    amd64 = Platform("linux", "amd64")
    node = both(amd64, Platform("linux", "amd64", os_version="2")).node()

    with pytest.raises(UsageError, match="unknown/unknown means several manifests"):
        find(node, "unknown/unknown", named=nobody)
    assert find(node, "linux/amd64", named=nobody) == node.children[0].digest


def test_a_platform_needs_a_system_and_an_architecture() -> None:
    node = both().node()
    bare = Change({"variant": "v6"})
    entry = {key: value for key, value in node.children[0].entry.items() if key != "platform"}
    plain = type(node)(node.entry, node.data, (type(node)(entry, node.children[0].data), *node.children[1:]))

    with pytest.raises(UsageError, match="a platform has an os and an architecture"):
        bare.applied(plain, node.children[0].digest)


def test_without_an_image_only_places_are_annotated() -> None:
    node = both().node()

    made = Change({}, {}, Annotations.parse(["index:a=b"], index=True)).applied(node, None)

    assert json.loads(made.data)["annotations"] == {"a": "b"}
    assert made.children == node.children
