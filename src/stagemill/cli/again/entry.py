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
    line = json.dumps(fields, separators=(",", ":")).encode() + b"\n"
    while not _appended(path, line):
        pass


def _appended(path: str, line: bytes) -> bool:
    """False where somebody took the file away meanwhile: what is written to it then, nobody reads."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.lockf(file, os.F_LOCK, 0)
        found = os.fstat(file)
        if found.st_nlink:
            os.write(file, line)
            if found.st_size > _LARGE:
                _shorten(path, os.pread(file, found.st_size + len(line), 0))
        return found.st_nlink > 0
    finally:
        os.close(file)


def _shorten(path: str, data: bytes) -> None:
    new = f"{path}.{os.getpid()}"
    with open(new, "wb") as file:
        file.writelines(data.splitlines(keepends=True)[-_KEPT:])
    os.replace(new, path)
