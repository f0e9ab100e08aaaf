"""`near`, the hint for a name that there is not."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.dockerfile.suggest import nearest

_MOST = 30


def near(word: str, names: Iterable[str], *, title: str, sign: str = "") -> str:
    """The name that was meant, or those there are."""
    known = list(names)
    if found := nearest(word, known):
        return f"did you mean {sign}{found}?"
    if not known:
        return f"there are no {title}"
    more = ", …" if len(known) > _MOST else ""
    return f"the {title} are {', '.join(f'{sign}{name}' for name in known[:_MOST])}{more}"
