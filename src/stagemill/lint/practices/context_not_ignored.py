"""`ContextNotIgnored`: a COPY of the whole context takes directories along that no image needs."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Add, Copy
from stagemill.files.paths import clean
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule

_NAMES = {
    ".git": "all versions of the project",
    "node_modules": "packages of another machine",
    ".venv": "packages of another machine",
    "venv": "packages of another machine",
    "__pycache__": "compiled files of another machine",
    ".env": "secrets",
    ".terraform": "plugins and state",
}


def check(file: LintFile) -> Iterator[Finding]:
    view = file.context
    present = [name for name in _NAMES if view is not None and view.lstat(name)]
    for stage in file.asked if present else ():
        for step in stage.steps:
            node = step.node
            own = isinstance(node, Add) or (isinstance(node, Copy) and node.from_ is None)
            for word in node.sources if isinstance(node, Copy | Add) and own else ():
                text = file.known(word.text, step)
                excluded = {flag.text.rstrip("/") for flag in node.excludes} if isinstance(node, Copy | Add) else set()
                names = [name for name in present if name not in excluded]
                if text is not None and clean(text) == "" and names:
                    yield file.finding(
                        RULE.name,
                        f"this takes {names[0]} along: {_NAMES[names[0]]}"
                        + (f"; and {', '.join(names[1:])}" if names[1:] else ""),
                        span=word.span,
                        hint=f"write {' and '.join(names)} into .dockerignore; each change in there runs the steps below again",
                    )


RULE = Rule("ContextNotIgnored", "a COPY of everything takes what no image needs", check)
