"""The media types of images. Source: OCI image-spec media-types.md, and Docker's image manifest version 2, schema 2."""

from __future__ import annotations

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"

EMPTY = "application/vnd.oci.empty.v1+json"
IN_TOTO = "application/vnd.in-toto+json"

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_LAYER_ZSTD = "application/vnd.docker.image.rootfs.diff.tar.zstd"  # containerd's, which BuildKit writes too

CONFIGS = frozenset({CONFIG, DOCKER_CONFIG, "application/octet-stream"})
MANIFESTS = frozenset({MANIFEST, DOCKER_MANIFEST})
INDEXES = frozenset({INDEX, DOCKER_INDEX})
LAYERS = frozenset({LAYER, LAYER_GZIP, LAYER_ZSTD, DOCKER_LAYER, DOCKER_LAYER_GZIP, DOCKER_LAYER_ZSTD})
CONFIGS = frozenset({CONFIG, DOCKER_CONFIG, "application/octet-stream"})

_FOREIGN = {
    "application/vnd.oci.image.layer.nondistributable.v1.tar": LAYER,
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": LAYER_GZIP,
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": LAYER_ZSTD,
    "application/vnd.docker.image.rootfs.foreign.diff.tar": LAYER,
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": LAYER_GZIP,
}
FOREIGN = frozenset(_FOREIGN)
"""Layers that are had from where their makers keep them, and are in no registry."""

_DOCKER = {LAYER: DOCKER_LAYER, LAYER_GZIP: DOCKER_LAYER_GZIP, LAYER_ZSTD: DOCKER_LAYER_ZSTD}
_OCI = {**_FOREIGN, **{docker: oci for oci, docker in _DOCKER.items()}}


def of_oci(layer: str) -> str:
    """OCI's media type of a layer that may have any; one that was not to be distributed is one like all others."""
    return _OCI.get(layer, layer)


def of_docker(layer: str) -> str:
    """Docker's, the same."""
    return _DOCKER.get(of_oci(layer), layer)
