"""What `stagemill builds` has of a build that is answered from a receipt: a line of a file, which `store.builds` takes in later.

A row of the database would take longer to write than everything else that such a build does.
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False  # for a type checker it is true; typing itself takes a while to load
if TYPE_CHECKING:
    from stagemill.cli.again.forms import Entry

PENDING = "builds.pending"
_LARGE = 1 << 18  # bytes; from there on only the last lines are kept
_KEPT = 200


def write(root: str, entry: Entry, *, begun: float, seconds: float) -> None:
    """Raises OSError."""
    if not entry["graph"]:
        return
    path = f"{root}/{PENDING}"
    fields = [begun, seconds, entry["place"], entry["title"], entry["graph"], entry["steps"]]
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, json.dumps(fields, separators=(",", ":")).encode() + b"\n")
        large = os.fstat(file).st_size > _LARGE
    finally:
        os.close(file)
    if large:
        _shorten(path)


def _shorten(path: str) -> None:
    with open(path, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    new = f"{path}.{os.getpid()}"
    with open(new, "wb") as file:
        file.writelines(lines[-_KEPT:])
    os.replace(new, path)
