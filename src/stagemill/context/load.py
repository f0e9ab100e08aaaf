"""Finding the Dockerfile of a build and the ignore file that goes with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from stagemill.context.ignore import IgnoreRules
from stagemill.errors import ContextError
from stagemill.files.paths import clean, join, resolve, split
from stagemill.files.view import FileView
from stagemill.values import dataclass

DOCKERFILE = "Dockerfile"
_IGNORES = (".dockerignore", ".containerignore")
NAMES = (DOCKERFILE, "dockerfile", "Containerfile")
MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class DockerfileText:
    """A Dockerfile as it was read; `name` is its path as people know it, `path` where it lies."""

    data: bytes
    name: str
    path: Path


def dockerfile(context: Path, *, given: Path | None = None) -> DockerfileText:
    """The Dockerfile that was `given`, else the context's: `Dockerfile`, `dockerfile` or `Containerfile`, the first there is.

    A `Dockerfile` that was given may be a `dockerfile` too. Raises ContextError with the nearest name that there is, and for a
    link in the context that leads out of it.
    """
    if given is not None:
        path = given if os.path.lexists(given) else next(filter(os.path.lexists, _spellings(given)), given)
        check_link(path, context)
        return DockerfileText(_read(path, pipes=True), os.fspath(path), path)
    for name in NAMES:
        path = context / name
        if os.path.lexists(path):
            check_link(path, context)
            return DockerfileText(_read(path), name, path)
    raise ContextError(f"there is no Dockerfile in {context}", hint=_nearest(context, DOCKERFILE))


def place(context: Path, *, given: Path | None = None) -> Path | None:
    """Where that Dockerfile lies, which is not read; None where there is none."""
    names = (given, *_spellings(given)) if given else (context / name for name in NAMES)
    return next(filter(os.path.lexists, names), None)


def dockerfile_in(view: FileView, title: str, *, given: str | None = None) -> DockerfileText:
    """The same in a tree that somebody else made: nothing outside of it is read, wherever its symlinks point."""
    names = (given, *map(str, _spellings(Path(given)))) if given else NAMES
    for name in names:
        path = resolve(view, name)
        entry = view.lstat(path)
        if entry is None:
            continue
        if not path or entry.kind != "file":
            raise ContextError(f"{name} in {title} is no file", hint="name the Dockerfile with -f")
        with view.real_path(path).open("rb") as file:
            data = checked(file.read(MOST_BYTES + 1), name)
        return DockerfileText(data, name, view.real_path(path))
    folder, wanted = split(clean(given or DOCKERFILE))
    there = [name for name in view.listdir(resolve(view, folder)) if _is_file(view, join(folder, name))]
    near = _likely(there, wanted)
    hint = (
        f"did you mean {join(folder, near)}? name it with -f" if near else "name one with -f, relative to the context"
    )
    raise ContextError(f"there is no {given or DOCKERFILE} in {title}", hint=hint)


def _is_file(view: FileView, path: str) -> bool:
    entry = view.lstat(resolve(view, path))
    return entry is not None and entry.kind == "file"


def _spellings(path: Path) -> Iterator[Path]:
    """Other names that a file may have which is named as a Dockerfile."""
    if path.name == DOCKERFILE:
        yield path.with_name(DOCKERFILE.lower())


@dataclass(frozen=True, slots=True)
class FoundRules:
    """The rules that hold for a build, and the name of the file that they stand in."""

    rules: IgnoreRules
    name: str


def ignore_rules(context: Path, *, dockerfile: Path | None = None) -> FoundRules | None:
    """The rules of `<Dockerfile>.dockerignore` beside the Dockerfile, else of the context's `.dockerignore`.

    Podman's names, with `.containerignore` at the end, count where there is no file of docker's name at the place.
    """
    for path in ignore_files(context, dockerfile):
        if os.path.lexists(path):
            check_link(path, context, hint="put the file itself there")
            return rules_of(path)
    return None


def ignore_files(context: Path, dockerfile: Path | None) -> tuple[Path, ...]:
    """Where the rules may stand, in order."""
    own = [] if dockerfile is None else [dockerfile.with_name(f"{dockerfile.name}{end}") for end in _IGNORES]
    return (*own, *(context / end for end in _IGNORES))


def rules_of(path: Path, *, flag: str = "") -> FoundRules:
    """The rules of a file, which a flag may name. Raises ContextError."""
    if flag and not os.path.lexists(path):
        raise ContextError(f"there is no file {path}", hint=f"{flag} names a file with the rules of a .dockerignore")
    text = _read(path).decode("utf-8", "surrogateescape")
    return FoundRules(IgnoreRules.parse(text, path.name), path.name)


def check_link(path: Path, context: Path, *, hint: str = "") -> None:
    """A context may come from somebody else, with a link to a file of the user's, of which errors would show lines."""
    root, real = os.path.realpath(context), os.path.realpath(path)
    if _lies_in(os.path.realpath(path.parent), root) and not _lies_in(real, root):
        message = f"{path} leads out of the build context, to {real}"
        raise ContextError(message, hint=hint or f"if that is the file you mean, name it: -f {real}")


def _lies_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory.rstrip('/')}/")


def _read(path: Path, *, pipes: bool = False) -> bytes:
    """All of a file; a pipe, which a shell's `<(…)` is, only where it was asked for, since it may block."""
    try:
        if not pipes and path.exists() and not path.is_file() and not path.is_dir():
            raise ContextError(f"{path} is not a regular file", hint="name a file with -f")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise ContextError(f"there is no file {path}", hint=_nearest(path.parent, path.name)) from error
    except IsADirectoryError as error:
        raise ContextError(f"{path} is a directory", hint="name the file itself") from error
    except OSError as error:
        raise ContextError(f"cannot read {path}: {error.strerror}", hint="make it a file that you may read") from error
    return checked(data, str(path))


def checked(data: bytes, name: str) -> bytes:
    """The bytes of a Dockerfile, of which one more than allowed was read. Raises ContextError where it is too large."""
    if len(data) > MOST_BYTES:
        raise ContextError(f"{name} is larger than {MOST_BYTES >> 20} MiB", hint="is this the file you meant?")
    return data


def _nearest(directory: Path, name: str) -> str:
    """A hint that names the file which was probably meant."""
    try:
        names = sorted(item.name for item in os.scandir(directory) if item.is_file())
    except OSError:
        return f"the directory {directory} cannot be read"
    if near := _likely(names, name):
        return f"did you mean {directory / near}? name it with -f"
    return "name one with -f, or the right directory"


def _likely(names: Sequence[str], name: str) -> str | None:
    """The one of these files that was probably meant."""
    from difflib import get_close_matches  # noqa: PLC0415  only errors need it

    close = [found for found in names if found.lower().endswith("dockerfile") or found == "Containerfile"]
    near = close or get_close_matches(name, [found for found in names if not found.endswith(".dockerignore")], n=1)
    return near[0] if near else None
