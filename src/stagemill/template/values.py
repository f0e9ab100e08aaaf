"""`Value`, what a template works on: JSON, where a `Struct` has known fields, and a list or a map may be nil."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

_BRIEF = 60

Value: TypeAlias = "bool | int | float | str | Sequence[Value] | Mapping[str, Value] | None"


class Struct(dict[str, Value]):
    """Fields in an order of their own; another one is an error where a map has no value. JSON leaves out what is `omitted`
    and empty. `spelt` are the keys that JSON has for fields of another name.
    """

    def __init__(
        self, fields: Mapping[str, Value], *, omitted: Iterable[str] = (), spelt: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(fields)
        self.omitted = frozenset(omitted)
        self.spelt = spelt or {}


class NilMap(dict[str, Value]):
    """An empty map that is `null` in JSON."""


class NilList(tuple[Value, ...]):
    """An empty list that is `null` in JSON."""

    __slots__ = ()


def is_true(value: Value) -> bool:
    """Whether `if` takes it: what is not zero and not empty. A struct always is."""
    return isinstance(value, Struct) or bool(value)


def shown(value: Value) -> str:
    """As Go's `%v` writes it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return _float(value)
        case int() | str():
            return str(value)
        case Struct():
            return f"{{{' '.join(shown(item) for item in value.values())}}}"
        case Mapping():
            return f"map[{' '.join(f'{key}:{shown(value[key])}' for key in sorted(value))}]"
        case _:
            return f"[{' '.join(shown(item) for item in value)}]"


def _float(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)


def to_json(value: Value) -> str:
    """Compact JSON; the keys of maps are sorted, fields stay in their order."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def plain(value: Value) -> Value:
    """The same as JSON has it: nil is null, and what is omitted where empty is not there."""
    match value:
        case NilMap() | NilList():
            return None
        case Struct():
            kept = {key: plain(item) for key, item in value.items()}
            left = {key: item for key, item in kept.items() if key not in value.omitted or is_true(item)}
            return {value.spelt.get(key, key): item for key, item in left.items()}
        case Mapping():
            return {key: plain(value[key]) for key in sorted(value)}
        case None | bool() | int() | float() | str():
            return value
        case _:
            return [plain(item) for item in value]


def kind(value: Value) -> str:
    """What a value is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "a truth value"
        case int():
            return "a number"
        case float():
            return "a decimal number"
        case str():
            return "a text"
        case Mapping():
            return "a map"
        case _:
            return "a list"


def brief(value: Value) -> str:
    """What a value is and the beginning of it, for an error."""
    text = shown(value)
    return f"{kind(value)} ({text if len(text) <= _BRIEF else f'{text[:_BRIEF]}…'})"
