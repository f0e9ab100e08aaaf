"""The names that labels may have, and the forms of their values. Sources: docs.docker.com (object labels), the OCI image spec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from stagemill.lint.policy import Form
from stagemill.regex import regex

_OCI = "org.opencontainers.image."
_SPDX_WORD = regex(r"(?:AND|OR|WITH)|[A-Za-z0-9][A-Za-z0-9.+-]*(?::[A-Za-z0-9.-]+)?")
_RESERVED = ("com.docker.", "io.docker.", "org.dockerproject.")
_FORMS: Mapping[Form, re.Pattern[str]] = {
    "text": regex(r".*", re.DOTALL),
    "url": regex(r"[a-z][a-z0-9+.-]*://[^\s/]+\S*", re.IGNORECASE),
    "email": regex(r"[^\s@]+@[^\s@]+\.[^\s@]+"),
    "hash": regex(r"[0-9a-f]{7}|[0-9a-f]{40}|[0-9a-f]{64}"),
    "rfc3339": regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)"),
    "semver": regex(r"v?(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"),
}
KNOWN: Mapping[str, Form] = {
    f"{_OCI}created": "rfc3339", f"{_OCI}url": "url", f"{_OCI}documentation": "url", f"{_OCI}source": "url",
    f"{_OCI}licenses": "spdx",
}  # fmt: skip
"""The labels of the OCI whose values have a form."""

TITLES: Mapping[Form, str] = {
    "text": "text", "url": "URL", "email": "mail address", "hash": "commit of git", "rfc3339": "time in RFC 3339",
    "semver": "semantic version", "spdx": "SPDX expression",
}  # fmt: skip
HINTS: Mapping[str, str] = {
    "DL3048": "write small letters, digits, dots, hyphens and underscores",
    "DL3050": "remove it, or add it to lint.labels of stagemill.toml",
    "DL3051": "give it a value, or remove it",
    "DL3053": "for example 2025-11-29T08:00:00Z",
    "DL3054": "for example MIT OR Apache-2.0",
}


def key_problem(key: str) -> str | None:
    """What is wrong with the name of a label, None where nothing is."""
    if key.startswith(_RESERVED):
        return "is in a namespace that Docker keeps for itself"
    if re.search(r"[.-]{2}", key):
        return "has two separators side by side"
    if not re.fullmatch(r"[^\W\d_].*[^\W_]|[^\W\d_]", key, re.DOTALL):
        return "does not begin with a letter, or not end with a letter or digit"
    if re.search(r"\s", key):
        return "has a blank in it"
    return None


def has_form(value: str, form: Form) -> bool:
    """Whether a value has a form. What an SPDX expression names is not looked up."""
    if form == "spdx":
        words = value.replace("(", " ").replace(")", " ").split()
        operators = {"AND", "OR", "WITH"}
        pairs = pairwise(words)
        return (
            bool(words)
            and all(_SPDX_WORD.fullmatch(word) for word in words)
            and all((first in operators) != (second in operators) for first, second in pairs)
            and words[0] not in operators
            and words[-1] not in operators
        )
    return bool(_FORMS[form].fullmatch(value))
