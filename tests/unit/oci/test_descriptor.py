"""`Descriptor`, the name of a blob."""

from __future__ import annotations

from typing import Any

import pytest

from stagemill.digest import Digest
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import MalformedError
from stagemill.oci.platform import Platform

D = Digest.of(b"x")


@pytest.mark.parametrize(
    "descriptor",
    [
        Descriptor("a/b", D, 0),
        Descriptor("a/b", D, 5, {"k": "v"}, Platform("linux", "arm", "v7")),
    ],
)
def test_json_gives_the_same_descriptor_again(descriptor: Descriptor) -> None:
    assert Descriptor.from_json(descriptor.to_json()) == descriptor


def test_only_what_is_there_is_written_annotations_sorted() -> None:
    assert Descriptor("a/b", D, 5).to_json() == {"mediaType": "a/b", "digest": D, "size": 5}
    assert list(Descriptor("a/b", D, 5, {"z": "1", "a": "2"}).to_json()["annotations"]) == ["a", "z"]  # type: ignore[arg-type]


def test_a_descriptor_can_be_a_key() -> None:
    assert len({Descriptor("a", D, 1, {"a": "b"}), Descriptor("a", D, 1, {"a": "b"})}) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"digest": None}, "'digest' is None, not a string"),
        ({"digest": "md5:0"}, "not a sha256 digest: 'md5:0'"),
        ({"size": None}, "'size' is None, not an integer"),
        ({"size": -1}, "'size' is -1"),
        ({"mediaType": 1}, "'mediaType' is 1, not a string"),
        ({"annotations": {"a": 1}}, "'annotations' holds 'a': 1, not a string"),
        ({"platform": "linux"}, "'platform' is 'linux', not an object"),
    ],
)
def test_what_is_no_descriptor_is_an_error(change: dict[str, Any], message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        Descriptor.from_json({"mediaType": "a", "digest": D, "size": 1, **change})

    assert str(caught.value) == message
