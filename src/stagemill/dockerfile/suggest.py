"""Near names, for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 40


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that is most like a word in any case, or None where none is near."""
    by_lower = {name.lower(): name for name in sorted(names)}
    if len(word) > _LONGEST:
        return None
    from difflib import get_close_matches  # noqa: PLC0415  only a mistake needs it

    found = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None
