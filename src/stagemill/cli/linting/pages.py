"""The page of a rule, as it is in docs/lint: in an installed package beside the rules, in a checkout where it was written."""

from __future__ import annotations

from pathlib import Path

import stagemill
from stagemill.errors import StagemillError
from stagemill.lint.choice import find


def page(name: str) -> str:
    """The text for a rule by any of its names. Raises UsageError for an unknown name."""
    package = Path(stagemill.__file__).parent
    rule = find(name)
    for folder in (package / "lint" / "pages", package.parents[1] / "docs" / "lint"):
        path = folder / f"{rule.page}.md"
        if path.is_file():
            return path.read_text("utf-8")
    raise StagemillError(f"the page of {rule.name} is missing", hint="install stagemill anew")
