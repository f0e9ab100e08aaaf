"""Whether node_modules are still what their install made of them when a stage ends."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.dockerfile.tree import Add, Copy, Run
from stagemill.errors import ContextError
from stagemill.files import glob
from stagemill.files.paths import clean, join, split
from stagemill.files.view import FileView
from stagemill.lint import modules, packages
from stagemill.lint.file import LintFile
from stagemill.lint.modules import Installed
from stagemill.lint.packages import Removal
from stagemill.lint.stages import Step


def keeps_packages(file: LintFile, steps: Iterable[Step], *, installed: Installed) -> bool:
    """Whether no RUN but that of the install, and no other command in it, changes packages or names their directory."""
    for step in steps:
        if not isinstance(step.node, Run):
            continue
        calls = packages.of_step(step, step.node, escape=file.escape)
        changes = [
            call
            for call in calls
            if isinstance(call, Removal) or (call.manager in packages.NODE and call.verb != "other")
        ]
        allowed = 1 if step is installed.step else 0
        text = step.node.shell_text
        if len(changes) > allowed or modules.NAME in text or "package.json" in text or "package-lock" in text:
            return False
    return True


def brings_no_packages(file: LintFile, steps: Iterable[Step], path: str) -> bool:
    """Whether no COPY or ADD puts files into a node_modules directory; certain only where the context is known."""
    return all(
        _is_elsewhere(file, step, step.node, path=path) or _has_none(file, step, step.node, path=path)
        for step in steps
        if isinstance(step.node, Copy | Add)
    )


def _is_elsewhere(file: LintFile, step: Step, node: Copy | Add, *, path: str) -> bool:
    """Whether the destination is not the directory that holds the packages, nor one above it or in it."""
    place = step.before.path(file.known(node.destination.text, step))
    if place is None:
        return False
    return place != path and not path.startswith(place.rstrip("/") + "/") and not place.startswith(f"{path}/")


def _has_none(file: LintFile, step: Step, node: Copy | Add, *, path: str) -> bool:
    """Whether the sources are files of the context, and directories without packages."""
    place = step.before.path(file.known(node.destination.text, step))
    above = split(path)[0] or "/"
    if file.context is None or place != above or isinstance(node, Add) or node.from_ or node.heredocs or node.parents:
        return False
    return all(_is_harmless(file.context, file.known(word.text, step)) for word in node.sources)


def _is_harmless(view: FileView, text: str | None) -> bool:
    if text is None:
        return False
    try:
        paths = glob.expand(view, text) if glob.is_pattern(text) else [clean(text)]
    except ContextError:
        return False
    return all(_has_no_packages(view, path) for path in paths)


def _has_no_packages(view: FileView, path: str) -> bool:
    entry = view.lstat(path)
    link = entry is not None and entry.kind == "symlink"
    return not link and split(path)[1] != modules.NAME and view.lstat(join(path, modules.NAME)) is None
