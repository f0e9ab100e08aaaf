"""`Image`: a manifest and its config, and the digests that name them."""

from __future__ import annotations

import hashlib

import pytest

from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import MalformedError
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform

AMD64 = Platform("linux", "amd64")
IDS = tuple(Digest.of(text) for text in (b"a", b"b", b"c"))
LAYERS = tuple(Descriptor(media_types.LAYER_GZIP, Digest.of(text), 1) for text in (b"A", b"B", b"C"))
IMAGE = Image.build(ImageConfig(AMD64, RunConfig(cmd=("x",)), diff_ids=IDS), LAYERS)


def test_an_image_that_was_built_is_the_one_that_is_read() -> None:
    assert Image.parse(IMAGE.manifest_bytes, IMAGE.config_bytes) == IMAGE
    assert IMAGE.manifest.layers == LAYERS
    assert IMAGE.config.config.cmd == ("x",)


def test_digests_are_those_of_the_bytes() -> None:
    assert IMAGE.digest == Digest.of(IMAGE.manifest_bytes)
    assert IMAGE.manifest.config.digest == Digest.of(IMAGE.config_bytes)
    assert Image.config_digest(IMAGE.manifest_bytes) == Digest.of(IMAGE.config_bytes)
    assert IMAGE.descriptor == Descriptor(media_types.MANIFEST, IMAGE.digest, len(IMAGE.manifest_bytes), platform=AMD64)


def test_a_chain_id_names_a_layer_with_all_below() -> None:
    second = f"sha256:{hashlib.sha256(f'{IDS[0]} {IDS[1]}'.encode()).hexdigest()}"
    third = f"sha256:{hashlib.sha256(f'{second} {IDS[2]}'.encode()).hexdigest()}"

    assert IMAGE.chain_ids == (IDS[0], second, third)
    assert Image.build(ImageConfig(AMD64), ()).chain_ids == ()


def test_bytes_that_were_read_are_kept_even_where_we_would_write_others() -> None:
    spaced = IMAGE.manifest_bytes + b"\n"

    assert Image.parse(spaced, IMAGE.config_bytes).digest == Digest.of(spaced)


def test_layers_and_diff_ids_must_pair_up() -> None:
    with pytest.raises(MalformedError) as caught:
        Image.build(ImageConfig(AMD64, diff_ids=IDS[:2]), LAYERS)

    assert str(caught.value) == "image has 3 layers but 2 diff_ids"


def test_a_config_of_odd_bytes_makes_an_image_all_the_same() -> None:
    image = Image.build(ImageConfig(AMD64, RunConfig(labels={"a": "\udcff"})), ())

    assert image.config.config.labels == {"a": "\ufffd"}
