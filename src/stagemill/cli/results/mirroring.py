"""Which directories `--output type=local,mode=delete` may empty. Source: buildx, its permission `buildx.local.delete`."""

from __future__ import annotations

from pathlib import Path

from stagemill.cli.given.secrets import LOCAL_DELETE
from stagemill.errors import UsageError


def check(dest: str, *, allowed: bool, store: Path) -> None:
    """Raises UsageError for a directory that nobody can mean, and without permission for any but one below the current.

    Symlinks are followed to what is really meant. `store` is where images are.
    """
    path, here = Path(dest).resolve(), Path.cwd().resolve()
    if reason := _reason(path, here, store):
        raise UsageError(
            f"--output mode=delete may not empty {path}: {reason}",
            hint="name a directory of its own for what is built: dest=out",
        )
    if not allowed and here not in path.parents:
        raise UsageError(
            f"--output mode=delete removes what the build does not have from {path}, which is not below this directory",
            hint=f"add --allow {LOCAL_DELETE}, or name a directory below: dest=out",
        )


def _reason(path: Path, here: Path, store: Path) -> str:
    """Why it has to stay as it is; of the current directory only what is in it may be lost."""
    if path == Path("/"):
        return "it is the whole machine"
    for other, what in (Path.home().resolve(), "your home directory"), (store.resolve(), "the store"):
        if path == other:
            return f"it is {what}"
        if path in other.parents:
            return f"it has {what} in it"
    return "it has the current directory in it" if path in here.parents else ""
