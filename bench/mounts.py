#!/usr/bin/env python3
"""What cache mounts that travel are worth: npm ci and go build after an edit, on a machine whose store is empty but for the base.

Examples:
  bench/mounts.py                     both, three rounds
  bench/mounts.py --rows go --rounds 1

Each round is, with type=local: a build that exports its cache, with mounts=all and without; an edit; then the same build on
machines that begin with nothing but the base and one of the two caches, and on the first machine itself. npm needs the registry
that this machine's npm is set to; its requests are counted, since how long one takes says more about the network than about
caches. In npm-bare package-lock.json does not say where packages are (omit-lockfile-registry-resolved), so that npm asks.
The bases are those of `make bench` (golang:1.23, node:22-slim), and are made if there are none.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import workload

SOURCE = Path(__file__).parent.parent
NPM = """\
FROM node:22-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --loglevel=http --no-audit --no-fund
"""
LOCK = """\
FROM node:22-slim AS made
WORKDIR /app
COPY package.json ./
RUN npm install --package-lock-only --no-audit --no-fund --omit-lockfile-registry-resolved={omit}
FROM scratch
COPY --from=made /app/package-lock.json /
"""
PACKAGES = {"express": "4.21.2", "webpack": "5.97.1", "jest": "29.7.0", "eslint": "8.57.1", "typescript": "5.7.2"}


@dataclass(frozen=True, slots=True)
class Row:
    """`step` is the beginning of the RUN that is timed; `make` makes a context in a folder, and gives what edits it."""

    base: str
    step: str
    make: Callable[[Path, Machine], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Machine:
    """A store of its own."""

    store: Path

    def __call__(self, *arguments: str, folder: Path) -> str:
        """Runs stagemill; what it says on standard error."""
        environment = {**os.environ, "STAGEMILL_ROOT": str(self.store), "PYTHONPATH": str(SOURCE / "src")}
        done = subprocess.run(
            [sys.executable, "-m", "stagemill", *arguments],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"stagemill {' '.join(arguments)}: {done.stderr}")
        return done.stderr


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one build: all of it, the RUN, the requests that npm made, and what came of the cache (MB)."""

    wall: float
    step: float
    requests: int
    received: str


def make_npm(folder: Path, machine: Machine, *, resolved: bool = True) -> Callable[[], None]:
    folder.mkdir(parents=True)
    folder.joinpath("package.json").write_text(json.dumps(_package("first")))
    folder.joinpath("Lockfile").write_text(LOCK.format(omit=str(not resolved).lower()))
    machine("build", "--network=host", "-f", "Lockfile", "-o", ".", ".", folder=folder)
    folder.joinpath("Dockerfile").write_text(NPM)
    return lambda: _write(folder / "package.json", json.dumps(_package("second")))


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _package(description: str) -> Mapping[str, object]:
    return {"name": "app", "version": "1.0.0", "private": True, "description": description, "dependencies": PACKAGES}


def make_go(folder: Path, _machine: Machine) -> Callable[[], None]:
    row = workload.ALL["go"]
    context = workload.Context(row, folder)
    shutil.copy(row.dockerfile, folder)
    return context.edit


ROWS = {
    "npm": Row("node:22-slim", "RUN --mount=type=cache,target=/root/.npm", make_npm),
    "npm-bare": Row(
        "node:22-slim", "RUN --mount=type=cache,target=/root/.npm", functools.partial(make_npm, resolved=False)
    ),
    "go": Row("golang:1.23", "RUN --mount=type=cache,target=/root/.cache/go-build", make_go),
}


def build(machine: Machine, folder: Path, row: Row, *flags: str) -> Figures:
    began = time.monotonic()
    said = machine("build", "--network=host", "--progress=plain", *flags, ".", folder=folder)
    wall = time.monotonic() - began
    (number,) = {found[1] for found in re.finditer(rf"^#(\d+) \[.*\] {re.escape(row.step)}", said, re.MULTILINE)}
    step = re.search(rf"^#{number} DONE ([0-9.]+)s", said, re.MULTILINE)
    received = re.search(r"([0-9.]+[kMG]?B) received", said)
    return Figures(
        wall, float(step[1]) if step else 0.0, said.count("npm http fetch GET 200"), received[1] if received else ""
    )


def measure(name: str, work: Path, base: Path, number: int) -> dict[str, Figures]:
    row, place = ROWS[name], work / f"{name}-{number}"

    def machine(called: str) -> Machine:
        made = Machine(place / called)
        made("load", "-i", str(base), folder=place)
        return made

    folder = place / "context"
    place.mkdir()
    first = machine("first")
    edit = row.make(folder, first)
    found = {
        "first build": build(
            first, folder, row,
            "--cache-to", f"type=local,dest={place}/with,mounts=all", "--cache-to", f"type=local,dest={place}/without",
        )
    }  # fmt: skip
    edit()
    for called in ("without", "with"):
        source = f"type=local,src={place}/{called}"
        found[f"{called} mounts"] = build(machine(called), folder, row, "--cache-from", source)
    found["the same machine"] = build(first, folder, row)
    shutil.rmtree(place)
    return found


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):6.1f} ({min(values):.1f}-{max(values):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="npm,npm-bare,go", help="[%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--workdir", type=Path, default=cache / "stagemill-bench", help="[%(default)s]")
    given = parser.parse_args()
    work = given.workdir / "mounts"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    bases = Machine(given.workdir / "bases")
    for name in given.rows.split(","):
        base = work / f"{name}.tar"
        environment = {**os.environ, "STAGEMILL_ROOT": str(bases.store)}
        subprocess.run([str(SOURCE / "scripts/bases"), ROWS[name].base], env=environment, check=True)
        bases("save", "-o", str(base), ROWS[name].base, folder=work)
        rounds = [measure(name, work, base, number) for number in range(given.rounds)]
        print(f"{name:<18}{'build s':>20}{'RUN s':>20}{'requests':>10}{'received':>10}")
        for called in rounds[0]:
            all_of = [one[called] for one in rounds]
            walls, steps = spread([one.wall for one in all_of]), spread([one.step for one in all_of])
            requests = int(statistics.median(one.requests for one in all_of))
            print(f"{called:<18}{walls:>20}{steps:>20}{requests:>10}{all_of[-1].received:>10}")


if __name__ == "__main__":
    main()
