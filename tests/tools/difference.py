"""What differs between two images: the config first, then the files in the order of their paths."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.reader import File, Result

_FIELDS = ("type", "mode", "owner", "link", "xattrs")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """`place` is a path, or a key such as `config.Env`; what one side lacks is None."""

    place: str
    first: str | None
    second: str | None

    def shown(self, first: str, second: str) -> str:
        """Three lines for people, with the names of both sides."""
        width = max(len(first), len(second))
        sides = ((first, self.first), (second, self.second))
        lines = [f"  {name.ljust(width)}  {'(nothing)' if text is None else text}\n" for name, text in sides]
        return f"{self.place}\n{''.join(lines)}"


def differences(
    first: Result, second: Result, *, without: Sequence[str] = (), times: bool = False
) -> Iterator[Difference]:
    """All of them; `without` are patterns of places that do not count, `times` says whether those of files do."""
    found = [*_config(first, second), *_files(first.files, second.files, times=times)]
    yield from (one for one in found if not any(fnmatch.fnmatchcase(one.place, pattern) for pattern in without))


def _config(first: Result, second: Result) -> Iterator[Difference]:
    for key in ("architecture", "os", "variant", "author"):
        one, other = first.document.get(key), second.document.get(key)
        if (one or None) != (other or None):
            yield Difference(key, _text(one), _text(other))
    for key in sorted(first.config.keys() | second.config.keys()):
        yield from _values(f"config.{key}", first.config.get(key), second.config.get(key))


def _values(place: str, one: object, other: object) -> Iterator[Difference]:
    """Maps are compared name by name; nothing, an empty list and an empty map are the same."""
    if isinstance(one or {}, Mapping) and isinstance(other or {}, Mapping):
        left, right = dict(one or {}), dict(other or {})  # type: ignore[call-overload]
        for name in sorted(left.keys() | right.keys()):
            if left.get(name) != right.get(name):
                yield Difference(f"{place}.{name}", _text(left.get(name)), _text(right.get(name)))
    elif (one or None) != (other or None):
        yield Difference(place, _text(one), _text(other))


def _files(first: Mapping[str, File], second: Mapping[str, File], *, times: bool) -> Iterator[Difference]:
    for path in sorted(first.keys() | second.keys()):
        one, other = first.get(path), second.get(path)
        if one is None or other is None:
            yield Difference(path, one.type if one else None, other.type if other else None)
            continue
        for field in (*_FIELDS, *(["mtime"] if times else [])):
            left, right = getattr(one, field), getattr(other, field)
            if left != right:
                yield Difference(path, f"{field} {_field(field, left)}", f"{field} {_field(field, right)}")
        if one.content != other.content:
            yield _content(path, one.content, other.content)


def _field(field: str, value: object) -> str:
    return f"{value:04o}" if field == "mode" else str(value)


def _content(path: str, one: bytes, other: bytes) -> Difference:
    """Where the first byte differs, and what stands there."""
    at = next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), None)
    at = min(len(one), len(other)) if at is None else at
    texts = (f"{len(data)} bytes, from byte {at} on {data[at : at + _SHOWN]!r}" for data in (one, other))
    return Difference(path, *texts)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
