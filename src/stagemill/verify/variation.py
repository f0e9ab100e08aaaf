"""`Variation`: what the second build has otherwise than the first, or why it has not."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.values import dataclass

NAMES = ("path", "times", "umask", "locale", "jobs", "user", "clock")
_HINT = f"names are {', '.join(NAMES)}; -NAME leaves one out"


@dataclass(frozen=True, slots=True)
class Variation:
    """One of NAMES with the values of both builds; where `why` says something they are the same for that reason."""

    name: str
    one: str
    other: str
    why: str = ""


def wanted(texts: Iterable[str]) -> frozenset[str]:
    """`--vary NAME,…` or `-NAME,…`; all where nothing is said, or only what to leave out. Raises UsageError."""
    given = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    for word in given:
        if word.lstrip("-") not in NAMES:
            near = nearest(word.lstrip("-"), NAMES)
            dash = "-" * word.startswith("-")
            raise UsageError(f"invalid --vary {word!r}", hint=f"did you mean {dash}{near}?" if near else _HINT)
    named = {word for word in given if not word.startswith("-")}
    return frozenset((named or set(NAMES)) - {word[1:] for word in given if word.startswith("-")})
