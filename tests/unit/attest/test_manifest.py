"""The manifest with an image's attestations."""

from __future__ import annotations

import json

from fakes.blobs import MemoryBlobs, make_image
from stagemill.attest.manifest import carrier, referrer
from stagemill.attest.statement import SPDX, Attestation, Subject
from stagemill.digest import Digest
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex, pick, platforms, runnable

IMAGE = make_image(MemoryBlobs(), {"a": b"x"})
SAID = Attestation("sbom.spdx.json", SPDX, {"name": "a"}), Attestation("p.json", "https://t", {})
ABOUT = Subject("a", IMAGE.digest)


def test_statements_are_layers_by_the_type_of_what_they_say() -> None:
    made = carrier(IMAGE, SAID, subjects=[ABOUT])

    assert made.statements == tuple(each.statement([ABOUT]) for each in SAID)
    assert [
        (layer.media_type, layer.digest, layer.size, dict(layer.annotations)) for layer in made.image.manifest.layers
    ] == [
        ("application/vnd.in-toto+json", Digest.of(data), len(data), {"in-toto.io/predicate-type": said.type})
        for data, said in zip(made.statements, SAID, strict=True)
    ]


def test_an_artifact_names_the_image_as_its_subject() -> None:
    document = json.loads(carrier(IMAGE, SAID, subjects=[]).image.manifest_bytes)

    assert document["artifactType"] == "application/vnd.docker.attestation.manifest.v1+json"
    assert document["subject"] == {
        "mediaType": IMAGE.manifest.media_type,
        "digest": IMAGE.digest,
        "size": len(IMAGE.manifest_bytes),
    }
    assert document["config"] == {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": Digest.of(b"{}"),
        "size": 2,
        "data": "e30=",
    }


def test_what_is_no_artifact_has_the_config_of_an_image_of_no_platform() -> None:
    made = carrier(IMAGE, SAID, subjects=[], artifact=False).image

    assert (str(made.config.platform), made.config.diff_ids) == (
        "unknown/unknown",
        tuple(layer.digest for layer in made.manifest.layers),
    )
    assert "subject" not in json.loads(made.manifest_bytes)


def test_in_an_index_nobody_takes_it_for_an_image() -> None:
    for artifact in (True, False):
        made = carrier(IMAGE, SAID, subjects=[ABOUT], artifact=artifact).image
        index = ImageIndex.build([IMAGE, made])

        assert dict(index.index.manifests[1].annotations) == {
            "vnd.docker.reference.digest": IMAGE.digest,
            "vnd.docker.reference.type": "attestation-manifest",
        }
        assert str(index.index.manifests[1].platform) == "unknown/unknown"
        assert (runnable(index), pick(index, None)) == ((IMAGE,), IMAGE)
        assert platforms(index) == (IMAGE.config.platform,)
        again = ImageIndex.parse(index.index_bytes, [IMAGE, Image.parse(made.manifest_bytes, made.config_bytes)])
        assert [image.digest for image in again.images] == [IMAGE.digest, made.digest]


def test_one_that_refers_to_it_says_one_thing() -> None:
    made = referrer(IMAGE, SAID[0], subjects=[ABOUT])

    document = json.loads(made.manifest)
    assert (document["artifactType"], document["subject"]["digest"]) == ("application/vnd.in-toto+json", IMAGE.digest)
    assert document["annotations"] == {"in-toto.io/predicate-type": SPDX}
    assert made.entry.to_json() == {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": Digest.of(made.manifest),
        "size": len(made.manifest),
        "annotations": document["annotations"],
        "artifactType": document["artifactType"],
    }
    assert made.subject == IMAGE.digest
    (layer, statement), (empty, nothing) = made.blobs
    assert (layer.to_json(), statement) == (document["layers"][0], SAID[0].statement([ABOUT]))
    assert (empty.digest, nothing) == (document["config"]["digest"], b"{}")
