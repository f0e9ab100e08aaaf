"""Package URLs: one name for a package, of whatever kind it is. Source: the package-url specification, "Rules for each component"."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from stagemill.digest import Digest
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference


def package_url(
    kind: str, name: str, version: str = "", *, namespace: str = "", qualifiers: Mapping[str, str] | None = None
) -> str:
    """`pkg:KIND/NAMESPACE/NAME@VERSION?QUALIFIERS`; qualifiers are sorted, and those without a value left out."""
    spaces = [quote(part, safe=":") for part in namespace.split("/") if part]
    path = "/".join([kind, *spaces, quote(name, safe=":")])
    at = f"@{quote(version, safe=':')}" if version else ""
    pairs = [f"{key}={quote(value, safe=':')}" for key, value in sorted((qualifiers or {}).items()) if value]
    return f"pkg:{path}{at}" + (f"?{'&'.join(pairs)}" if pairs else "")


def of_image(reference: Reference, platform: Platform | None = None) -> str:
    """An image as BuildKit names it: `pkg:docker/alpine@3.20?platform=linux%2Famd64`. Source: BuildKit, util/purl/image.go."""
    familiar = reference.repository.removeprefix("library/") if reference.registry == "docker.io" else ""
    path = familiar or f"{reference.registry}/{reference.repository}"
    namespace, _, name = path.rpartition("/")
    qualifiers = {
        "digest": str(reference.digest) if reference.digest else "",
        "platform": str(platform) if platform else "",
    }
    return package_url("docker", name, reference.tag, namespace=namespace, qualifiers=qualifiers)


def of_layout(name: str, digest: Digest, platform: str) -> str:
    """An image that no registry has, by the name of the directory that it lies in."""
    return package_url("oci", name, qualifiers={"digest": str(digest), "platform": platform})
