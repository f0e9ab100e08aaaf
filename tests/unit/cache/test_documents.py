"""A cache as an image manifest or an index, and what else a name may stand for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fakes.blobs import AMD64, MemoryBlobs, make_image
from fakes.caching import MemoryKeep, contents, kept, step
from stagemill.cache.contents import CacheContents, CachedLayer
from stagemill.cache.documents import Form, document, read
from stagemill.cache.marks import BUILDKIT_INLINE, INLINE, MEDIA_TYPE
from stagemill.digest import Digest
from stagemill.errors import CacheError, NotFoundError
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import JsonObject
from stagemill.oci.image import Image
from stagemill.oci.manifest import Index, Manifest
from stagemill.oci.platform import Platform
from stagemill.registry.documents import Document

ARM64 = Platform("linux", "arm64")
FORMS = [Form(image, oci) for image in (True, False) for oci in (True, False)]


@pytest.mark.parametrize("form", FORMS)
def test_what_was_written_is_read(form: Form) -> None:
    blobs = MemoryBlobs()
    found = contents(blobs, "a", "b")
    keep = kept(found, blobs, form)

    again, size = read(keep, platforms=[AMD64])

    assert again == found
    assert keep.named is not None
    assert size == len(keep.named.data) + len(found.serialize())


class TestForms:
    def test_it_is_an_image_manifest_whose_config_is_the_list_of_steps(self) -> None:
        blobs = MemoryBlobs()
        found = contents(blobs, "a", "b")

        config, data, top = document(found, Form())

        assert (config.media_type, config.digest, config.size) == (MEDIA_TYPE, Digest.of(data), len(data))
        assert top.media_type == media_types.MANIFEST
        assert Manifest.parse(top.data) == Manifest(config, found.blobs)

    def test_dockers_types_are_used_where_they_are_asked_for(self) -> None:
        _, _, top = document(contents(MemoryBlobs(), "a"), Form(oci_types=False))

        manifest = Manifest.parse(top.data)
        assert (top.media_type, manifest.media_type) == (media_types.DOCKER_MANIFEST, media_types.DOCKER_MANIFEST)
        assert [layer.media_type for layer in manifest.layers] == [media_types.DOCKER_LAYER_GZIP]

    def test_an_index_names_the_blobs_and_then_the_list(self) -> None:
        found = contents(MemoryBlobs(), "a", "b")

        config, _, top = document(found, Form(image_manifest=False))

        assert top.media_type == media_types.INDEX
        assert Index.parse(top.data).manifests == (*found.blobs, config)


class TestInline:
    def image(
        self, blobs: MemoryBlobs, platform: Platform = AMD64, name: str = "one", other: JsonObject | None = None
    ) -> Image:
        """An image of two layers with a cache of the upper one."""
        plain = make_image(blobs, {"a": b"1"}, {"b": name.encode()}, platform=platform)
        own = CachedLayer("layer", Digest.of(b"layer"), "2026-01-01T00:00:00Z", plain.config.diff_ids[1])
        base = CachedLayer("chain", plain.chain_ids[0], diff_id=plain.config.diff_ids[0])
        cache = CacheContents.of([step(name, base, own)]).to_json()
        config = replace(plain.config, other={INLINE: cache} if other is None else other)
        image = Image.build(config, plain.manifest.layers)
        blobs.put(image.config_bytes)
        blobs.put(image.manifest_bytes)
        return image

    def place(self, blobs: MemoryBlobs, data: bytes, media_type: str) -> MemoryKeep:
        return MemoryKeep(blobs, Document(media_type, data))

    def test_it_is_found_in_an_image_with_the_blobs_of_its_layers(self) -> None:
        blobs = MemoryBlobs()
        image = self.image(blobs)

        found, size = read(self.place(blobs, image.manifest_bytes, media_types.MANIFEST), platforms=[AMD64])

        (one,) = found.steps
        assert [layer.blob for layer in one.layers] == list(image.manifest.layers)
        assert size == len(image.manifest_bytes) + len(image.config_bytes)

    def test_of_an_index_it_is_that_of_the_platforms(self) -> None:
        blobs = MemoryBlobs()
        images = [self.image(blobs, AMD64, "amd"), self.image(blobs, ARM64, "arm")]
        index = Index(tuple(image.descriptor for image in images)).serialize()
        place = self.place(blobs, index, media_types.INDEX)

        one, _ = read(place, platforms=[ARM64])
        both, _ = read(place, platforms=[AMD64, ARM64])

        assert [each.name for each in one.steps] == ["RUN arm"]
        assert sorted(each.name for each in both.steps) == ["RUN amd", "RUN arm"]

    def test_an_index_without_the_platform_is_told(self) -> None:
        blobs = MemoryBlobs()
        index = Index((self.image(blobs).descriptor, self.image(blobs, name="b").descriptor)).serialize()

        with pytest.raises(CacheError) as caught:
            read(self.place(blobs, index, media_types.INDEX), platforms=[ARM64])

        assert str(caught.value) == "it has no image for linux/arm64"
        assert caught.value.hint == "export a cache for this platform first"

    def test_an_image_without_one_is_told(self) -> None:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"a": b"1"})

        with pytest.raises(CacheError) as caught:
            read(self.place(blobs, image.manifest_bytes, media_types.MANIFEST), platforms=[AMD64])

        assert str(caught.value) == "it is an image without a cache in it"
        assert caught.value.hint == "make it with --cache-to type=inline, or name a cache that was exported"

    def test_one_of_buildkit_is_told(self) -> None:
        blobs = MemoryBlobs()
        image = self.image(blobs, other={BUILDKIT_INLINE: "eyJ9"})

        with pytest.raises(CacheError, match="it is a cache of BuildKit, whose keys are not those of stagemill"):
            read(self.place(blobs, image.manifest_bytes, media_types.MANIFEST), platforms=[AMD64])


@pytest.mark.parametrize("as_index", [True, False])
def test_a_cache_of_buildkit_is_told(as_index: bool) -> None:
    config = Descriptor("application/vnd.buildkit.cacheconfig.v0", Digest.of(b"{}"), 2)
    data = Index((config,)).serialize() if as_index else Manifest(config, ()).serialize()
    place = MemoryKeep(named=Document(media_types.INDEX if as_index else media_types.MANIFEST, data))

    with pytest.raises(CacheError) as caught:
        read(place, platforms=[AMD64])

    assert str(caught.value) == "it is a cache of BuildKit, whose keys are not those of stagemill"
    assert caught.value.hint == "export one to another name with --cache-to; docs/cache.md says more"


def test_a_list_of_steps_without_end_is_not_read() -> None:
    config = Descriptor(MEDIA_TYPE, Digest.of(b""), 1 << 30)
    place = MemoryKeep(named=Document(media_types.MANIFEST, Manifest(config, ()).serialize()))

    with pytest.raises(CacheError, match=f"its list of steps has {1 << 30} bytes"):
        read(place, platforms=[AMD64])


@pytest.mark.parametrize("data", [b"[]", json.dumps({"version": 9}).encode()])
def test_a_list_of_steps_that_is_none_is_told(data: bytes) -> None:
    blobs = MemoryBlobs()
    config = Descriptor(MEDIA_TYPE, blobs.put(data), len(data))
    place = MemoryKeep(blobs, Document(media_types.MANIFEST, Manifest(config, ()).serialize()))

    with pytest.raises(CacheError, match="it cannot be read: the cache ") as caught:
        read(place, platforms=[AMD64])

    assert caught.value.hint == "export it again"


def test_what_is_not_there_is_told_by_the_place() -> None:
    with pytest.raises(NotFoundError):
        read(MemoryKeep(), platforms=[AMD64])
