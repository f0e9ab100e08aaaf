"""A project folder that has no Dockerfile yet: what kind it is, and the two files that it should have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stagemill.errors import StagemillError, UsageError
from stagemill.split.draft import TITLES, Kind
from stagemill.split.start import c, golang, java, node, pages, python, rust
from stagemill.split.start.folder import Folder, Start

_LANGUAGES: Mapping[Kind, Callable[[Folder, str], Start | None]] = {
    "node": node.start,
    "python": python.start,
    "go": golang.start,
    "rust": rust.start,
    "java": java.start,
}
# Makefiles and pages are in projects of every language.
_LAST: Mapping[Kind, Callable[[Folder, str], Start | None]] = {"c": c.start, "site": pages.start}
KINDS = (*_LANGUAGES, *_LAST)
_PROGRAMS: Mapping[str, Kind] = {
    **dict.fromkeys(("node", "npm", "next"), "node"),
    **dict.fromkeys(("python", "python3", "gunicorn", "uvicorn", "flask", "celery", "hypercorn", "daphne"), "python"),
    "java": "java",
}
_FILES = "package.json, pyproject.toml, requirements.txt, go.mod, Cargo.toml, pom.xml, build.gradle, CMakeLists.txt, Makefile or index.html"


def start(folder: Folder, command: str = "", kind: str = "") -> Start:
    """The files for a folder; `command` is what the image is to run, empty for what can be seen, `kind` one of KINDS.

    Raises StagemillError where nothing is seen, where several projects are, or where something is missing that only a person knows.
    """
    known = {**_LANGUAGES, **_LAST}
    if kind and kind not in known:
        raise UsageError(f"--kind {kind!r} is not known", hint=f"it is one of {', '.join(KINDS)}")
    wanted = kind or _PROGRAMS.get(command.split(" ", maxsplit=1)[0].rpartition("/")[2], "") if command or kind else ""
    found, problems = _tried(folder, command, {name: known[name] for name in known if name == wanted} or _LANGUAGES)
    if not found and not problems and not kind:
        found, problems = _tried(folder, command, _LAST)
        found = found[:1]
    if len(found) > 1:
        names = ", ".join(TITLES[each.kind] for each in found)
        flags = " or ".join(f"--kind {each.kind}" for each in found)
        raise StagemillError(f"several projects are seen in {folder.path}: {names}", hint=f"say which one: {flags}")
    if found:
        return found[0]
    if problems:
        raise problems[0]
    raise StagemillError(f"no project is seen in {folder.path}", hint=f"name a folder with {_FILES}")


def _tried(
    folder: Folder, command: str, starts: Mapping[Kind, Callable[[Folder, str], Start | None]]
) -> tuple[list[Start], list[StagemillError]]:
    """What is seen, and what is seen in part."""
    found: list[Start] = []
    problems: list[StagemillError] = []
    for each in starts.values():
        try:
            seen = each(folder, command)
        except StagemillError as error:
            problems.append(error)
        else:
            found += [seen] if seen else []
    return found, problems
