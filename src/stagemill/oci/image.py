"""`Image`: a manifest with its config, both with the bytes that their digests name."""

from __future__ import annotations

from collections.abc import Mapping

from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import MalformedError
from stagemill.oci.manifest import Manifest
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

NO_PLATFORM = Platform("unknown", "unknown")
"""That of a manifest which is no image."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image of one platform. Layers are only named here; their bytes are wherever the image came from.

    Attestations are one too: what they say are layers, and their config may be the empty object.

    `annotations` are what an index says of it beside its name, and `platform` the one that it says, where that is not
    the config's.
    """

    manifest: Manifest
    config: ImageConfig
    manifest_bytes: bytes
    config_bytes: bytes
    annotations: tuple[tuple[str, str], ...] = ()
    platform: Platform | None = None

    @classmethod
    def parse(cls, manifest_bytes: bytes, config_bytes: bytes) -> Image:
        """Raises MalformedError (a ValueError), also where layers and diff_ids do not pair up."""
        manifest = Manifest.parse(manifest_bytes)
        if manifest.config.media_type == media_types.EMPTY:
            config = ImageConfig(NO_PLATFORM, diff_ids=tuple(layer.digest for layer in manifest.layers))
        else:
            config = ImageConfig.parse(config_bytes)
        image = cls(manifest, config, manifest_bytes, config_bytes)
        if len(image.manifest.layers) != len(image.config.diff_ids):
            count = f"{len(image.manifest.layers)} layers but {len(image.config.diff_ids)} diff_ids"
            raise MalformedError(f"image has {count}")
        return image

    @classmethod
    def build(
        cls,
        config: ImageConfig,
        layers: tuple[Descriptor, ...],
        *,
        annotations: Mapping[str, str] | None = None,
        docker: bool = False,
    ) -> Image:
        """A new image of a config and its layers, whose diff_ids the config already has; with Docker's media types or OCI's."""
        config_bytes = config.serialize()
        kind, config_kind = media_types.MANIFEST, media_types.CONFIG
        if docker:
            kind, config_kind = media_types.DOCKER_MANIFEST, media_types.DOCKER_CONFIG
        descriptor = Descriptor(config_kind, Digest.of(config_bytes), len(config_bytes))
        manifest = Manifest(descriptor, layers, kind, annotations or {})
        return cls.parse(manifest.serialize(), config_bytes)

    @staticmethod
    def config_digest(manifest_bytes: bytes) -> Digest:
        """The digest of the config that a manifest names. Raises MalformedError."""
        return Manifest.parse(manifest_bytes).config.digest

    @property
    def digest(self) -> Digest:
        """The digest of the manifest."""
        return Digest.of(self.manifest_bytes)

    @property
    def descriptor(self) -> Descriptor:
        """Names the manifest."""
        return Descriptor(
            self.manifest.media_type,
            self.digest,
            len(self.manifest_bytes),
            annotations=dict(self.annotations),
            platform=self.platform or self.config.platform,
        )

    @property
    def chain_ids(self) -> tuple[Digest, ...]:
        """For each layer the digest of it and all below. Source: OCI image-spec config.md, "Layer ChainID"."""
        chain: list[Digest] = []
        for diff_id in self.config.diff_ids:
            chain.append(Digest.of(f"{chain[-1]} {diff_id}".encode()) if chain else diff_id)
        return tuple(chain)
