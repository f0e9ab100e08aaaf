"""Which manifest of an index is meant: the one whose platform fits best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform

_ATTESTATION = "vnd.docker.reference.type"
_LOWER_VARIANTS = {
    "arm": ("v8", "v7", "v6", "v5"),
    "amd64": ("v4", "v3", "v2", ""),
}


def candidates(manifests: Iterable[Descriptor]) -> tuple[Descriptor, ...]:
    """The manifests that are images: without the attestations that BuildKit adds (platform unknown/unknown)."""
    return tuple(
        manifest
        for manifest in manifests
        if _ATTESTATION not in manifest.annotations
        and not (manifest.platform and manifest.platform.os == manifest.platform.architecture == "unknown")
    )


def choose(manifests: Sequence[Descriptor], platform: Platform | None) -> Descriptor | None:
    """The image for a platform, or a lower variant that runs there too; None where there is none.

    Without a platform it is this machine's image, or the only one there is. A single image that names no platform
    is taken as it is. Source: OCI image-spec image-index.md: the first of several that match.
    """
    images = candidates(manifests)
    if len(images) == 1 and (platform is None or images[0].platform is None):
        return images[0]
    wanted = platform or Platform.local()
    for variant in _variants(wanted):
        for image in images:
            if image.platform and _fits(image.platform, wanted, variant):
                return image
    return None


def _fits(found: Platform, wanted: Platform, variant: str) -> bool:
    return (found.os, found.architecture, found.variant) == (wanted.os, wanted.architecture, variant) and (
        not wanted.os_version or found.os_version == wanted.os_version
    )


def _variants(wanted: Platform) -> Sequence[str]:
    known = _LOWER_VARIANTS.get(wanted.architecture, ())
    return known[known.index(wanted.variant) :] if wanted.variant in known else (wanted.variant,)
