#!/usr/bin/env python3
"""Times what comes before a build does anything: parsing and planning files of ever more stages.

Examples:
  bench/plan.py                              files of 25, 50, 100, 200 and 400 stages, five rounds
  bench/plan.py --stages 200 --rounds 20

A stage has ten lines, each an instruction. Seconds are of processor time in this process, for nothing is waited for; the
images are known and the context is two small files. Planning is linear where `ms/stage` stays what it is from line to line.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from report import between, columns
from spread import Spread
from stagemill.context.directory import DirectoryContext
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan, plan
from stagemill.plan.request import FileContext, Request
from stagemill.plan.resolver import Base

STAGES = "25,50,100,200,400"
LINES = 10
_FILES = ("package.json", "index.js")
_CHAIN = 4  # so many stages begin one from another before one begins from an image


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of processor time for one file."""

    parse: float
    plan: float


class Known:
    """A resolver for whom every image is there."""

    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        del context
        config = ImageConfig(platform or Platform.local(), RunConfig())
        return Base(reference, Digest.of(reference.encode()), config)


class Forgetful:
    """A stat cache that remembers nothing."""

    def get(self, key: tuple[int, ...]) -> Digest | None:
        del key
        return None

    def put(self, key: tuple[int, ...], digest: Digest) -> None: ...


def dockerfile(stages: int) -> str:
    """A file of so many stages: chains that begin from images, and each copies from stages above it."""
    return "".join(f"{line}\n" for index in range(stages) for line in _stage(index))


def _stage(index: int) -> Iterator[str]:
    base = f"stage{index - 1}" if index % _CHAIN else "node:22"
    yield f"FROM {base} AS stage{index}"
    yield f"ARG VERSION=1.{index}"
    yield f'ENV NAME="part {index}" MODE=production'
    yield f"WORKDIR /work/{index}"
    yield f"COPY {' '.join(_FILES)} ./"
    yield "RUN --mount=type=cache,target=/root/.npm npm ci --no-audit"
    yield "RUN npm run build -- --version=$VERSION"
    yield f"COPY --from=stage{max(index - 2, 0)} /work/out /in/" if index else "RUN mkdir /work/out"
    yield 'LABEL part="$NAME" version="${VERSION:-none}"'
    yield 'CMD ["node", "index.js"]'


def planned(text: str, context: Path) -> tuple[Plan, Timing]:
    """Everything that the file says, with what it took."""
    begin = time.process_time()
    tree = parse(text)
    middle = time.process_time()
    view = DirectoryContext(context, ignore=None, stats=Forgetful(), started_ns=time.time_ns())
    request = Request(platform=Platform.local(), context=FileContext(view), all_stages=True)
    found = plan(tree, request, Known())
    return found, Timing(middle - begin, time.process_time() - middle)


def curve(sizes: list[int], rounds: int) -> Iterator[list[str]]:
    """A line of the table for each size."""
    with tempfile.TemporaryDirectory() as name:
        for file in _FILES:
            Path(name, file).write_text("{}\n")
        for stages in sizes:
            text = dockerfile(stages)
            timings = []
            for _ in range(rounds):
                gc.collect()  # what the round before left is not this one's
                timings.append(planned(text, Path(name))[1])
            yield _row(stages, timings)


def _row(stages: int, timings: list[Timing]) -> list[str]:
    figures = [
        [timing.parse for timing in timings],
        [timing.plan for timing in timings],
        [timing.parse + timing.plan for timing in timings],
        [1000 * (timing.parse + timing.plan) / stages for timing in timings],
    ]
    shown = [between(Spread.of(values), digits=3) for values in figures]
    return ["plan", str(stages), str(stages * LINES), *shown]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", default=STAGES, help="sizes, with commas [%(default)s]")
    parser.add_argument("--rounds", type=int, default=5, help="[%(default)s]")
    args = parser.parse_args()
    head = ["row", "stages", "lines", "parse s", "plan s", "together s", "ms/stage"]
    print(columns([head, *curve([int(size) for size in args.stages.split(",")], args.rounds)], left=1))


if __name__ == "__main__":
    main()
