"""Splits every project of `projects.toml` for real, and writes the table of what was saved: `python tests/split/run.py [NAME…]`.

It needs the bases of scripts/bases in the store of STAGEMILL_ROOT. With `--page` the table goes into docs/split.md.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PROJECTS = tomllib.loads((HERE / "projects.toml").read_text())
PAGE = HERE.parents[1] / "docs" / "split.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


@dataclass(frozen=True)
class Row:
    """What came of one project."""

    name: str
    kind: str
    builder: str
    runtime: str
    before: int
    after: int
    status: int

    @property
    def saved(self) -> float:
        return 100 * (self.before - self.after) / self.before


def split(name: str, check: str) -> Row | str:
    """The row of a project, or why it was not split."""
    command = [sys.executable, "-m", "stagemill", "split", "--progress=quiet", "--json", "--check", check, "."]
    done = subprocess.run(command, cwd=HERE / "projects" / name, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr
    found = json.loads(done.stdout)
    kind = f"{found['kind']} ({found['tool']})" if found["tool"] else found["kind"]
    (ran,) = found["checks"]
    return Row(name, kind, found["builder"], found["runtime"], found["before"], found["after"], ran["status"])


def table(rows: list[Row]) -> str:
    lines = [
        "| project | kind | builds in | runs in | MB before | MB after | saved |",
        "|---|---|---|---|---:|---:|---:|",
    ]
    for row in rows:
        sizes = f"{row.before / 1e6:.1f} | {row.after / 1e6:.1f} | {row.saved:.1f} %"
        lines.append(f"| {row.name} | {row.kind} | {row.builder} | {row.runtime} | {sizes} |")
    median = statistics.median(row.saved for row in rows)
    return "\n".join([*lines, "", f"{len(rows)} projects, median saving {median:.1f} %."])


def main(words: list[str]) -> int:
    names = [word for word in words if not word.startswith("-")] or list(PROJECTS["built"])
    rows: list[Row] = []
    failed = 0
    for name in names:
        started = time.monotonic()
        found = split(name, PROJECTS["built"][name])
        took = time.monotonic() - started
        if isinstance(found, str):
            failed += 1
            print(f"{name}: FAILED in {took:.0f} s\n{found}", flush=True)
        else:
            rows.append(found)
            print(f"{name}: {found.builder} -> {found.runtime}, {found.saved:.1f} % in {took:.0f} s", flush=True)
    if rows:
        print(table(rows))
    if "--page" in words and not failed:
        text = PAGE.read_text()
        head, rest = text.split(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n{table(rows)}\n{END}{rest.split(END)[1]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
