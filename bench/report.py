"""The tables that people read: what was measured, what it is against the others, and against the machine itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from results import Results, Timed, cpu, wall
from spread import Spread

_MEGA = 1e6
_FIGURES: dict[str, Callable[[Timed], float]] = {
    "other s": lambda item: item.sample.other,
    "RSS MB": lambda item: item.sample.rss / _MEGA,
    "out MB": lambda item: item.size / _MEGA,
}


def report(results: Results) -> str:
    """Everything, with the machine on top and what is missing at the end."""
    parts = ["\n".join(f"{key}: {value}" for key, value in results.machine.items())]
    if results.timed:
        parts.append(_builders(results))
    if results.yards:
        parts.append(_yardsticks(results))
    parts.append("\n".join(f"{note.row}: no figures of {note.builder}: {note.text}" for note in results.notes))
    return "\n\n".join(part for part in parts if part)


def between(spread: Spread | None, *, digits: int = 2) -> str:
    """`1.20 (1.10-1.43)`: the median and the outermost; only the number where there is one; `-` for nothing."""
    if spread is None:
        return "-"
    middle, low, high = (f"{value:.{digits}f}" for value in (spread.median, spread.low, spread.high))
    return middle if spread.count == 1 else f"{middle} ({low}-{high})"


def columns(rows: list[list[str]], *, left: int) -> str:
    """Rows of cells as aligned lines: the first `left` columns to the left, the others to the right."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _builders(results: Results) -> str:
    first = results.builders[0]
    head = ["row", "scenario", "builder"]
    for name in ("wall", "cpu"):
        head += [f"{name} s", f"{name} {first}/it"]
    rows = [[*head, *_FIGURES, "layers"]]
    for case in results.cases:
        timed = [builder for builder in results.builders if results.spread(case, builder, wall)]
        rows += [[*case, builder, *_figures(results, case, builder)] for builder in timed]
    return columns(rows, left=3)


def _figures(results: Results, case: tuple[str, str], builder: str) -> Iterator[str]:
    both: tuple[Callable[[Timed], float], ...] = (wall, cpu)
    for figure in both:
        yield between(results.spread(case, builder, figure))
        yield "" if builder == results.builders[0] else between(results.against(case, builder, figure))
    for figure in _FIGURES.values():
        found = results.spread(case, builder, figure)
        yield f"{found.median:.1f}" if found else "-"
    layers = results.spread(case, builder, lambda item: item.layers)
    yield f"{layers.median:.0f}" if layers else "-"


def _yardsticks(results: Results) -> str:
    first = results.builders[0]
    rows = [["row", "scenario", *(f"{first}/{name}" for name in results.yardsticks)]]
    for case in results.cases:
        ratios = [between(results.against_yardstick(case, name)) for name in results.yardsticks]
        if any(cell != "-" for cell in ratios):
            rows.append([*case, *ratios])
    for row in dict.fromkeys(yard.row for yard in results.yards):
        walls = [
            Spread.of(yard.wall for yard in results.yards if (yard.row, yard.yardstick) == (row, name))
            for name in results.yardsticks
        ]
        rows.append([row, "(seconds)", *map(between, walls)])
    return columns(rows, left=2)
