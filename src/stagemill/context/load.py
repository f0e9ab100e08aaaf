"""Finding the Dockerfile of a build and the ignore file that goes with it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from stagemill.context.ignore import IgnoreRules
from stagemill.errors import ContextError

_NAMES = ("Dockerfile", "dockerfile")
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class DockerfileText:
    """A Dockerfile as it was read; `name` is its path as people know it, `path` where it lies."""

    data: bytes
    name: str
    path: Path


def dockerfile(context: Path, *, given: Path | None = None) -> DockerfileText:
    """The Dockerfile that was `given`, else the one of the context: `Dockerfile`, or `dockerfile`.

    Raises ContextError with the nearest name that there is.
    """
    if given is not None:
        return DockerfileText(_read(given, pipes=True), os.fspath(given), given)
    for name in _NAMES:
        path = context / name
        if os.path.lexists(path):
            return DockerfileText(_read(path), name, path)
    raise ContextError(f"there is no Dockerfile in {context}", hint=_nearest(context, "Dockerfile"))


@dataclass(frozen=True, slots=True)
class FoundRules:
    """The rules that hold for a build, and the name of the file that they stand in."""

    rules: IgnoreRules
    name: str


def ignore_rules(context: Path, *, dockerfile: Path | None) -> FoundRules | None:
    """The rules of `<Dockerfile>.dockerignore` beside the Dockerfile, else of the context's `.dockerignore`."""
    candidates = [] if dockerfile is None else [dockerfile.with_name(f"{dockerfile.name}.dockerignore")]
    for path in (*candidates, context / ".dockerignore"):
        if os.path.lexists(path):
            return rules_of(path)
    return None


def rules_of(path: Path) -> FoundRules:
    """The rules of a file. Raises ContextError."""
    text = _read(path).decode("utf-8", "surrogateescape")
    return FoundRules(IgnoreRules.parse(text, path.name), path.name)


def _read(path: Path, *, pipes: bool = False) -> bytes:
    """All of a file; a pipe, which a shell's `<(…)` is, only where it was asked for, since it may block."""
    try:
        if not pipes and path.exists() and not path.is_file() and not path.is_dir():
            raise ContextError(f"{path} is not a regular file", hint="name a file with -f")
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise ContextError(f"there is no file {path}", hint=_nearest(path.parent, path.name)) from error
    except IsADirectoryError as error:
        raise ContextError(f"{path} is a directory", hint="name the file itself") from error
    except OSError as error:
        raise ContextError(f"cannot read {path}: {error.strerror}", hint="make it a file that you may read") from error
    if len(data) > _MOST_BYTES:
        raise ContextError(f"{path} is larger than {_MOST_BYTES >> 20} MiB", hint="is this the file you meant?")
    return data


def _nearest(directory: Path, name: str) -> str:
    """A hint that names the file which was probably meant."""
    from difflib import get_close_matches  # noqa: PLC0415  only errors need it

    try:
        names = sorted(item.name for item in os.scandir(directory) if item.is_file())
    except OSError:
        return f"the directory {directory} cannot be read"
    close = [found for found in names if found.lower().endswith("dockerfile") or found == "Containerfile"]
    near = close or get_close_matches(name, [found for found in names if not found.endswith(".dockerignore")], n=1)
    if near:
        return f"did you mean {directory / near[0]}? name it with -f"
    return "name one with -f, or the right directory"
