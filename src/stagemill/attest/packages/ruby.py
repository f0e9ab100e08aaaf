"""Ruby's gems. Source: RubyGems, Gem::Specification#to_ruby, which writes the files in `specifications`."""

from __future__ import annotations

import re

from stagemill.attest.packages.package import Package
from stagemill.attest.purl import package_url
from stagemill.regex import regex

_PLACE = regex(r"(?:.*/)?specifications/(?:default/)?[^/]+\.gemspec")
_STUB = regex(r"^# stub: (\S+) (\S+) (\S+)", re.MULTILINE)
_FIELD = r"^\s*\w+\.{} = (?:Gem::Version\.new\()?['\"]([^'\"]+)['\"]"
_NAME = regex(_FIELD.format("name"), re.MULTILINE)
_VERSION = regex(_FIELD.format("version"), re.MULTILINE)
_LICENSES = regex(r"^\s*\w+\.licenses = \[([^\]]*)\]", re.MULTILINE)
_WORD = regex(r"['\"]([^'\"]+)['\"]")


def is_one(path: str) -> bool:
    """Whether a path is where a gem says what it is."""
    return _PLACE.fullmatch(path) is not None


def package(data: bytes, path: str) -> Package | None:
    """None where the file names no gem."""
    text = data.decode("utf-8", "replace")
    stub, name, version = _STUB.search(text), _NAME.search(text), _VERSION.search(text)
    found = (stub[1], stub[2]) if stub else (name[1], version[1]) if name and version else None
    if found is None:
        return None
    platform = stub[3] if stub and stub[3] != "ruby" else ""
    url = package_url("gem", *found, qualifiers={"platform": platform})
    licenses = _LICENSES.search(text)
    return Package(*found, url, path, " OR ".join(_WORD.findall(licenses[1])) if licenses else "")
