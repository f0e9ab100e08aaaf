"""Packages in node_modules. Source: npm's documentation, package.json and folders."""

from __future__ import annotations

from stagemill.attest.packages.package import Package
from stagemill.attest.purl import package_url
from stagemill.oci.document import JsonObject, MalformedError, parse_object
from stagemill.regex import regex

_PLACE = regex(r"(?:.*/)?node_modules/(?:@[^/]+/)?[^/]+/package\.json")


def is_one(path: str) -> bool:
    """Whether a path is where a package says what it is; what is deeper in it is not of npm."""
    return _PLACE.fullmatch(path) is not None


def package(data: bytes, path: str) -> Package | None:
    """None where the file names no package."""
    try:
        document = parse_object(data, path)
    except MalformedError:
        return None
    name, version = document.get("name"), document.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or not name:
        return None
    scope, _, last = name.rpartition("/")
    return Package(name, version, package_url("npm", last, version, namespace=scope), path, _license(document))


def _license(document: JsonObject) -> str:
    """Today a text; once an object with a type, or a list of those."""
    found = document.get("license") or document.get("licenses")
    first = found[0] if isinstance(found, list) and found else found
    if isinstance(first, dict):
        first = first.get("type")
    return first if isinstance(first, str) else ""
