"""Where a split file goes: nowhere, into the place of the original, or into a new file; nothing is overwritten silently."""

from __future__ import annotations

import os
from pathlib import Path

from stagemill.cli.making.building import BuildFlags
from stagemill.cli.making.source import located
from stagemill.context import load
from stagemill.errors import StagemillError, UsageError


def check(flags: BuildFlags, *, write: bool, output: str | None) -> None:
    """Raises StagemillError before anything is built, where the result could not be kept."""
    if output and os.path.lexists(output):
        raise StagemillError(
            f"{output} is there already", hint="name another file, or put the result in its place: --write"
        )
    if write and (_is_remote(flags.context) or (flags.file is not None and _is_remote(flags.file))):
        raise UsageError("--write is for a Dockerfile of this machine", hint="write -o FILE")


def keep(text: str, flags: BuildFlags, *, write: bool, output: str | None) -> str:
    """Where it was written, by name; empty for nowhere. Raises StagemillError."""
    if output:
        write_new(Path(output), text)
        return output
    if write:
        folder = Path(flags.context)
        place = load.dockerfile(folder, given=located(flags.file, folder)).path
        assert place is not None, "a Dockerfile of this machine has a place"
        _replace(place, text)
        return str(place)
    return ""


def write_new(path: Path, text: str) -> None:
    """A file that was not there; StagemillError where it is, or cannot be written."""
    try:
        with path.open("x", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
    except FileExistsError as error:
        raise StagemillError(f"{path} is there already", hint="nothing was changed; name another file") from error
    except OSError as error:
        raise StagemillError(
            f"cannot write {path}: {error.strerror}", hint="name a file that can be written"
        ) from error


def _replace(place: Path, text: str) -> None:
    """All of it or nothing; a symlink stays one."""
    target = Path(os.path.realpath(place))
    new = target.with_name(f".{target.name}.{os.urandom(6).hex()}")
    try:
        new.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
        new.chmod(target.stat().st_mode & 0o7777)
        new.replace(target)
    except OSError as error:
        raise StagemillError(
            f"cannot write {place}: {error.strerror}", hint="nothing was changed; write -o FILE"
        ) from error
    finally:
        new.unlink(missing_ok=True)


def _is_remote(text: str) -> bool:
    return text == "-" or "://" in text
