"""`draw`: the curves as pictures, on logarithmic scales, with a line of slope 1 beside them."""

from __future__ import annotations

from pathlib import Path

import curves
from figures import Growth, Point

_COLOURS = ("#1f5fa8", "#c2571a", "#2f7d4f", "#7a4fa3", "#8a6d1d")


def draw(growth: Growth, folder: Path) -> None:
    """`folder` has a picture of each curve afterwards, `<curve>.svg`; the same bytes for the same figures."""
    import matplotlib as mpl  # noqa: PLC0415  the figures can be had without it

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "stagemill", "svg.fonttype": "none", "font.size": 9})
    from matplotlib.figure import Figure  # noqa: PLC0415

    for curve in growth.curves:
        picture = Figure(figsize=(8.5, 3), layout="constrained")
        seconds, memory = picture.subplots(1, 2)
        for scenario, colour in zip(growth.scenarios(curve), _COLOURS, strict=False):
            line = growth.line(curve, scenario)
            sizes = [point.size for point in line]
            seconds.plot(sizes, [point.wall for point in line], "o-", color=colour, label=scenario, markersize=3)
            seconds.plot(sizes, [point.cpu for point in line], "--", color=colour, linewidth=1)
            memory.plot(sizes, [point.rss / 1e6 for point in line], "o-", color=colour, markersize=3)
        seconds.plot([], [], "--", color="#666666", label="of processor time", linewidth=1)
        seconds.plot(*straight(growth.steepest(curve)), ":", color="#666666", label="slope 1", linewidth=1)
        for axes, title in (seconds, "seconds"), (memory, "MB of memory, at most"):
            axes.set(xscale="log", yscale="log", xlabel=curves.ALL[curve].what, title=title)
            axes.grid(color="#e5e5e5", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
        memory.set_ylim(10, max(1000, *(point.rss / 0.8e6 for point in growth.points if point.curve == curve)))
        picture.legend(loc="outside right center", frameon=False, fontsize=8)
        picture.savefig(folder / f"{curve}.svg", metadata={"Date": None, "Creator": None})


def straight(line: tuple[Point, ...]) -> tuple[list[float], list[float]]:
    """The line of slope 1 that ends at the last point, as far down as the curve goes."""
    first, last = line[0], line[-1]
    lowest = min(point.cpu for point in line)
    begin = max(first.size, last.size * lowest / last.wall)
    return [begin, last.size], [last.wall * begin / last.size, last.wall]
