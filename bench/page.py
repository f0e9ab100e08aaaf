#!/usr/bin/env python3
"""Writes the tables of docs/performance.md from the figures of a run.

Examples:
  make bench BENCH="--json /tmp/figures.json"       measure
  bench/page.py /tmp/figures.json                   write what lies between the page's marks
  bench/page.py /tmp/figures.json --page -          print it
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import aims
from report import between
from results import Results, Timed, cpu, wall
from run import figures_of
from spread import Spread

PAGE = Path(__file__).parent.parent / "docs/performance.md"
BEGIN = "<!-- figures: written by bench/page.py -->"
END = "<!-- end of figures -->"
_KNOWN = "†"
_NAMES = {"buildkit": "BuildKit"}


def rendered(results: Results) -> str:
    """All that stands between the marks."""
    parts = [_machine(results), _seconds(results), _summary(results), _against_all(results)]
    if results.yards:
        parts.append(_yardsticks(results))
    parts += [f"No figures of {note.builder} for {note.row}: {note.text}" for note in results.notes]
    return "\n\n".join(part for part in parts if part)


def placed(page: str, text: str) -> str:
    """The page with the text between its marks. Raises ValueError where it has none."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"it lacks {BEGIN if not begin else END}")
    return f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}"


def ratio_to_peer(results: Results, case: tuple[str, str]) -> tuple[Spread | None, bool]:
    """The first builder's wall time over BuildKit's: of this run (True), else over the seconds that are known of it."""
    measured = results.against(case, aims.PEER, wall) if aims.PEER in results.builders else None
    if measured:
        return measured, True
    aim = aims.ALL.get(case)
    mine = results.spread(case, results.builders[0], wall)
    if aim is None or mine is None:
        return None, False
    return Spread(mine.median / aim.seconds, mine.low / aim.seconds, mine.high / aim.seconds, mine.count), False


def _machine(results: Results) -> str:
    rounds = len({item.turn for item in results.timed})
    facts = ", ".join(f"{key} {value}" for key, value in results.machine.items())
    middle = "; figures are `median (lowest-highest)`" if rounds > 1 else ""
    return f"{rounds} round{'s' if rounds > 1 else ''}: {facts}{middle}."


def _seconds(results: Results) -> str:
    """Seconds of every builder, and the ratio to BuildKit beside its aim."""
    head = ["row", "", *(f"{_named(builder)} s" for builder in results.builders), "/ BuildKit", "aim", "met"]
    rows = []
    marked = False
    for case in results.cases:
        found, own = ratio_to_peer(results, case)
        aim = aims.ALL.get(case)
        mark = "" if own or not found else f" {_KNOWN}"
        marked |= bool(mark)
        met = "" if not aim or not found else "yes" if found.median <= aim.ratio else "**no**"
        seconds = [between(results.spread(case, builder, wall)) for builder in results.builders]
        rows.append([*case, *seconds, between(found) + mark, f"{aim.ratio:g}" if aim else "", met])
    note = f"\n\n{_KNOWN} No BuildKit was on PATH: over its seconds of one round on a machine of this kind (`bench/aims.py`)."
    return _table(head, rows, left=2) + (note if marked else "")


def _summary(results: Results) -> str:
    """The aims that are about all rows together."""
    ratios = [(case, found.median) for case in results.cases if (found := ratio_to_peer(results, case)[0])]
    if not ratios:
        return ""
    mean = statistics.geometric_mean(value for _, value in ratios)
    above = [f"{row} {scenario} ({value:.2f})" for (row, scenario), value in ratios if value > 1]
    lines = [
        f"Geometric mean of the ratios to BuildKit: {mean:.2f}; the aim is {aims.MEAN:g}, {_met(mean <= aims.MEAN)}.",
        f"Above 1: {', '.join(above) or 'none'}; the aim is none, {_met(not above)}.",
    ]
    wanted: tuple[tuple[str, Callable[[Timed], float], float], ...] = (
        ("memory", _memory, aims.MEMORY),
        ("bytes", _bytes, aims.SIZE),
    )
    for what, figure, most in wanted:
        worst = max(_peaks(results, figure), default=None)
        if worst:
            value, (row, scenario) = worst
            lines.append(
                f"Most {what} over BuildKit's: {value:.2f}, {row} {scenario}; the aim is {most:g}, {_met(value <= most)}."
            )
    return "\n".join(f"- {line}" for line in lines)


def _memory(item: Timed) -> float:
    return item.sample.rss


def _bytes(item: Timed) -> float:
    return item.size


_FIGURES: tuple[Callable[[Timed], float], ...] = (wall, cpu, _memory, _bytes)


def _peaks(results: Results, figure: Callable[[Timed], float]) -> Iterator[tuple[float, tuple[str, str]]]:
    if aims.PEER not in results.builders:
        return
    for case in results.cases:
        if found := results.against(case, aims.PEER, figure):
            yield found.median, case


def _met(good: bool) -> str:  # noqa: FBT001  it is what is told
    return "met" if good else "**not met**"


def _against_all(results: Results) -> str:
    """Every other builder of the run: what the first takes of its time, processor time, memory and bytes."""
    others = results.builders[1:]
    if not others:
        return ""
    head = ["row", ""]
    for name in others:
        head += [f"/ {_named(name)}", "cpu", "memory", "bytes"]
    rows = []
    for case in results.cases:
        cells = [between(results.against(case, name, figure)) for name in others for figure in _FIGURES]
        rows.append([*case, *cells])
    return _table(head, rows, left=2)


def _yardsticks(results: Results) -> str:
    head = ["row", "", *(f"/ `{_code(name)}`" for name in results.yardsticks)]
    rows = [
        [*case, *(between(results.against_yardstick(case, name)) for name in results.yardsticks)]
        for case in results.cases
    ]
    return _table(head, rows, left=2)


def _named(builder: str) -> str:
    return _NAMES.get(builder, builder)


def _code(name: str) -> str:
    """A pipe would end the cell."""
    return name.replace("|", "\\|")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int) -> str:
    """A Markdown table; a row's name stands in its first line only."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * left + "---:|" * (len(head) - left)]
    before = ""
    for row in rows:
        lines.append("| " + " | ".join(["" if row[0] == before else row[0], *row[1:]]) + " |")
        before = row[0]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path, metavar="FIGURES.json")
    parser.add_argument("--page", type=Path, default=PAGE, help="- prints; [docs/performance.md]")
    args = parser.parse_args()
    text = rendered(figures_of(args.figures))
    if str(args.page) == "-":
        print(text)
        return
    try:
        args.page.write_text(placed(args.page.read_text(), text))
    except (OSError, ValueError) as error:
        raise SystemExit(f"cannot write to {args.page}: {error}") from error


if __name__ == "__main__":
    main()
