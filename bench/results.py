"""`Results`: all that a run measured, as values and as JSON."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from measure import Sample
from spread import Spread, ratio

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Timed:
    """One build: `size` is the archive's in bytes, `layers` how many the image has."""

    row: str
    scenario: str
    builder: str
    turn: int
    sample: Sample
    size: int
    layers: int


@dataclass(frozen=True, slots=True)
class Yard:
    """One run of a yardstick beside a row, `size` the bytes that it went over."""

    row: str
    yardstick: str
    turn: int
    wall: float
    cpu: float
    size: int


@dataclass(frozen=True, slots=True)
class Note:
    """Why there are no figures: a builder failed, or does not support the row."""

    row: str
    builder: str
    text: str


@dataclass(frozen=True, slots=True)
class Results:
    """All of a run. `builders` in order: the first is the one that is compared with the others."""

    machine: dict[str, str]
    builders: tuple[str, ...]
    timed: tuple[Timed, ...]
    yards: tuple[Yard, ...]
    notes: tuple[Note, ...]

    @classmethod
    def of(cls, builders: Iterable[str], items: Iterable[Timed | Yard | Note]) -> Results:
        """Those of a run on this machine."""
        found = tuple(items)
        return cls(
            machine(),
            tuple(builders),
            tuple(item for item in found if isinstance(item, Timed)),
            tuple(item for item in found if isinstance(item, Yard)),
            tuple(item for item in found if isinstance(item, Note)),
        )

    @property
    def cases(self) -> tuple[tuple[str, str], ...]:
        """The rows and scenarios that were timed, in order."""
        return tuple(dict.fromkeys((item.row, item.scenario) for item in self.timed))

    @property
    def yardsticks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(yard.yardstick for yard in self.yards))

    def spread(self, case: tuple[str, str], builder: str, figure: Callable[[Timed], float]) -> Spread | None:
        """What a builder's rounds of a case say about one figure."""
        return Spread.of(figure(item) for item in self._of(case, builder))

    def against(self, case: tuple[str, str], builder: str, figure: Callable[[Timed], float]) -> Spread | None:
        """The first builder's figure over this one's: below 1 the first needs less."""
        return ratio(self._rounds(case, self.builders[0], figure), self._rounds(case, builder, figure))

    def against_yardstick(self, case: tuple[str, str], yardstick: str) -> Spread | None:
        """The first builder's wall time over that of a yardstick beside the same row, in the same rounds."""
        yards = {yard.turn: yard.wall for yard in self.yards if (yard.row, yard.yardstick) == (case[0], yardstick)}
        return ratio(self._rounds(case, self.builders[0], wall), yards)

    def _of(self, case: tuple[str, str], builder: str) -> list[Timed]:
        return [item for item in self.timed if (item.row, item.scenario, item.builder) == (*case, builder)]

    def _rounds(self, case: tuple[str, str], builder: str, figure: Callable[[Timed], float]) -> dict[int, float]:
        return {item.turn: figure(item) for item in self._of(case, builder)}

    def to_json(self) -> str:
        return json.dumps({"format": _FORMAT, **dataclasses.asdict(self)}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Results:
        """What `to_json` wrote. Raises ValueError for anything else."""
        try:
            document = json.loads(text)
            if document["format"] != _FORMAT:
                raise ValueError(f"its format is {document['format']}, not {_FORMAT}")
            return cls(
                document["machine"],
                tuple(document["builders"]),
                tuple(Timed(**{**item, "sample": Sample(**item["sample"])}) for item in document["timed"]),
                tuple(Yard(**item) for item in document["yards"]),
                tuple(Note(**item) for item in document["notes"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"these are no figures of a run: {error!r}") from error


def wall(item: Timed) -> float:
    """Seconds that somebody waited."""
    return item.sample.wall


def cpu(item: Timed) -> float:
    """Seconds of processor: a busy machine stretches these less."""
    return item.sample.cpu


def machine() -> dict[str, str]:
    """What the figures depend on."""
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cores": str(os.cpu_count()),
        "cpu": names[0] if names else platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
