"""`Challenge`: how a registry wants to be told who asks. Source: RFC 9110 section 11.6.1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from stagemill.regex import regex
from stagemill.values import dataclass

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = regex(rf"\s*,?\s*({_WORD})(?=\s|,|$)(?!\s*=)")
_PARAMETER = regex(rf'\s*,?\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))')


@dataclass(frozen=True, slots=True)
class Challenge:
    """`scheme` and the names of the parameters are in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)


def parse(header: str) -> tuple[Challenge, ...]:
    """The challenges of a WWW-Authenticate header, in order; what cannot be read ends the list."""
    found: list[Challenge] = []
    position = 0
    while scheme := _SCHEME.match(header, position):
        position = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            name, quoted, bare = parameter.groups()
            parameters[name.lower()] = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        found.append(Challenge(scheme[1].lower(), parameters))
    return tuple(found)
