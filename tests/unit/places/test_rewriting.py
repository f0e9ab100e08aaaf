"""Other media types and annotations, and what follows from them."""

from __future__ import annotations

import json

import pytest

from fakes.blobs import MemoryBlobs
from fakes.places import MemorySource, both, one
from stagemill.errors import StagemillError
from stagemill.oci import document, media_types
from stagemill.places.node import Node
from stagemill.places.rewriting import SUBJECT, Form, annotated, changed, in_form


def form_of(node: Node, form: Form) -> tuple[Node, list[str]]:
    told: list[str] = []
    return in_form(node, form, told=told.append), told


def test_what_is_in_a_form_stays_as_it_is() -> None:
    node = both().node()

    assert form_of(node, "oci") == (node, [])
    assert form_of(form_of(node, "docker")[0], "docker")[0].data == form_of(node, "docker")[0].data


def test_an_image_has_dockers_media_types() -> None:
    node, told = form_of(one().node(), "docker")

    manifest = json.loads(node.data)
    assert (node.media_type, manifest["mediaType"]) == (media_types.DOCKER_MANIFEST,) * 2
    assert manifest["config"]["mediaType"] == media_types.DOCKER_CONFIG
    assert [layer["mediaType"] for layer in manifest["layers"]] == [media_types.DOCKER_LAYER_GZIP]
    assert node.blobs[0].digest == one().node().blobs[0].digest
    assert told == []


def test_a_docker_list_has_images_only_and_says_what_it_lacks() -> None:
    node, told = form_of(both().node(), "docker")

    assert node.media_type == media_types.DOCKER_INDEX
    assert [child.media_type for child in node.children] == [media_types.DOCKER_MANIFEST] * 2
    assert json.loads(node.data)["manifests"] == [child.entry for child in node.children]
    assert all("annotations" not in child.entry for child in node.children)
    assert len([text for text in told if "is left out: docker's format has images only" in text]) == 2


def test_there_and_back_it_is_the_same_image() -> None:
    node = one().node()
    there, _ = form_of(node, "docker")

    assert form_of(there, "oci")[0] == node


def test_annotations_that_docker_cannot_have_are_told() -> None:
    source = one()
    data = json.dumps({**json.loads(source.node().data), "annotations": {"b": "2", "a": "1"}}).encode()
    node = Node.of(data, media_types.MANIFEST)

    made, told = form_of(node, "docker")

    assert "annotations" not in json.loads(made.data)
    assert told == [f"the annotations of {node.digest} are left out: docker's format has none (a, b)"]


def test_zstd_and_attestations_cannot_be_in_dockers_format() -> None:
    manifest = json.loads(one().node().data)
    manifest["layers"][0]["mediaType"] = media_types.LAYER_ZSTD
    zstd = Node.of(json.dumps(manifest).encode(), media_types.MANIFEST)

    with pytest.raises(StagemillError, match="docker's format has no layers in zstd") as caught:
        form_of(zstd, "docker")
    with pytest.raises(StagemillError, match="only images can be in docker's format"):
        form_of(both().node().children[2], "docker")

    assert "--compression-format gzip" in str(caught.value.hint)


def test_containerds_layers_in_zstd_are_ocis() -> None:
    manifest = json.loads(form_of(one().node(), "docker")[0].data)
    manifest["layers"][0]["mediaType"] = media_types.DOCKER_LAYER_ZSTD

    node, _ = form_of(Node.of(json.dumps(manifest).encode(), media_types.DOCKER_MANIFEST), "oci")

    assert [layer.media_type for layer in node.blobs[:-1]] == [media_types.LAYER_ZSTD]


def test_what_names_a_changed_manifest_is_changed_too() -> None:
    source = both()
    before = source.node()

    def change(node: Node, made: document.JsonObject) -> document.JsonObject:
        return annotated(made, {"k": "v"}) if node.digest == before.children[0].digest else made

    after = changed(before, change)

    assert after is not None
    first, second, about_first, about_second = after.children
    assert json.loads(first.data)["annotations"] == {"k": "v"}
    assert (second, about_second) == (before.children[1], before.children[3])
    assert about_first.entry["annotations"] == {
        **dict(document.obj(about_first.entry, "annotations")),
        SUBJECT: first.digest,
    }
    assert json.loads(after.data)["manifests"] == [child.entry for child in after.children]
    blobs = MemoryBlobs({each.digest: each.data for each in after.walk()})
    assert MemorySource(after.entry, blobs).node() == after
