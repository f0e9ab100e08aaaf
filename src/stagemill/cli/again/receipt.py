"""Where receipts are kept: as JSON in the store's folder `again`, named by the digest of the question: that has the whole environment in it,
which is nobody's business. One that cannot be read is none.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress

TYPE_CHECKING = False  # for a type checker it is true; typing itself takes a while to load
if TYPE_CHECKING:
    from stagemill.cli.again.forms import Receipt

FOLDER = "again"
_KEPT = 256
VERSION = 3


def place(root: str, name: str) -> str:
    return f"{root}/{FOLDER}/{name}"


def read(path: str) -> Receipt | None:
    """None where there is none that can be read."""
    try:
        with open(path, "rb") as file:
            found: Receipt = json.loads(file.read())
        if found["version"] == VERSION:
            return found
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return None


def write(path: str, receipt: Receipt) -> None:
    """Takes the place of an older one; where it cannot be kept, the next build is an ordinary one."""
    folder = os.path.dirname(path)
    new = f"{path}.{os.getpid()}"
    with suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(file, "wb") as out:
            out.write(json.dumps(receipt, separators=(",", ":")).encode("utf-8", "surrogatepass"))
        os.replace(new, path)
        _forget(folder)


def remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def _forget(folder: str) -> None:
    """The oldest go where there are many."""
    names = os.listdir(folder)
    if len(names) <= _KEPT:
        return
    paths = sorted((f"{folder}/{name}" for name in names), key=lambda path: os.stat(path).st_mtime_ns)
    for path in paths[: len(paths) - _KEPT]:
        os.unlink(path)


def boot() -> str:
    """Which run of the machine's kernel this is: what is known of files only by their times does not outlive a crash."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return os.urandom(16).hex()
