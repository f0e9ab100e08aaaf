"""Reading JSON that strangers wrote: typed look-ups that say which key was wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from stagemill.regex import regex

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]


_SURROGATE = regex("[\ud800-\udfff]")


class MalformedError(ValueError):
    """A document is not what its media type says."""


def parse_object(data: bytes | str, what: str) -> JsonObject:
    """The object in a document; MalformedError names `what` where it is none.

    Halves of surrogate pairs, which JSON can spell and UTF-8 cannot, become U+FFFD, as in Go. NaN and Infinity, which
    Python would read, are errors.
    """
    try:
        value: Json = json.loads(data, parse_constant=_no_number)
        written = json.dumps(value, ensure_ascii=False)
        if not written.isascii() and _SURROGATE.search(written):
            value = json.loads(whole(written))
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{what} is no JSON: {error}") from error
    if not isinstance(value, Mapping):
        raise MalformedError(f"{what} is no JSON object")
    return value


def whole(string: str) -> str:
    """The same without lone surrogates, so that it has a form in UTF-8."""
    return _SURROGATE.sub("\ufffd", string)


def _no_number(word: str) -> Json:
    raise ValueError(f"{word} is no number")


def text(document: JsonObject, key: str, default: str | None = None) -> str:
    """A string; without `default` the key must be there. JSON null counts as missing."""
    value = document.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise MalformedError(f"{key!r} is {value!r}, not a string")
    return value


def integer(document: JsonObject, key: str, default: int | None = None) -> int:
    value = document.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedError(f"{key!r} is {value!r}, not an integer")
    return value


def obj(document: JsonObject, key: str) -> JsonObject:
    """An object, empty where the key is missing or null."""
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise MalformedError(f"{key!r} is {value!r}, not an object")
    return value


def array(document: JsonObject, key: str) -> Sequence[Json]:
    """An array, empty where the key is missing or null."""
    value = document.get(key)
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise MalformedError(f"{key!r} is {value!r}, not an array")
    return value


def texts(document: JsonObject, key: str) -> tuple[str, ...]:
    """An array of strings, empty where the key is missing or null."""
    items: list[str] = []
    for item in array(document, key):
        if not isinstance(item, str):
            raise MalformedError(f"{key!r} holds {item!r}, not a string")
        items.append(item)
    return tuple(items)


def objects(document: JsonObject, key: str) -> tuple[JsonObject, ...]:
    items: list[JsonObject] = []
    for item in array(document, key):
        if not isinstance(item, Mapping):
            raise MalformedError(f"{key!r} holds {item!r}, not an object")
        items.append(item)
    return tuple(items)


def string_map(document: JsonObject, key: str) -> dict[str, str]:
    """An object of strings, empty where the key is missing or null."""
    found: dict[str, str] = {}
    for name, value in obj(document, key).items():
        if not isinstance(value, str):
            raise MalformedError(f"{key!r} holds {name!r}: {value!r}, not a string")
        found[name] = value
    return found
