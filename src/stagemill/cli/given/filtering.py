"""--filter of `du` and `prune`, spelled as buildx spells it: `NAME`, `NAME=VALUE`, `NAME!=VALUE`, `NAME~=PATTERN`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stagemill.dockerfile import durations
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.regex import regex
from stagemill.store.filters import KINDS, NOT_HERE, TEXTS, TRUTHS, Filter, Operator

HELP = (
    "Only what was not used for until=24h, of type=step, mount or image, with name=TEXT in its name; also id, parents, "
    "description, inuse, shared, private, mutable, immutable. != and ~= (a pattern) do too, and all must hold."
)
_FORM = regex(r"([a-z-]+)\s*(?:(!=|~=|==?)(.*))?", re.DOTALL)
_OPERATORS: dict[str, Operator] = {"=": "=", "==": "=", "!=": "!=", "~=": "~="}
_WORDS = {"": "true", "true": "true", "1": "true", "false": "false", "0": "false"}
_FIELDS = ("until", *TEXTS, *TRUTHS)
_AGES = frozenset({"until", "unused-for"})  # two words of buildx for the same


def parse(texts: Iterable[str], *, now: float) -> tuple[float | None, tuple[Filter, ...]]:
    """Since when what is meant was not used, the earliest of several times, and all other filters. Raises UsageError."""
    until: float | None = None
    filters: list[Filter] = []
    for text in texts:
        form = _FORM.fullmatch(text)
        name, sign, value = form.groups(default="") if form else (text, "", "")
        if name not in {*_FIELDS, *_AGES}:
            near = nearest(name, _FIELDS)
            raise _wrong(text, "", f"did you mean {near}?" if near else f"there are {', '.join(_FIELDS)}")
        if name in _AGES:
            ago = now - _seconds(text, sign, value)
            until = ago if until is None else min(until, ago)
        else:
            filters.append(_truth(text, name, sign, value) if name in TRUTHS else _text(text, name, sign, value))
    return until, tuple(filters)


def _truth(text: str, name: str, sign: str, value: str) -> Filter:
    if sign == "~=" or value not in _WORDS:
        raise _wrong(text, f"{name} is true or not", f"write {name} or {name}=false")
    return Filter(name, _OPERATORS[sign or "="], _WORDS[value])


def _text(text: str, name: str, sign: str, value: str) -> Filter:
    if not sign:
        raise _wrong(text, "it has no value", f"write {name}=VALUE")
    operator = _OPERATORS[sign]
    if operator == "~=":
        try:
            re.compile(value)
        except re.error as error:
            raise _wrong(text, f"{value!r} is no regular expression: {error}", f"write {name}~=PATTERN") from error
    elif name == "type" and value not in KINDS | NOT_HERE:
        near = nearest(value, KINDS)
        raise _wrong(text, f"unknown type {value!r}", f"did you mean {near}?" if near else "it is step, mount or image")
    return Filter(name, operator, value)


def _seconds(text: str, sign: str, value: str) -> float:
    try:
        if sign in {"=", "=="}:
            return durations.parse(value) / 1e9
    except ValueError as error:
        raise _wrong(text, f"{value!r} is no time", "write until=24h or until=30m") from error
    raise _wrong(text, "", "write until=24h or until=30m")


def _wrong(text: str, why: str, hint: str) -> UsageError:
    return UsageError(f"invalid --filter {text!r}" + (f": {why}" if why else ""), hint=hint)
