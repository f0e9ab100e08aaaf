"""An image at its place, for people."""

from __future__ import annotations

import json

from fakes.blobs import MemoryBlobs
from fakes.places import ARM64, MemorySource, both, one, put
from stagemill.cli.inspection.seen import look
from stagemill.cli.inspection.text import text
from stagemill.oci import media_types


def shown(source: MemorySource, name: str = "docker://r.example/app:1") -> list[str]:
    return text(look(name, source.node(), source)).splitlines()


def test_an_image_has_what_is_known_of_it() -> None:
    source = one(platform=ARM64)

    assert shown(source) == [
        "Name:        r.example/app:1",
        "MediaType:   application/vnd.oci.image.manifest.v1+json",
        f"Digest:      {source.node().digest}",
        "Platform:    linux/arm64",
        f"Layers:      1 layer, {source.node().blobs[0].size} B",
    ]


def test_manifests_are_named_by_their_digests_without_the_tag() -> None:
    source = both()

    for name, repository in (("docker://r:5000/app", "r:5000/app"), ("docker://r:5000/a/b:1", "r:5000/a/b")):
        assert f"  Name:        {repository}@{source.node().children[0].digest}" in shown(source, name)


def test_annotations_stand_below_each_other() -> None:
    source = one()
    manifest = {**json.loads(source.node().data), "annotations": {"a": "1", "longer": "2"}}
    annotated = MemorySource(put(source.blobs, manifest), source.blobs)

    assert shown(annotated)[3:6] == ["Annotations:", "  a:      1", "  longer: 2"]


def test_what_strangers_wrote_gives_the_terminal_no_orders() -> None:
    source = one()
    manifest = {**json.loads(source.node().data), "annotations": {"a": "\x1b[2Jgone"}}
    annotated = MemorySource(put(source.blobs, manifest), source.blobs)

    assert not any("\x1b" in line for line in shown(annotated))


def test_an_empty_index_is_shown_too() -> None:
    blobs = MemoryBlobs()
    entry = put(blobs, {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": []})

    assert shown(MemorySource(entry, blobs))[-1] == "Manifests:"
