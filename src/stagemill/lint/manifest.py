"""`Manifest`, a package.json of the context, and what must be known of it before an install may change place."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping

from stagemill.dockerfile.tree import Copy, Word
from stagemill.errors import ContextError
from stagemill.files.paths import clean, join, split
from stagemill.files.view import FileView
from stagemill.lint.file import LintFile
from stagemill.lint.stages import Stage, Step
from stagemill.values import dataclass

_MOST_BYTES = 16 << 20
_INSTALL_SCRIPTS = frozenset(
    f"{when}{name}" for when in ("pre", "", "post") for name in ("install", "prepare")
) | {"prepublish", "dependencies"}  # fmt: skip
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_LOCAL = ("file:", "link:", "workspace:", "portal:", ".", "/", "~/")


@dataclass(frozen=True, slots=True)
class Manifest:
    """`directory` is where it is in the context, `facts` what it says."""

    directory: str
    facts: Mapping[str, object]

    @property
    def scripts(self) -> Mapping[str, object]:
        return _mapping(self.facts.get("scripts"))

    @property
    def has_development(self) -> bool:
        """Whether there are packages for development at all."""
        return bool(_mapping(self.facts.get("devDependencies")))

    @property
    def has_dependencies(self) -> bool:
        """Whether there are packages that the project runs with."""
        return bool(_mapping(self.facts.get("dependencies")))

    @property
    def runs_scripts(self) -> bool:
        """Whether an install runs something of the project itself."""
        return bool(_INSTALL_SCRIPTS & self.scripts.keys())

    @property
    def reaches_out(self) -> bool:
        """Whether an install reads other directories of the project."""
        if "workspaces" in self.facts:
            return True
        return any(_is_local(text) for key in (*_DEPENDENCIES, "overrides") for text in _strings(self.facts.get(key)))


def read(view: FileView, directory: str) -> Manifest | None:
    """The package.json in a directory; None where there is none that can be read."""
    facts = _document(view, join(directory, "package.json"))
    return None if facts is None else Manifest(directory, facts)


def of_stage(file: LintFile, stage: Stage) -> Manifest | None:
    """The package.json that a stage has of the context; None where that is not certain."""
    if file.context is None:
        return None
    found: dict[str, Manifest] = {}
    for step in file.steps(stage):
        for directory in _directories(file, step, file.context):
            manifest = read(file.context, directory)
            if manifest:
                found[directory] = manifest
    return next(iter(found.values())) if len(found) == 1 else None


def locked_is_plain(view: FileView, directory: str) -> bool:
    """Whether package-lock.json installs packages from elsewhere only, none of which runs a script when it is installed.

    Scripts may read any file of the project, so with them nobody can say what an install needs (`prisma generate` does).
    """
    lock = _document(view, join(directory, "package-lock.json"))
    packages = lock.get("packages") if lock else None
    if not isinstance(packages, dict) or not packages:
        return False
    return all(
        str(name).startswith("node_modules/") and _is_plain(_mapping(facts)) for name, facts in packages.items() if name
    )


def is_file(view: FileView, path: str) -> bool:
    entry = view.lstat(path)
    return entry is not None and entry.kind == "file"


def _is_plain(facts: Mapping[str, object]) -> bool:
    systems = facts.get("os")
    elsewhere = isinstance(systems, list) and not any(s == "linux" or str(s).startswith("!") for s in systems)
    resolved = facts.get("resolved")
    local = bool(facts.get("link")) or (isinstance(resolved, str) and _is_local(resolved))
    return not local and (elsewhere or not facts.get("hasInstallScript"))


def _directories(file: LintFile, step: Step, view: FileView) -> Iterator[str]:
    node = step.node
    if not isinstance(node, Copy) or node.from_ is not None:
        return
    for path in _sources(file, step, node.sources):
        parent, name = split(path)
        if name and fnmatch.fnmatchcase("package.json", name):
            yield parent
        elif (entry := view.lstat(path)) and entry.kind == "dir":
            yield path


def _sources(file: LintFile, step: Step, words: tuple[Word, ...]) -> Iterator[str]:
    for word in words:
        text = file.known(word.text, step)
        if text is not None:
            yield clean(text)


def _document(view: FileView, path: str) -> dict[str, object] | None:
    entry = view.lstat(path)
    if entry is None or entry.kind != "file" or entry.size > _MOST_BYTES:
        return None
    try:
        data: object = json.loads(view.real_path(path).read_bytes())
    except (OSError, ValueError, RecursionError, ContextError):
        return None
    return {str(key): value for key, value in data.items()} if isinstance(data, dict) else None


def _mapping(value: object) -> Mapping[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)


def _is_local(version: str) -> bool:
    return version.startswith(_LOCAL)
