"""The functions of a template: Go's own, and those that docker adds (docker/cli, templates). `and`, `or`: see `evaluate`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from stagemill.template.failure import MisuseError
from stagemill.template.printing import printf
from stagemill.template.values import Struct, Value, brief, is_true, kind, shown, to_json
from stagemill.values import dataclass

Arguments: TypeAlias = Sequence[Value]


@dataclass(frozen=True, slots=True)
class Function:
    """`least` and `most` are numbers of arguments; a MisuseError of `call` says what is wrong with them."""

    call: Callable[[Arguments], Value]
    least: int
    most: int | None = None


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise MisuseError(f"a text is needed, and this is {brief(value)}")
    return value


def _integer(value: Value) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise MisuseError(f"a whole number is needed, and this is {brief(value)}")
    return value


def _list(value: Value) -> Sequence[Value]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise MisuseError(f"a list is needed, and this is {brief(value)}")
    return value


def index(arguments: Arguments) -> Value:
    """What lies at a key or a number, and in that at the next. A map has nothing for a key that it does not have."""
    value, *keys = arguments
    for key in keys:
        value = _item(value, key)
    return value


def _item(value: Value, key: Value) -> Value:
    if isinstance(value, Struct):
        raise MisuseError(f"it has fields: write .{shown(key)}")
    if isinstance(value, Mapping):
        # A Go map has the zero of its values' type there.
        return value.get(_text(key), "" if all(isinstance(item, str) for item in value.values()) else None)
    items = value if isinstance(value, str) else _list(value)
    number = _integer(key)
    if not 0 <= number < len(items):
        raise MisuseError(f"there is no item {number} in {kind(value)} of {len(items)}")
    return ord(items[number]) if isinstance(items, str) else items[number]


def _slice(arguments: Arguments) -> Value:
    value, *bounds = arguments
    items = value if isinstance(value, str) else _list(value)
    start = _integer(bounds[0]) if bounds else 0
    end = _integer(bounds[1]) if len(bounds) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise MisuseError(f"there is no part from {start} to {end} in {kind(value)} of {len(items)}")
    return items[start:end]


def _length(arguments: Arguments) -> Value:
    (value,) = arguments
    if value is None or isinstance(value, bool | int | float):
        raise MisuseError(f"{kind(value)} has no length")
    return len(value.encode()) if isinstance(value, str) else len(value)


def _compared(value: Value) -> tuple[str, int | float | str | bool]:
    if not isinstance(value, bool | int | float | str):
        raise MisuseError(f"{kind(value)} cannot be compared")
    return type(value).__name__, value


def _pair(one: Value, other: Value) -> tuple[int | float | str | bool, int | float | str | bool]:
    (kind_of_one, left), (kind_of_other, right) = _compared(one), _compared(other)
    if kind_of_one != kind_of_other:
        raise MisuseError(f"{brief(one)} cannot be compared with {brief(other)}")
    return left, right


def _equal(arguments: Arguments) -> Value:
    """Whether the first is equal to any of the others."""
    first, *others = arguments
    pairs = [_pair(first, other) for other in others]
    return any(left == right for left, right in pairs)


def _ordered(test: Callable[[int | float | str, int | float | str], bool]) -> Callable[[Arguments], Value]:
    def compare(arguments: Arguments) -> Value:
        left, right = _pair(*arguments)
        if isinstance(left, bool) or isinstance(right, bool):
            raise MisuseError("truth values have no order")
        return test(left, right)

    return compare


def _print(arguments: Arguments) -> Value:
    """With a space between two that are no texts."""
    parts = [shown(value) for value in arguments[:1]]
    for before, value in pairwise(arguments):
        if not isinstance(before, str) and not isinstance(value, str):
            parts.append(" ")
        parts.append(shown(value))
    return "".join(parts)


def _join(arguments: Arguments) -> Value:
    return _text(arguments[1]).join(map(_text, _list(arguments[0])))


def _split(arguments: Arguments) -> Value:
    text, separator = map(_text, arguments)
    return text.split(separator) if separator else list(text)


def _title(arguments: Arguments) -> Value:
    return re.sub(r"(?<!\w)\w", lambda match: match[0].upper(), _text(arguments[0]))


def _pad(arguments: Arguments) -> Value:
    text = _text(arguments[0])
    return f"{' ' * _integer(arguments[1])}{text}{' ' * _integer(arguments[2])}" if text else ""


FUNCTIONS: Mapping[str, Function] = {
    "eq": Function(_equal, 2),
    "ge": Function(_ordered(operator.ge), 2, 2),
    "gt": Function(_ordered(operator.gt), 2, 2),
    "index": Function(index, 1),
    "join": Function(_join, 2, 2),
    "json": Function(lambda arguments: to_json(arguments[0]), 1, 1),
    "le": Function(_ordered(operator.le), 2, 2),
    "len": Function(_length, 1, 1),
    "lower": Function(lambda arguments: _text(arguments[0]).lower(), 1, 1),
    "lt": Function(_ordered(operator.lt), 2, 2),
    "ne": Function(lambda arguments: not _equal(arguments), 2, 2),
    "not": Function(lambda arguments: not is_true(arguments[0]), 1, 1),
    "pad": Function(_pad, 3, 3),
    "print": Function(_print, 0),
    "printf": Function(lambda arguments: printf(_text(arguments[0]), arguments[1:]), 1),
    "println": Function(lambda arguments: " ".join(map(shown, arguments)) + "\n", 0),
    "slice": Function(_slice, 1, 3),
    "split": Function(_split, 2, 2),
    "title": Function(_title, 1, 1),
    "truncate": Function(lambda arguments: _text(arguments[0])[: _integer(arguments[1])], 2, 2),
    "upper": Function(lambda arguments: _text(arguments[0]).upper(), 1, 1),
}
NAMES = tuple(sorted((*FUNCTIONS, "and", "or")))
