#!/usr/bin/env python3
"""Times what one RUN costs beside its process: chains of ever more of them, each of which does nothing.

Examples:
  bench/steps.py                          chains of 20, 100 and 400 steps, three rounds; as root
  bench/steps.py --steps 127,900 --rounds 1
  bench/steps.py --writing                each step writes a file, and none has the layer of another

`ms/step` is the time of a chain less that of one step, for each of its other steps: a sandbox that is made and taken away, the
search for what the process changed, a layer, and a record in the cache. `cpu ms/step` is what the machine's processors did
meanwhile, in whatever process. Steps cost the same at any depth where the lines of the table are alike. Layers that hold the same
are mounted once, so that a chain of steps that do nothing is never deep: `--writing` shows what a deep one costs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Sample, measure
from report import between, columns
from spread import Spread

STEPS = "20,100,400"
_BUSYBOX = ("/bin/busybox", "/usr/bin/busybox")


def dockerfile(steps: int, *, writing: bool = False) -> str:
    """A tree of one program, and so many steps on it that have nothing to do, or hardly anything."""
    program = "touch" if writing else "true"
    lines = ["FROM scratch", "COPY busybox /busybox", *(f'RUN ["/busybox", "{program}", "/{n}"]' for n in range(steps))]
    return "".join(f"{line}\n" for line in lines)


def static_busybox() -> str:
    """This machine's. Ends the program where there is none."""
    program = next((path for path in _BUSYBOX if os.path.exists(path)), None)
    if program is None:
        raise SystemExit("there is no /bin/busybox: install busybox-static")
    return program


class Chain:
    """A context with a static busybox, and a store beside it. `stagemill` is the command."""

    def __init__(self, folder: Path, *, stagemill: str, patience: float, writing: bool) -> None:
        self._folder = folder
        self._writing = writing
        self._stagemill = stagemill
        self._patience = patience
        program = static_busybox()
        (folder / "context").mkdir()
        shutil.copy(program, folder / "context" / "busybox")

    def build(self, steps: int) -> Sample:
        """What that many steps take, when none of them is in the cache."""
        file = self._folder / f"Dockerfile.{steps}"
        file.write_text(dockerfile(steps, writing=self._writing))
        env = {**os.environ, "STAGEMILL_ROOT": str(self._folder / "store")}
        command = f"{self._stagemill} build --no-cache --progress plain -f {file} {self._folder / 'context'}"
        return measure(command, env=env, log=self._folder / "log", daemon=None, patience=self._patience)


def table(chain: Chain, sizes: list[int], rounds: int) -> Iterator[list[str]]:
    """A line for each length of a chain."""
    chain.build(1)  # whatever is done for the first time only
    found: dict[int, list[tuple[Sample, Sample]]] = {size: [] for size in sizes}
    for _ in range(rounds):
        one = chain.build(1)
        for size in sizes:
            found[size].append((one, chain.build(size)))
    for size in sizes:
        walls = [1000 * (many.wall - one.wall) / (size - 1) for one, many in found[size]]
        cpus = [1000 * (many.machine - one.machine) / (size - 1) for one, many in found[size]]
        shown = [between(Spread.of(values), digits=1) for values in (walls, cpus)]
        yield ["steps", str(size), between(Spread.of(many.wall for _, many in found[size])), *shown]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", default=STEPS, help="lengths, with commas [%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    parser.add_argument("--patience", type=float, default=10, help="seconds to wait for an idle machine [%(default)s]")
    parser.add_argument("--writing", action="store_true", help="each step writes a file of its own")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--workdir", type=Path, default=cache / "stagemill-bench", help="[%(default)s]")
    args = parser.parse_args()
    sizes = [int(size) for size in args.steps.split(",")]
    if min(sizes) < 2:
        raise SystemExit("--steps must be 2 or more: one step is what the others are compared with")
    stagemill = str(Path(sys.executable).with_name("stagemill"))
    args.workdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.workdir) as name:
        chain = Chain(Path(name), stagemill=stagemill, patience=args.patience, writing=args.writing)
        head = ["row", "steps", "wall s", "ms/step", "cpu ms/step"]
        print(columns([head, *table(chain, sizes, args.rounds)], left=1))


if __name__ == "__main__":
    main()
