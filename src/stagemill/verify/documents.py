"""Two JSON documents, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from stagemill.oci.document import Json
from stagemill.verify.difference import Cause, KeyDifference

_TIME = Cause(
    "a time of building",
    "build both with --reproducible, or with the same SOURCE_DATE_EPOCH; `stagemill verify --source-date-epoch N` takes one",
)


def differences(one: Json, other: Json, *, key: str = "") -> Iterator[KeyDifference]:
    """What differs, each value at its innermost place; `key` is where the documents stand."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            yield from differences(one.get(name), other.get(name), key=f"{key}.{name}" if key else name)
    elif isinstance(one, list) and isinstance(other, list):
        for number, (left, right) in enumerate(zip_longest(one, other)):
            yield from differences(left, right, key=f"{key}[{number}]")
    elif one != other:
        yield KeyDifference(key, one, other, _TIME if key.rpartition(".")[2] == "created" else None)
