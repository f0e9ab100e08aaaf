"""What is drawn at random: identifiers, names of temporary files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stagemill.regex import regex
from stagemill.verify.difference import Cause
from stagemill.verify.pair import Pair

_UUID = regex(rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TEMPORARY = regex(rb"/tmp/[\w./-]*[A-Za-z0-9_]{6,}")
_RANDOM = regex(r"[A-Za-z0-9_]+")
_FEWEST = 4  # characters that differ

_IDENTIFIER = Cause(
    "a UUID that is drawn at random",
    "give the tool a fixed one, such as uuidgen --sha1 --namespace @dns --name NAME, or make it when the container starts",
)
NAME = Cause(
    "the name of a temporary file, which is drawn at random",
    "write it to a fixed path instead of mktemp's, or remove it in the same RUN",
)


def identifier(pair: Pair) -> Cause | None:
    return _IDENTIFIER if covered(pair, _UUID) else None


def temporary_name(pair: Pair) -> Cause | None:
    return NAME if covered(pair, _TEMPORARY) else None


def covered(pair: Pair, pattern: re.Pattern[bytes]) -> tuple[bytes, bytes] | None:
    """What the pattern finds in both files at the place where they begin to differ."""
    start = max(0, pair.first - 256)
    found = (
        next((match for match in pattern.finditer(data, start, pair.first + 512) if match.end() > pair.first), None)
        for data in (pair.one, pair.other)
    )
    match list(found):
        case [re.Match() as one, re.Match() as other] if one.start() == other.start() <= pair.first:
            return one.group(), other.group()
        case _:
            return None


def partner(path: str, others: Iterable[str]) -> str | None:
    """The path of the other image that is this one but for a part of one name which was drawn at random."""
    parts = path.split("/")
    for other in others:
        pairs = [pair for pair in zip(parts, other.split("/"), strict=False) if pair[0] != pair[1]]
        if other.count("/") == path.count("/") and len(pairs) == 1 and _drawn(*pairs[0]):
            return other
    return None


def _drawn(one: str, other: str) -> bool:
    """Whether two names are of one length, and differ as mktemp's do."""
    differing = [number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
    return (
        len(one) == len(other)
        and len(differing) >= _FEWEST
        and _RANDOM.fullmatch(one[differing[0] : differing[-1] + 1]) is not None
    )
