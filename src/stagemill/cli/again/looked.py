"""What a build looked at outside of its store: files by their digests, and the directory of its context."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.cli.again.survey import Survey
from stagemill.cli.frame import roots
from stagemill.cli.making.source import located
from stagemill.context import load
from stagemill.context.directory import DirectoryContext
from stagemill.registry.certificates import CertificateDirectories

if TYPE_CHECKING:
    from stagemill.cli.again.forms import Looked
    from stagemill.plan.request import FileContext

_MOST_HIDDEN = 10_000


class UnrepeatableError(Exception):
    """Something that was looked at, or that was done, is in no receipt."""


def files(context: str, file: str | None, environment: Mapping[str, str]) -> dict[str, str | None]:
    """The digests of the Dockerfile, of the files beside it that have a say, and of the configuration; None for those that are not there.

    Raises UnrepeatableError where the Dockerfile or the context is none of this machine, OSError.
    """
    folder = Path(context)
    given = located(file, folder)
    if not folder.is_dir() or (given and not given.is_file()):
        raise UnrepeatableError("the context")
    config = (roots.CONFIG_OF_ROOT, roots.config_path(environment, root=os.geteuid() == 0))
    paths = [*map(Path, config), *([Path(file)] if file else ())]
    dockerfiles = (given,) if given else tuple(folder / name for name in load.NAMES)
    paths += _up_to_the_first(dockerfiles)
    dockerfile = paths[-1]
    paths.append(dockerfile.with_name(f"{dockerfile.name}.rego"))
    paths += _up_to_the_first(load.ignore_files(folder, dockerfile))
    return {os.path.abspath(path): _digest(path) for path in paths}


def context(main: FileContext | None, *, began_ns: int) -> Looked:
    """Raises UnrepeatableError where it is no directory, or one in which something changed while it was looked at."""
    if main is None or not isinstance(main.view, DirectoryContext):
        raise UnrepeatableError("the context")
    scanned = main.view.scanned
    root = main.view.root
    hidden: list[str] = []
    for directory, kept in scanned.items():
        prefix = f"{directory}/" if directory else ""
        there = os.listdir(f"{root}/{directory}")
        hidden += [prefix + name for name in set(there).difference(kept)]
    if len(hidden) > _MOST_HIDDEN:
        raise UnrepeatableError("the context")
    survey = Survey(root, sorted(scanned), frozenset(hidden))
    if not survey.is_settled(began_ns) or any(
        survey.names[directory] != set(names) for directory, names in scanned.items()
    ):
        raise UnrepeatableError("the context")
    return {"root": root, "directories": sorted(scanned), "hidden": sorted(hidden), "digest": survey.digest}


def certificates(host: str, environment: Mapping[str, str]) -> dict[str, str | None] | None:
    """The directories of a host's certificates, where there is none of them."""
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
