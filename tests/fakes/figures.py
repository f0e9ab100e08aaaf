"""Figures of runs that were never run, chosen so that ratios can be read off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from measure import Sample
from results import Note, Results, Timed, Yard

MACHINE = {"cores": "2", "kernel": "6.18"}


def timed(builder: str, walls: Sequence[float], *, row: str = "hello", scenario: str = "cold") -> list[Timed]:
    """A round for each wall time; the processor was busy half of it, and everything else is the same."""
    return [
        Timed(row, scenario, builder, turn, Sample(wall, wall / 2, wall, 0.25, 50_000_000), 1_500_000, 2)
        for turn, wall in enumerate(walls)
    ]


def yards(name: str, walls: Sequence[float], *, row: str = "hello") -> list[Yard]:
    return [Yard(row, name, turn, wall, wall, 1000) for turn, wall in enumerate(walls)]


def run_of(*items: Sequence[Timed | Yard | Note], builders: tuple[str, ...] = ("mill", "other")) -> Results:
    return replace(Results.of(builders, [item for part in items for item in part]), machine=MACHINE)
