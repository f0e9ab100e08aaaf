"""What a build is asked: the command line, and all of its surroundings that it could depend on."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence

_BOOKKEEPING = frozenset({"_", "SHLVL", "OLDPWD", "PWD"})
"""What a shell sets for itself."""

_FLAGS = frozenset(
    {
        *("-f", "--file", "-t", "--tag", "-o", "--output", "-q", "--quiet", "-j", "--jobs", "--load", "--iidfile"),
        *("--target", "--build-arg", "--label", "--platform", "--network", "--add-host", "--progress", "--pull"),
        *("--metadata-file", "--annotation", "--unsetlabel", "--unsetenv"),
    }
)
"""Flags whose meaning is in their words. Those of all others may be in files, in other programs or in the time of day."""

_ELSEWHERE = frozenset(
    {"EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", "BUILDX_GIT_LABELS", "SOURCE_DATE_EPOCH", "BUILDX_METADATA_PROVENANCE"}
)
"""Variables that say the same of more than themselves."""


def _may_repeat(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether the answer to a command line can depend on nothing but what a receipt has."""
    flags = (argument.partition("=")[0] for argument in arguments[1:] if argument.startswith("-"))
    return (
        arguments[:1] in (("build",), ["build"])
        and _FLAGS.issuperset(flags)
        and not any(map(environment.get, _ELSEWHERE))
    )


def question(arguments: Sequence[str], environment: Mapping[str, str], version: str) -> str:
    """All of it as text; equal where two builds are asked the same. Empty for what may have another answer each time."""
    directory = _directory()
    if directory is None or not _may_repeat(arguments, environment):
        return ""
    return json.dumps(
        {
            "version": version,
            "python": sys.version,
            "arguments": list(arguments),
            "directory": directory,
            "environment": sorted(item for item in environment.items() if item[0] not in _BOOKKEEPING),
            "user": [os.geteuid(), os.getegid(), sorted(os.getgroups())],
            "machine": list(os.uname()),
            "umask": _umask(),
            "streams": [_stream(number) for number in (1, 2)],
        }
    )


def name(text: str) -> str:
    """The name of the receipt for a question."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _directory() -> list[object] | None:
    """Where relative paths begin: by name, since messages have it, and what it is; None where it is gone."""
    try:
        status = os.stat(".")
        return [os.getcwd(), status.st_dev, status.st_ino]
    except OSError:
        return None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _stream(number: int) -> list[int] | None:
    """The size of a terminal; None for what is none."""
    return list(os.get_terminal_size(number)) if os.isatty(number) else None
