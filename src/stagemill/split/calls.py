"""The programs that a project's own sources start by a name that is written in them: `execFile("git", …)`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from stagemill.files.paths import clean, resolve
from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.split import leftovers
from stagemill.split.draft import Draft

_CALL = re.compile(
    rb"""(?:\b(?:exec(?:File|Sync|FileSync|a|aSync|lp?e?|vp?e?)?|spawn(?:Sync|lp?|vp?)?|system|p?open|Popen|run|call|check_call|check_output
    |getoutput|shell_exec|passthru|proc_open|ProcessBuilder|Command(?:Context)?)|\bCommand::new)
    \s*\(\s*(?:\w+\s*,\s*)?\[?\s*[frbu]?["'`]([A-Za-z0-9_./+-]+)""",
    re.VERBOSE,
)
_ENDS = (
    ".js", ".mjs", ".cjs", ".ts", ".py", ".rb", ".php", ".pl", ".go", ".rs", ".c", ".cc", ".cpp", ".cxx", ".java", ".kt", ".scala",
)  # fmt: skip
_OTHERS = frozenset({"node_modules", ".git", "site-packages", "dist-packages", "vendor", "test", "tests", "__tests__"})
_LARGEST = 2 << 20
_MOST_FILES = 20_000


def named(view: FileView, draft: Draft, context: FileView | None) -> Iterator[tuple[str, str]]:
    """Each name once, with the file that has it: one of the runtime, or one of the context that was compiled into its program."""
    found: dict[str, str] = {}
    kept = [item.path for item in draft.kept if item.path != draft.environment]
    compiled = [(context, [""])] if context and draft.kind in leftovers.COMPILERS else []
    for each, paths in [(view, kept), *compiled]:
        for path in _sources(each, paths):
            for call in _CALL.finditer(each.real_path(path).read_bytes()):
                found.setdefault(call[1].decode(), path)
    yield from sorted(found.items())


def _sources(view: FileView, paths: Iterable[str]) -> Iterator[str]:
    count = 0
    for path in paths:
        for below, entry in walk(view, resolve(view, clean(path))):
            count += 1
            if count > _MOST_FILES:
                return
            own = below.endswith(_ENDS) and not _OTHERS & set(below.split("/"))
            if own and entry.kind == "file" and entry.size < _LARGEST:
                yield below
