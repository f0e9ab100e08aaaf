"""`Picture`: a build as it is drawn: boxes of stages with a row for each step, and arrows between them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from stagemill.values import dataclass

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


class Tone(StrEnum):
    """What became of a step, or would; the values are classes of the style sheet."""

    CACHED = "cached"
    RAN = "ran"
    OPEN = "open"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Way(StrEnum):
    """Why a stage waits for another: FROM, COPY and mounts, or `FROM --after`."""

    FROM = "from"
    READS = "reads"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Row:
    """A step. `word` says what became of it; `seconds` and `size` (bytes of files) are None where nobody knows them.

    `slow` steps are on the critical path.
    """

    id: str
    line: int
    text: str
    tone: Tone
    word: str
    seconds: float | None = None
    size: int | None = None
    slow: bool = False

    @property
    def short(self) -> str:
        """The instruction on one line."""
        return " ".join(self.text.split())

    @property
    def facts(self) -> str:
        """What is known of it: `ran, 3.2 s, 1.4 MB`."""
        known = [took(self.seconds)] if self.seconds is not None else []
        return ", ".join([self.word, *known, *([amount(self.size)] if self.size else [])])


@dataclass(frozen=True, slots=True)
class Box:
    """A stage; `base` is what its FROM names. `role` is `target` or `must succeed` where somebody asked for it by name."""

    title: str
    base: str
    rows: tuple[Row, ...]
    role: str = ""

    @property
    def label(self) -> str:
        """The title, with the role where it has one."""
        return f"{self.title} ({self.role})" if self.role else self.title


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a stage to a row of another by its number, -1 for its FROM; it begins at the row `begin`, the last for None."""

    source: str
    target: str
    row: int
    way: Way
    begin: int | None = None

    def start(self, source: Box) -> int:
        """The row that it begins at, -1 for a stage without steps."""
        return len(source.rows) - 1 if self.begin is None else self.begin


@dataclass(frozen=True, slots=True)
class Picture:
    """`boxes` in the order of the file, titles are different; `future` ones are of what would be; `skipped` stages are not built, by title with the reason."""

    heading: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    future: bool = False

    @property
    def slow(self) -> tuple[Row, ...]:
        """The rows of the critical path, in the order of the file; a step that several stages have is one."""
        found: dict[str, Row] = {}
        for box in self.boxes:
            for row in box.rows:
                if row.slow:
                    found.setdefault(row.id, row)
        return tuple(found.values())

    def depths(self) -> Mapping[str, int]:
        """How many stages stand before each at most: the column that it is drawn in.

        Stages of one name are one box; where such wait for each other in a circle the first one counts as free.
        """
        before: dict[str, set[str]] = {box.title: set() for box in self.boxes}
        for arrow in self.arrows:
            before[arrow.target].add(arrow.source)
        found: dict[str, int] = {}
        waiting = [box.title for box in self.boxes]
        while waiting:
            title = next((one for one in waiting if before[one] <= found.keys()), waiting[0])
            found[title] = max((found[other] + 1 for other in before[title] if other in found), default=0)
            waiting.remove(title)
        return found


def took(seconds: float) -> str:
    """`0.4 s`, `75 s`, `12 min`."""
    if seconds < 99.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def amount(count: int) -> str:
    """Bytes in decimal units: `412 kB`, `1.4 MB`, `52 MB`."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit != "B" and value < 9.95 else f"{value:.0f} {unit}"


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def plain(text: str) -> str:
    """What XML can have, and nothing that turns writing round or means anything to a terminal."""
    return _FORBIDDEN.sub("", text)
