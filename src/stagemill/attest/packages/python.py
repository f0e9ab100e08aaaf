"""Python's distributions. Source: the packaging specifications, "Core metadata" and "Recording installed projects"."""

from __future__ import annotations

from stagemill.attest.packages.package import Package
from stagemill.attest.purl import package_url
from stagemill.regex import regex

_PLACE = regex(r"(?:.*/)?[^/]+(?:\.dist-info/METADATA|\.egg-info/PKG-INFO|\.egg-info)")
_SEPARATORS = regex(r"[-_.]+")


def is_one(path: str) -> bool:
    """Whether a path is where a distribution says what it is."""
    return _PLACE.fullmatch(path) is not None


def package(data: bytes, path: str) -> Package | None:
    """None where the file names no distribution."""
    fields: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        key, colon, value = line.partition(":")
        if not line.strip():
            break  # the rest is the description
        if colon and not line[0].isspace():
            fields.setdefault(key.lower(), value.strip())
    name, version = fields.get("name", ""), fields.get("version", "")
    if not name or not version:
        return None
    said = fields.get("license-expression") or fields.get("license", "")
    return Package(name, version, package_url("pypi", _SEPARATORS.sub("-", name).lower(), version), path, said)
