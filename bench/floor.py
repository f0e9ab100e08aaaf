#!/usr/bin/env python3
"""Times the commands of the row `parallel` with no builder around them, all at once: no builder takes less for the row.

Examples:
  bench/floor.py                    five rounds; as root
  bench/floor.py --rounds 1

Each command runs by chroot in a root of its own. `cpu s / cores` is what the processors would need if they were never idle.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import workload
from measure import Sample, measure
from report import between, columns
from spread import Spread
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Run
from steps import static_busybox

ROW = "parallel"


def commands(dockerfile: str) -> list[str]:
    """The command of each RUN, in their order."""
    return [
        each.command.text
        for _, instructions in parse(dockerfile).stages()
        for each in instructions
        if isinstance(each, Run)
    ]


class Floor:
    """A folder in which each command gets a root of its own: the busybox of this machine, which is the row's base too."""

    def __init__(self, folder: Path, *, busybox: str) -> None:
        self._folder = folder
        self._busybox = busybox

    def run(self, lines: Sequence[str], *, patience: float) -> Sample:
        """What all of them take together. Raises BuildError where one fails."""
        roots = [self._root(number) for number in range(len(lines))]
        parts = [
            f'chroot {shlex.quote(str(root))} /bin/sh -c {shlex.quote(line)} & all="$all $!";'
            for root, line in zip(roots, lines, strict=True)
        ]
        text = "\n".join([*parts, "for one in $all; do wait $one; done"])
        try:
            return measure(text, env=os.environ, log=self._folder / "log", daemon=None, patience=patience)
        finally:
            for root in roots:
                shutil.rmtree(root)

    def _root(self, number: int) -> Path:
        root = self._folder / f"root-{number}"
        (root / "bin").mkdir(parents=True)
        (root / "dev").mkdir()
        shutil.copy(self._busybox, root / "bin/busybox")
        subprocess.run([root / "bin/busybox", "--install", "-s", root / "bin"], check=True)
        for link in (root / "bin").iterdir():
            if link.is_symlink():
                link.unlink()
                link.symlink_to("busybox")
        os.mknod(root / "dev/zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        return root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="[%(default)s]")
    parser.add_argument("--patience", type=float, default=10, help="seconds to wait for an idle machine [%(default)s]")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--workdir", type=Path, default=cache / "stagemill-bench", help="[%(default)s]")
    args = parser.parse_args()
    args.workdir.mkdir(parents=True, exist_ok=True)
    lines = commands(workload.ALL[ROW].dockerfile.read_text())
    with tempfile.TemporaryDirectory(dir=args.workdir) as folder:
        floor = Floor(Path(folder), busybox=static_busybox())
        found = [floor.run(lines, patience=args.patience) for _ in range(args.rounds)]
    cores = len(os.sched_getaffinity(0))
    figures = [Spread.of(sample.wall for sample in found), Spread.of(sample.cpu / cores for sample in found)]
    print(columns([["row", "wall s", "cpu s / cores"], [ROW, *map(between, figures)]], left=1))


if __name__ == "__main__":
    main()
