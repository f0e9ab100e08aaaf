"""`Finding`, a mistake at a place in a Dockerfile, and `Fix`, the edits that mend it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from stagemill.dockerfile.source import Span
from stagemill.errors import Excerpt
from stagemill.values import dataclass

Level: TypeAlias = Literal["error", "warning", "info", "style"]

LEVELS: tuple[Level, ...] = ("error", "warning", "info", "style")
"""From the heaviest to the lightest."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` takes the place of what stands in `span`; a span that ends where it begins only inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that belong together: all of them are made or none. `summary` says what they do.

    One that is not `safe` changes what the image holds, as its rule wants it to, or may do so.
    """

    edits: tuple[Edit, ...]
    summary: str
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. `at` shows the place; `fix` is there only where it provably does what the hint says.

    `about` is what a check of BuildKit's points at: all of an instruction, where `span` may be a word of it. `alias` is
    the number that hadolint has for it. `level` is None where it is that of the rule.
    """

    rule: str
    message: str
    span: Span
    at: Excerpt
    hint: str | None = None
    fix: Fix | None = None
    about: Span | None = None
    alias: str = ""
    level: Level | None = None
