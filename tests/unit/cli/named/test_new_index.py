"""What a command line says of a new index."""

from __future__ import annotations

import pytest

from stagemill.cli.named.new_index import Described, placed_annotations
from stagemill.digest import Digest
from stagemill.errors import UsageError


def test_annotations_say_what_they_annotate() -> None:
    found = placed_annotations(["index:a=b", "manifest[linux/arm64],manifest-descriptor:c=d:e"])

    assert [(one.place, one.name, one.value) for one in found.all] == [
        ("index", "a", "b"), ("manifest", "c", "d:e"), ("manifest-descriptor", "c", "d:e"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["a=b", "a=b:c", "org.example.title=x"])
def test_one_without_a_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="does not say what it annotates") as caught:
        placed_annotations([text])

    assert "write --annotation index:NAME=VALUE" in str(caught.value.hint)


def test_a_descriptor_has_a_digest() -> None:
    digest = Digest.of(b"")

    assert Described.parse(f'{{"digest": "{digest}", "size": 1}}', "file").entry == {"digest": digest, "size": 1}
    for text in ("", "[]", "{}", '{"digest": "md5:1"}'):
        with pytest.raises(UsageError, match="file has no descriptor"):
            Described.parse(text, "file")
