"""Several images under one name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fakes.blobs import MemoryBlobs, make_image
from stagemill.oci import media_types
from stagemill.oci.document import MalformedError
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex, identity, members, pick, platforms, runnable
from stagemill.oci.platform import Platform

AMD64, ARM64, S390X = (Platform("linux", name) for name in ("amd64", "arm64", "s390x"))


def image(platform: Platform) -> Image:
    return make_image(MemoryBlobs(), {"a": b"1"}, platform=platform)


def attestation(of: Image) -> Image:
    """What BuildKit puts beside an image."""
    what = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of.digest}
    return replace(image(Platform("unknown", "unknown")), annotations=tuple(sorted(what.items())))


AMD, ARM = image(AMD64), image(ARM64)


def test_an_index_lists_its_images_in_their_order() -> None:
    made = ImageIndex.build([ARM, AMD], annotations={"a": "1"})

    document = json.loads(made.index_bytes)
    assert document["mediaType"] == media_types.INDEX
    assert document["annotations"] == {"a": "1"}
    assert [(entry["digest"], entry["platform"]) for entry in document["manifests"]] == [
        (ARM.digest, {"architecture": "arm64", "os": "linux"}), (AMD.digest, {"architecture": "amd64", "os": "linux"}),
    ]  # fmt: skip


def test_an_image_that_comes_twice_is_listed_once() -> None:
    assert ImageIndex.build([ARM, AMD, ARM]).images == (ARM, AMD)


def test_an_entry_has_what_an_index_says_of_an_image() -> None:
    said = replace(ARM, platform=Platform("linux", "arm64", "v9"), annotations=(("a", "1"),))

    (entry,) = ImageIndex.build([said]).index.manifests

    assert (str(entry.platform), entry.annotations, entry.digest) == ("linux/arm64/v9", {"a": "1"}, ARM.digest)


def test_what_is_read_again_is_equal() -> None:
    made = ImageIndex.build([ARM, AMD])

    assert ImageIndex.parse(made.index_bytes, [AMD, ARM]) == made


def test_only_what_is_at_hand_is_among_the_images() -> None:
    found = ImageIndex.parse(ImageIndex.build([ARM, AMD]).index_bytes, [AMD])

    assert found.images == members(found) == (AMD,)
    assert platforms(found) == (ARM64, AMD64)
    assert pick(found, ARM64) is None


def test_what_is_no_index_is_told() -> None:
    with pytest.raises(MalformedError):
        ImageIndex.parse(b"[]", [])


def test_an_attestation_is_one_more_manifest_and_nobody_runs_it() -> None:
    made = ImageIndex.build([AMD, attestation(AMD)])

    assert len(made.images) == len(made.index.manifests) == 2
    assert runnable(made) == (AMD,)
    assert platforms(made) == (AMD64,)
    assert pick(made, None) == pick(made, AMD64) == AMD


def test_the_image_for_a_platform_is_picked() -> None:
    made = ImageIndex.build([ARM, AMD])

    assert (pick(made, ARM64), pick(made, AMD64), pick(made, S390X)) == (ARM, AMD, None)
    assert pick(ARM, AMD64) == ARM


def test_the_id_of_an_index_is_its_digest_and_that_of_an_image_its_config_s() -> None:
    made = ImageIndex.build([ARM])

    assert (identity(made), identity(ARM)) == (made.digest, ARM.manifest.config.digest)


def test_a_descriptor_names_the_index() -> None:
    made = replace(ImageIndex.build([ARM]), annotations=(("a", "1"),))

    descriptor = made.descriptor

    assert (descriptor.media_type, descriptor.digest, descriptor.size) == (
        media_types.INDEX, made.digest, len(made.index_bytes),
    )  # fmt: skip
    assert (descriptor.annotations, descriptor.platform) == ({"a": "1"}, None)
