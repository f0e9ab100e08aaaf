"""A project folder that has no Dockerfile yet: what kind it is, and the two files that it should have."""

from __future__ import annotations

from collections.abc import Callable

from stagemill.errors import StagemillError
from stagemill.split.start import c, golang, java, node, pages, python, rust
from stagemill.split.start.folder import Folder, Start

_STARTS: tuple[Callable[[Folder, str], Start | None], ...] = (
    node.start,
    python.start,
    golang.start,
    rust.start,
    java.start,
    c.start,
    pages.start,
)
_FILES = "package.json, pyproject.toml, requirements.txt, go.mod, Cargo.toml, pom.xml, build.gradle, CMakeLists.txt, Makefile or index.html"


def start(folder: Folder, command: str = "") -> Start:
    """The files for a folder; `command` is what the image is to run, empty for what can be seen.

    Raises StagemillError where nothing is seen, or something is missing that only a person knows.
    """
    for each in _STARTS:
        found = each(folder, command)
        if found is not None:
            return found
    raise StagemillError(f"no project is seen in {folder.path}", hint=f"name a folder with {_FILES}")
