"""`Member`, one entry of a tar archive: a name, and what it says is there."""

from __future__ import annotations

from stagemill.files.view import Entry
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """`name` is as it was written. `link` is the name that a hard link points to, and None for everything else."""

    name: str
    entry: Entry
    link: str | None = None
