"""Which manifest of an index is meant: the one whose platform fits best. Source: containerd's platforms package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform

_ATTESTATION = "vnd.docker.reference.type"
_ARM64_MINORS = {8: 9, 9: 7}  # the last minor version of each that is known
_ARM = ("v8", "v7", "v6", "v5")
_AMD64 = ("v4", "v3", "v2", "")
_LTSC = (20348, 26100)  # builds of Windows Server 2022 and 2025, whose interface is stable
_WIN32K = "win32k"


def candidates(manifests: Iterable[Descriptor]) -> tuple[Descriptor, ...]:
    """The manifests that are images: without the attestations that BuildKit adds (platform unknown/unknown)."""
    return tuple(
        manifest
        for manifest in manifests
        if _ATTESTATION not in manifest.annotations
        and not (manifest.platform and manifest.platform.os == manifest.platform.architecture == "unknown")
    )


def choose(manifests: Sequence[Descriptor], platform: Platform | None) -> Descriptor | None:
    """The image for a platform, or one that runs there too; None where there is none.

    Without a platform it is this machine's image, or the only one there is. A single image that names no platform
    is taken as it is. Source: OCI image-spec image-index.md: the first of several that match.
    """
    images = candidates(manifests)
    if len(images) == 1 and (platform is None or images[0].platform is None):
        return images[0]
    for wanted in _preferred(platform or Platform.local()):
        fitting = [image for image in images if image.platform and _fits(image.platform, wanted)]
        if fitting:
            return max(fitting, key=lambda image: len(image.platform.os_features) if image.platform else 0)
    return None


def _fits(found: Platform, wanted: Platform) -> bool:
    here = {*wanted.os_features, *({_WIN32K} if wanted.os == "windows" else ())}
    return (
        (found.os, found.architecture, found.variant) == (wanted.os, wanted.architecture, wanted.variant)
        and here.issuperset(found.os_features)
        and (wanted.os != "windows" or _is_compatible(found.os_version, wanted.os_version))
    )


def _preferred(wanted: Platform) -> Iterator[Platform]:
    """What runs where a platform is wanted, the best first."""
    match wanted.architecture:
        case "amd64":
            later = _AMD64[_AMD64.index(wanted.variant) + 1 :] if wanted.variant in _AMD64 else ()
            yield from (replace(wanted, variant=variant) for variant in (wanted.variant, *later))
            yield replace(wanted, architecture="386", variant="")
        case "arm":
            later = _ARM[_ARM.index(wanted.variant) + 1 :] if wanted.variant in _ARM else ()
            yield from (replace(wanted, variant=variant) for variant in (wanted.variant, *later))
        case "arm64":
            yield from (replace(wanted, variant=variant) for variant in _arm64(wanted.variant))
            yield from (replace(wanted, architecture="arm", variant=variant) for variant in _ARM)
        case _:
            yield wanted


def _arm64(variant: str) -> Iterator[str]:
    """Versions from one down: v9.2 has what v8.7 has. The first of each is written without its minor version."""
    major, _, minor = (variant or "v8").removeprefix("v").partition(".")
    start = int(minor or "0") if major.isdigit() and (minor or "0").isdigit() else -1
    if start < 0 or start > _ARM64_MINORS.get(int(major), -1):
        yield variant
        return
    for number, last in [(9, start), (8, min(start + 5, _ARM64_MINORS[8]))] if major == "9" else [(8, start)]:
        for below in range(last, -1, -1):
            yield f"v{number}.{below}" if below else ("v9" if number == 9 else "")


def _is_compatible(found: str, wanted: str) -> bool:
    """Whether a system of one version of Windows runs an image of another; an unknown version always does."""
    host, image = _build(wanted), _build(found)
    if host is None or not found:
        return True
    if image is None or host[:2] != image[:2]:
        return False
    if host[2] < _LTSC[0]:
        return host[2] == image[2]
    oldest = next((build for build in reversed(_LTSC) if host[2] > build), _LTSC[0])
    return oldest <= image[2] <= host[2]


def _build(version: str) -> tuple[int, int, int] | None:
    parts = version.split(".")[:3]
    if len(parts) < 3 or not all(part.isdigit() for part in parts):
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])
