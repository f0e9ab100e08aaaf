#!/usr/bin/env python3
"""Measures how stagemill's builds grow: six curves, each of one thing that becomes larger while all else stays what it is.

Examples:
  bench/growth.py                                   every curve at every size, into docs/growth: figures and pictures
  bench/growth.py --quick --into /tmp/growth        smaller sizes, in a minute or two
  bench/growth.py --curves files,megabytes --most files=100000,megabytes=1000
  bench/growth.py --draw docs/growth/growth.json    the pictures again, from figures that are there

`make growth GROWTH='--quick'` is the same. Seconds are on the clock and of processor time (user and system, of all processes),
memory is the largest sum of resident pages over all processes of a build. A run of everything takes about a quarter of an hour on
two idle cores and, at its largest, 25 GB of disk below `--workdir`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import curves
import drawing
from curves import Curve
from figures import Growth, Point
from measure import BuildError, measure
from run import compile_stagemill

REPOSITORY = Path(__file__).parent.parent


def arguments() -> argparse.Namespace:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curves", default=",".join(curves.ALL), help="[all: %(default)s]")
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    parser.add_argument("--most", default="", metavar="CURVE=SIZE,…", help="leave out larger sizes of a curve")
    parser.add_argument(
        "--patience", type=float, default=2, metavar="SECONDS", help="to wait for an idle machine, each time [2]"
    )
    parser.add_argument("--workdir", type=Path, default=cache / "stagemill-bench/growth", help="[%(default)s]")
    parser.add_argument(
        "--into", type=Path, default=REPOSITORY / "docs/growth", help="for growth.json and pictures [docs/growth]"
    )
    parser.add_argument("--draw", type=Path, metavar="FILE", help="draw figures that are there, and measure nothing")
    return parser.parse_args()


def chosen(names: str) -> list[Curve]:
    if unknown := [name for name in names.split(",") if name not in curves.ALL]:
        raise SystemExit(f"there is no curve {', '.join(unknown)}; known: {', '.join(curves.ALL)}")
    return [curves.ALL[name] for name in names.split(",")]


def limits(text: str) -> dict[str, int]:
    """The largest size of some curves. Ends the program where it is not said as `--most` takes it."""
    found: dict[str, int] = {}
    for part in text.split(",") if text else ():
        name, _, size = part.partition("=")
        if name not in curves.ALL or not size.isdigit():
            raise SystemExit(f"--most takes CURVE=SIZE, not {part!r}; the curves are {', '.join(curves.ALL)}")
        found[name] = int(size)
    return found


def run(curve: Curve, sizes: Sequence[int], *, workdir: Path, patience: float) -> Iterator[Point]:
    """The points of a curve; a size at which a build fails is its last."""
    stagemill = f"{shlex.quote(sys.executable)} -m stagemill"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for size in sizes:
        folder = workdir / f"{curve.name}-{size}"
        shutil.rmtree(folder, ignore_errors=True)
        context, store = folder / "context", folder / "store"
        context.mkdir(parents=True)
        curve.make(context, store, size)
        fields = {"store": store, "context": context, "out": folder / "out.tar", "stagemill": stagemill, "size": size}
        try:
            for scenario, command in curve.scenarios.items():
                log = folder / "log"
                sample = measure(command.format_map(fields), env=env, log=log, daemon=None, patience=patience)
                point = Point(curve.name, size, scenario, sample.wall, sample.cpu, sample.rss)
                say(
                    f"{curve.name} {size} {scenario}: {point.wall:.2f} s, cpu {point.cpu:.2f} s, {point.rss / 1e6:.0f} MB"
                )
                yield point
        except BuildError as error:
            say(f"{curve.name} {size}: {error.reason}")
            return
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def measured(args: argparse.Namespace) -> Iterator[Growth]:
    """What is known after each curve."""
    points: list[Point] = []
    args.workdir.mkdir(parents=True, exist_ok=True)
    compile_stagemill()
    most = limits(args.most)
    for curve in chosen(args.curves):
        known = curve.quick if args.quick else curve.sizes
        sizes = [size for size in known if size <= most.get(curve.name, size)]
        points += run(curve, sizes, workdir=args.workdir.resolve(), patience=args.patience)
        yield Growth.of(points)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    args = arguments()
    growth = None
    if args.draw:
        growth = Growth.from_json(args.draw.read_text())
    else:
        try:
            args.into.mkdir(parents=True, exist_ok=True)
            for growth in measured(args):
                (args.into / "growth.json").write_text(growth.to_json())
        except KeyboardInterrupt:
            say("interrupted; the curves that are done:")
    if growth:
        print(growth.table())
        try:
            drawing.draw(growth, args.into)
        except ModuleNotFoundError as error:
            say(f"no pictures: {error}; scripts/install-tools bench installs it")


if __name__ == "__main__":
    main()
