#!/usr/bin/env python3
"""Times what it costs that builds can be explained: each build with what is written down for that, and without.

Examples:
  bench/explain.py                             hello, node and deep, five rounds; as root
  bench/explain.py --rows deep --rounds 15

`off` writes nothing down, which no flag of stagemill does: that part of it is taken out here. `kept` is a build as it is, and
`told` one with --explain. They run in turn, each on a store of its own, and the figures are ratios of processor seconds to `off` in the
same round. cold: nothing is in the cache; edit: a file changed; cached: all is, and the command is another; warm: it is the same.
The bases are this machine's static busybox under other names, and node is a script, so that no registry is needed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from report import between, columns
from spread import Spread
from workload import ALL, Context

ROWS = "hello,node,deep"
WAYS = ("off", "kept", "told")
SCENARIOS = ("cold", "edit", "cached", "warm")
_PROGRAM = Path(__file__).with_name("explaining.py")
_BUSYBOX = ("/bin/busybox", "/usr/bin/busybox")
_BASES = ("busybox", "alpine", "node:22", "node:22-slim")
_NODE = """\
#!/bin/sh
case $1 in
*install.js)
  i=0
  while [ $i -lt $3 ]; do
    [ $((i % 50)) = 0 ] && d=$2/p$((i / 50)) && mkdir -p $d
    echo "module $i" > $d/$i.js
    i=$((i + 1))
  done;;
*) mkdir -p $3 && cat $2/* > $3/index.js;;
esac
"""
_BASE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY --chmod=755 node /bin/node
"""


class Bench:
    """A row, built each way on a store of its own."""

    def __init__(self, row: str, folder: Path) -> None:
        self._folder = folder
        self._workload = ALL[row]
        self._context = Context(self._workload, folder / "context")
        self._bases = folder / "bases"
        self._prepare()

    def _prepare(self) -> None:
        program = next((path for path in _BUSYBOX if os.path.exists(path)), None)
        if program is None:
            raise SystemExit("there is no /bin/busybox: install busybox-static")
        base = self._folder / "base"
        base.mkdir()
        shutil.copy(program, base / "busybox")
        (base / "node").write_text(_NODE)
        (base / "Dockerfile").write_text(_BASE)
        names = [word for name in _BASES for word in ("-t", name)]
        self._seconds("kept", "cold", "build", "--progress=quiet", *names, str(base), store=self._bases)

    def round(self, number: int) -> dict[tuple[str, str], float]:
        """Processor seconds by scenario and way."""
        ways = [WAYS[(number + place) % len(WAYS)] for place in range(len(WAYS))]
        for way in ways:
            shutil.rmtree(self._folder / way, ignore_errors=True)
            subprocess.run(["cp", "-a", str(self._bases), str(self._folder / way)], check=True)
        found: dict[tuple[str, str], float] = {}
        for scenario in SCENARIOS:
            if scenario == "edit":
                self._context.edit()
            for way in ways:
                if scenario == "warm":  # files that changed a moment ago leave no receipt
                    self._build(way, "again")
                found[scenario, way] = self._build(way, scenario)
        return found

    def _build(self, way: str, scenario: str) -> float:
        label = ("--label", "asked=otherwise") if scenario == "cached" else ()
        explain = ("--explain",) if way == "told" and scenario not in {"again", "warm"} else ()
        file = ("-f", str(self._workload.dockerfile), str(self._context.folder))
        return self._seconds(
            way, scenario, "build", "-t", "row", "--progress=plain", *label, *explain, *file, store=self._folder / way
        )

    def _seconds(self, way: str, scenario: str, *arguments: str, store: Path) -> float:
        environment = {**os.environ, "STAGEMILL_ROOT": str(store)}
        log = self._folder / "log"
        with log.open("wb") as file:
            command = [sys.executable, str(_PROGRAM), way, scenario, *arguments]
            process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(log.read_text(errors="replace"))
        return usage.ru_utime + usage.ru_stime


def table(row: str, rounds: list[dict[tuple[str, str], float]]) -> Iterator[list[str]]:
    """A line for each scenario: seconds without, and the ratios of the others to them round by round."""
    for scenario in SCENARIOS:
        ratios = [Spread.of(one[scenario, way] / one[scenario, "off"] for one in rounds) for way in WAYS[1:]]
        seconds = statistics.median(one[scenario, "off"] for one in rounds)
        yield [row, scenario, f"{seconds:.3f}", *(between(ratio, digits=3) for ratio in ratios)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=ROWS, help="with commas [%(default)s]")
    parser.add_argument("--rounds", type=int, default=5, help="[%(default)s]")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--workdir", type=Path, default=cache / "stagemill-bench", help="[%(default)s]")
    given = parser.parse_args()
    given.workdir.mkdir(parents=True, exist_ok=True)
    lines = [["row", "", "off cpu s", "kept/off", "told/off"]]
    for row in given.rows.split(","):
        with tempfile.TemporaryDirectory(dir=given.workdir, prefix="explain-") as folder:
            bench = Bench(row, Path(folder))
            lines += table(row, [bench.round(number) for number in range(given.rounds)])
    print(columns(lines, left=2))


if __name__ == "__main__":
    main()
