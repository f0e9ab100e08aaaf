"""What a build looked at outside of its store: files by their digests, and the directory of its context."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.cli.again.survey import Survey
from stagemill.cli.frame import roots
from stagemill.cli.given import project
from stagemill.cli.making.source import located
from stagemill.context import load
from stagemill.context.directory import DirectoryContext
from stagemill.context.look import xattrs

if TYPE_CHECKING:
    from stagemill.cli.again.forms import Looked
    from stagemill.cli.again.survey import Facts
    from stagemill.plan.request import FileContext

_MOST_HIDDEN = 10_000


class UnrepeatableError(Exception):
    """Something that was looked at, or that was done, is in no receipt."""


def settings(config: Path) -> dict[str, str | None]:
    """The digests of the configuration; None for what is not there. Raises OSError."""
    return {os.path.abspath(path): _digest(path) for path in (Path(roots.CONFIG_OF_ROOT), config)}


def files(context: str, file: str | None) -> dict[str, str | None]:
    """The digests of the Dockerfile, and of the files beside it that have a say; None for those that are not there.

    Raises UnrepeatableError where the Dockerfile or the context is none of this machine, OSError.
    """
    folder = Path(context)
    given = located(file, folder)
    if not folder.is_dir() or (given and not given.is_file()):
        raise UnrepeatableError("the context")
    paths = [folder / project.NAME, *([Path(file)] if file else ())]
    dockerfiles = (given,) if given else tuple(folder / name for name in load.NAMES)
    paths += _up_to_the_first(dockerfiles)
    dockerfile = paths[-1]
    paths.append(dockerfile.with_name(f"{dockerfile.name}.rego"))
    paths += _up_to_the_first(load.ignore_files(folder, dockerfile))
    return {os.path.abspath(path): _digest(path) for path in paths}


def context(main: FileContext | None, *, began_ns: int) -> Looked:
    """Raises UnrepeatableError where it is no directory, or one in which something changed shortly before it was looked at."""
    if main is None or not isinstance(main.view, DirectoryContext):
        raise UnrepeatableError("the context")
    folders = main.view.looked_at
    root = main.view.root
    hidden = [f"{path}/{name}" if path else name for path, names in folders.items() for name in names]
    if len(hidden) > _MOST_HIDDEN:
        raise UnrepeatableError("the context")
    view = main.view

    def known(path: str) -> tuple[list[Facts], Collection[str]]:
        """Not as it is now: as the build saw it."""
        return [(row[0], row[1], row[3], *row[6:]) for row in view.rows(path)], folders[path]

    survey = Survey(root, sorted(folders), frozenset(hidden), known=known)
    if not survey.is_settled(began_ns) or not all(_has_kept(main.view, path) for path in folders):
        raise UnrepeatableError("the context")
    return {"root": root, "directories": sorted(folders), "hidden": sorted(hidden), "digest": survey.digest}


def _has_kept(view: DirectoryContext, folder: str) -> bool:
    """Whether a folder has the attributes that the build saw; of a file their change would show in its times."""
    entry = view.lstat(folder)
    return entry is None or entry.xattrs == xattrs(os.fspath(view.real_path(folder)))


def certificates(host: str, environment: Mapping[str, str]) -> dict[str, str | None] | None:
    """The directories of a host's certificates, where there is none of them."""
    from stagemill.registry.certificates import CertificateDirectories

    places = CertificateDirectories.of(environment).places(host)
    return None if any(map(os.path.lexists, places)) else dict.fromkeys(map(os.fspath, places))


def _up_to_the_first(paths: Iterator[Path] | tuple[Path, ...]) -> Iterator[Path]:
    """Those that were looked for, the last of which may be there."""
    for path in paths:
        yield path
        if os.path.lexists(path):
            return


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
