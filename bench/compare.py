"""Two runs beside each other, by their ratios: seconds of different hours or machines are not compared."""

from __future__ import annotations

from collections.abc import Iterator

from report import between, columns
from results import Results, wall
from spread import Spread


def compare(before: Results, after: Results) -> str:
    """What became of the first builder against the others and against the yardsticks, where both runs have it.

    `change` is the second ratio over the first, in percent: below 0 the first builder became faster. It is marked as chance
    where the rounds of the two runs overlap, and not judged where a run had a single round.
    """
    if before.builders[0] != after.builders[0]:
        return f"nothing to compare: one run is of {before.builders[0]}, the other of {after.builders[0]}"
    lines = [
        f"note: the runs differ in {key}: {before.machine.get(key)}, {after.machine.get(key)}"
        for key in sorted(before.machine.keys() | after.machine.keys())
        if before.machine.get(key) != after.machine.get(key)
    ]
    rows = [["row", "scenario", f"{after.builders[0]} against", "before", "after", "change", ""]]
    first, second = dict(_ratios(before)), dict(_ratios(after))
    for key, new in second.items():
        if old := first.get(key):
            rows.append(
                [*key, between(old), between(new), f"{(new.median / old.median - 1) * 100:+.0f} %", _judged(old, new)]
            )
    if len(rows) == 1:
        return "nothing to compare: the runs have no row, scenario and builder in common"
    return "\n".join([*lines, columns(rows, left=3)])


def _ratios(results: Results) -> Iterator[tuple[tuple[str, str, str], Spread]]:
    for case in results.cases:
        for builder in results.builders[1:]:
            if found := results.against(case, builder, wall):
                yield (*case, builder), found
        for name in results.yardsticks:
            if found := results.against_yardstick(case, name):
                yield (*case, name), found


def _judged(old: Spread, new: Spread) -> str:
    if min(old.count, new.count) == 1:
        return "one round"
    return "within the spread" if old.overlaps(new) else ""
