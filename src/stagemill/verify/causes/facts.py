"""Why two paths with the same bytes differ all the same, and why only one of the images has a path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stagemill.values import dataclass
from stagemill.verify.causes import drawn, places
from stagemill.verify.difference import Cause

_TIME = Cause(
    "the time of the file, which something set that is older than the image's date",
    "build both with --reproducible; in a RUN, set no other times than @$SOURCE_DATE_EPOCH (touch, cp -p, unzip)",
)
_MODE = Cause(
    "the mode of the file, as a checkout under another umask gives it",
    "COPY --chmod=…, or chmod in the RUN that makes it",
)
_OWNER = Cause("the owner of the file", "COPY --chown=…, or a fixed uid: useradd --uid 1000")
_LEFT = Cause(
    "something that a tool left in a directory for temporary files",
    "remove it in the RUN that makes it, or keep it out of the layer with --mount=type=cache",
)


def changed(names: Iterable[str]) -> Cause | None:
    """By the facts that changed, of which bytes are none."""
    found = set(names)
    if found == {"time"}:
        return _TIME
    if found <= {"mode", "time"}:
        return _MODE
    return _OWNER if found <= {"owner", "mode", "time"} else None


_MOST = 500


@dataclass(frozen=True, slots=True)
class Lonely:
    """Why only one of the images has a path; `partner` is what it is called in the other one, where only its name differs."""

    cause: Cause | None
    partner: str = ""


def alone(path: str, others: Sequence[str]) -> Lonely:
    """Of a path that the other image does not have; `others` are those that only that one has. Among very many none is
    looked for.
    """
    partner = (drawn.partner(path, others) or "") if len(others) <= _MOST else ""
    if partner:
        return Lonely(places.at(path) or drawn.NAME, partner)
    left = _LEFT if path.startswith(("tmp/", "var/tmp/")) else None
    return Lonely(places.at(path) or left)
