"""What a sandbox has to know of its tree before it mounts it, told by whoever can look at the tree without a mount."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from stagemill.files.view import FileView
from stagemill.sandbox.inside import stubs
from stagemill.sandbox.inside.failure import Failure
from stagemill.sandbox.inside.tree import Facts


def facts(view: FileView, targets: Iterable[str]) -> dict[str, Facts]:
    """Those of all paths that lead to where something will be mounted, and of the root. What the tree lacks is not in it."""
    looking = _Looking(view)
    looking.link("")
    for target in targets:
        with suppress(Failure):  # the sandbox comes to the same end, and says so
            stubs.locate(looking, target)
    return looking.found


class _Looking:
    """The links of a tree, with a note of all that somebody looked at."""

    def __init__(self, view: FileView) -> None:
        self._view = view
        self.found: dict[str, Facts] = {}

    def link(self, path: str) -> str | None:
        facts = self.found.get(path)
        if facts is None:
            entry = self._view.lstat(path)
            if entry is None:
                return None
            link = entry.target if entry.kind == "symlink" else None
            xattrs = [(name, value.hex()) for name, value in entry.xattrs]
            facts = Facts(entry.kind == "dir", link, entry.mode, entry.uid, entry.gid, entry.mtime_ns, xattrs)
            self.found[path] = facts
        return facts.link
