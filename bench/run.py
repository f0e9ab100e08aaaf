#!/usr/bin/env python3
"""Times stagemill, the other builders on PATH and the machine itself on the workloads beside this file.

Examples:
  bench/run.py                                      every row, every builder, three rounds
  bench/run.py --rows deep,node --rounds 1
  bench/run.py --builders stagemill --scenarios warm,edit --json figures.json
  bench/run.py --compare before.json after.json     two runs, by their ratios

`make bench BENCH='--rows deep'` is the same. README.md beside this file says what each row is and what is measured. Run it
as root: it mounts a file system of its own, and the builders are compared as they are fastest.
"""

from __future__ import annotations

import argparse
import compileall
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import builders
import registry
import workload
from builders import Builder
from compare import compare
from disk import own_filesystem
from report import report
from results import Note, Results, Timed, Yard
from rounds import Rounds
from workload import Workload

DEFAULT = ("stagemill", "buildkit", "buildah")


def arguments() -> argparse.Namespace:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(workload.ALL), help="[all: %(default)s]")
    parser.add_argument("--builders", default="", help="the first is what the others are compared with [those on PATH]")
    parser.add_argument("--scenarios", default=",".join(workload.SCENARIOS), help="[%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    parser.add_argument(
        "--patience", type=float, default=10, metavar="SECONDS", help="to wait for an idle machine, each time [10]"
    )
    parser.add_argument(
        "--own-fs", type=int, default=60, metavar="GB", help="size of the run's file system [60]; 0: none"
    )
    parser.add_argument("--workdir", type=Path, default=cache / "stagemill-bench", help="[%(default)s]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there, after each row")
    parser.add_argument(
        "--compare", nargs=2, type=Path, metavar=("A.json", "B.json"), help="compare two runs, and time nothing"
    )
    return parser.parse_args()


def chosen_rows(names: str) -> list[Workload]:
    if unknown := [name for name in names.split(",") if name not in workload.ALL]:
        raise SystemExit(f"there is no row {', '.join(unknown)}; known: {', '.join(workload.ALL)}")
    return [workload.ALL[name] for name in names.split(",")]


def chosen_scenarios(names: str) -> set[str]:
    found = set(names.split(","))
    if unknown := sorted(found.difference(workload.SCENARIOS)):
        raise SystemExit(f"there is no scenario {', '.join(unknown)}; known: {', '.join(workload.SCENARIOS)}")
    return found


def chosen_builders(names: str, known: dict[str, Builder]) -> list[Builder]:
    """The builders of these names; without names the usual ones, if they are on PATH."""
    if not names:
        return [known[name] for name in DEFAULT if known[name].is_here]
    for name in names.split(","):
        if name not in known or not known[name].is_here:
            raise SystemExit(f"there is no builder {name} here; known: {', '.join(known)}")
    return [known[name] for name in names.split(",")]


def run(args: argparse.Namespace) -> Iterator[Results]:
    """What is known after each row."""
    stagemill = str(Path(sys.executable).with_name("stagemill"))
    timed = chosen_builders(args.builders, builders.all_builders(stagemill))
    works, wanted = chosen_rows(args.rows), chosen_scenarios(args.scenarios)
    workdir: Path = args.workdir.resolve()
    workdir.mkdir(parents=True, exist_ok=True)
    compile_stagemill()
    found: list[Timed | Yard | Note] = []
    with ExitStack() as stack:
        address = stack.enter_context(registry.serving(workdir))
        bases = dict.fromkeys(base for work in works for base in work.bases)
        registry.fill(address, tuple(bases), stagemill=stagemill, workdir=workdir)
        folder = stack.enter_context(own_filesystem(workdir, gigabytes=args.own_fs))
        env = builders.environment(folder, address)
        daemon = None
        if any(builder.name == "buildkit" for builder in timed):
            daemon = stack.enter_context(builders.buildkitd(folder, address))
            env.update(daemon.env)
        rounds = Rounds(folder, env, daemon, args.patience, lambda digest: registry.has_blob(workdir, digest))
        for work in works:
            found += rounds.run(work, timed, rounds=args.rounds, wanted=wanted)
            yield Results.of((builder.name for builder in timed), found)


def compile_stagemill() -> None:
    """As pip leaves it: a work tree's modules would be compiled in the first builds, or in each of them."""
    command = [sys.executable, "-c", "import stagemill; print(stagemill.__path__[0])"]
    place = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    compileall.compile_dir(place, quiet=2)


def figures_of(path: Path) -> Results:
    try:
        return Results.from_json(path.read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f"cannot read {path}: {error}") from error


def main() -> None:
    args = arguments()
    if args.compare:
        print(compare(*map(figures_of, args.compare)))
        return
    if args.rounds < 1:
        raise SystemExit("--rounds must be 1 or more")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is mounted and what runs ends with this
    results = None
    try:
        for results in run(args):
            if args.json:
                args.json.write_text(results.to_json())
    except subprocess.CalledProcessError as error:
        said: Sequence[str] = [str(error), *([error.stderr] if isinstance(error.stderr, str) else [])]
        raise SystemExit("\n".join(said)) from error
    except KeyboardInterrupt:
        print("interrupted; the rows that are done:", file=sys.stderr)
    if results:
        print(report(results))


if __name__ == "__main__":
    main()
