"""What the machine itself takes for the work that no builder can do without: programs that everybody has, on a row's bytes.

The bytes of a row are what its image holds: the files of the layers that the build made, and the blobs of its base.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A shell command with the fields payload (a folder with `files` and `blobs`), copy (a path that is not there) and
    python (the interpreter that stagemill runs in)."""

    name: str
    command: str


ALL = (
    Yardstick("tar|gzip", "tar -C {payload}/files -c . | gzip >/dev/null"),
    Yardstick("cp -a", "cp -a {payload} {copy}"),
    Yardstick("sha256sum", "find {payload} -type f -print0 | xargs -0r sha256sum >/dev/null"),
    Yardstick("python3", "{python} -c pass"),
)
