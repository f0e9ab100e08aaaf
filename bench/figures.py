"""`Growth`: the points of all curves, as values and as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass

from report import columns
from results import machine

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement. `wall` and `cpu` are seconds, `rss` is in bytes."""

    curve: str
    size: int
    scenario: str
    wall: float
    cpu: float
    rss: int


@dataclass(frozen=True, slots=True)
class Growth:
    """All points of a run, in the order in which they were measured."""

    machine: dict[str, str]
    points: tuple[Point, ...]

    @classmethod
    def of(cls, points: Iterable[Point]) -> Growth:
        """Those of a run on this machine."""
        return cls(machine(), tuple(points))

    @property
    def curves(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(point.curve for point in self.points))

    def scenarios(self, curve: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(point.scenario for point in self.points if point.curve == curve))

    def line(self, curve: str, scenario: str) -> tuple[Point, ...]:
        """The points of one scenario, from the smallest size to the largest."""
        found = [point for point in self.points if (point.curve, point.scenario) == (curve, scenario)]
        return tuple(sorted(found, key=lambda point: point.size))

    def steepest(self, curve: str) -> tuple[Point, ...]:
        """The line of the scenario that takes longest at the largest size."""
        lines = (self.line(curve, scenario) for scenario in self.scenarios(curve))
        return max(lines, key=lambda line: line[-1].wall)

    def table(self) -> str:
        """Every point, with the slope from the point before it: 1 is linear, 2 quadratic, 0 no growth at all."""
        rows = [["curve", "size", "scenario", "wall s", "cpu s", "slope", "RSS MB"]]
        for curve in self.curves:
            for scenario in self.scenarios(curve):
                line = self.line(curve, scenario)
                for before, point in zip((None, *line), line, strict=False):
                    figures = [f"{point.wall:.2f}", f"{point.cpu:.2f}", slope(before, point), f"{point.rss / 1e6:.0f}"]
                    rows.append([curve, str(point.size), scenario, *figures])
        return columns(rows, left=1)

    def to_json(self) -> str:
        return json.dumps({"format": _FORMAT, **dataclasses.asdict(self)}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Growth:
        """What `to_json` wrote. Raises ValueError for anything else."""
        try:
            document = json.loads(text)
            if document["format"] != _FORMAT:
                raise ValueError(f"its format is {document['format']}, not {_FORMAT}")
            return cls(document["machine"], tuple(Point(**point) for point in document["points"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"these are no figures of growth: {error!r}") from error


def slope(before: Point | None, point: Point) -> str:
    """How processor time grew between two sizes, on logarithmic scales."""
    if before is None or not before.cpu or not point.cpu:
        return ""
    return f"{math.log(point.cpu / before.cpu) / math.log(point.size / before.size):.2f}"
