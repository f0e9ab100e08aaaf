"""Files that nobody means to copy, and that change by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stagemill.insight.why.advising.saving import Advice, only_by, saving
from stagemill.insight.why.causes import Cause, Kind
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.files import KEPT
from stagemill.insight.why.past import Graph

_DIRECTORIES = r"\.git|\.hg|\.svn|node_modules|__pycache__|\.venv|\.idea|\.vscode|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.tox|\.nyc_output"
_BELOW = re.compile(rf"^(?P<above>(?:.*/)?)(?P<name>{_DIRECTORIES})(?:/|$)")
_FILE = re.compile(r"(?:^|/)(?:[^/]*(?P<suffix>\.(?:log|pyc|swp|swo|tmp|bak|pid))|(?P<name>\.DS_Store|Thumbs\.db))$")
_TOLD = 3


def ignores(explained: Sequence[Explained], graph: Graph) -> Iterator[Advice]:
    """One for all of them: they are left out for every COPY."""
    steps = only_by(lambda _, cause: bool(_patterns(cause)), explained, graph)
    by_step = {one.step.line: _patterns(one.cause) for one in steps if _patterns(one.cause)}
    patterns = list(dict.fromkeys(pattern for found in by_step.values() for pattern in found))
    if 0 < len(patterns) <= _TOLD:
        names = " and ".join([", ".join(patterns[:-1]), patterns[-1]] if len(patterns) > 1 else patterns)
        verb, lines = ("is", "a line") if len(patterns) == 1 else ("are", "lines")
        line = min(by_step)
        yield saving(f"{names} {verb} copied at line {line}: with {lines} {names} in .dockerignore", line, steps)


def _patterns(cause: Cause) -> list[str]:
    """Lines of an ignore file without which a cause would not be; none where one of its files may be meant."""
    paths = [change.path for change in cause.files]
    if cause.kind not in {Kind.FILE, Kind.MOUNT} or len(paths) >= KEPT:
        return []
    found = list(dict.fromkeys(map(_pattern, paths)))
    return found if all(found) else []


def _pattern(path: str) -> str:
    """The line of an ignore file that leaves it out; empty for what may be meant. The outermost directory counts."""
    if found := _BELOW.match(_outermost(path)):
        return f"**/{found['name']}" if found["above"] else found["name"]
    if found := _FILE.search(path):
        return f"**/*{found['suffix']}" if found["suffix"] else f"**/{found['name']}"
    return ""


def _outermost(path: str) -> str:
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        if re.fullmatch(_DIRECTORIES, parts[depth - 1]):
            return "/".join(parts[:depth])
    return path
