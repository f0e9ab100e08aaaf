#!/usr/bin/env python3
"""Times stagemill and the other builders on PATH on the workloads beside this file; README.md says what is measured.

Examples:
  bench/run.py                                      every workload, every builder, three rounds
  bench/run.py --workloads deep,node --rounds 1
  bench/run.py --builders stagemill --scenarios warm,edit --json figures.json

`make bench BENCH='--workloads deep'` is the same. Run it as root: it mounts a file system of its own, and the
builders are compared as they are fastest.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import builders
import registry
import workload
from builders import Builder, Daemon
from disk import own_filesystem
from measure import BuildError, measure
from report import Note, Results, Timed, layers_in, machine
from workload import Context, Workload

DEFAULT = ("stagemill", "buildkit", "buildah")


@dataclass(slots=True)
class Bench:
    """Builds in `folder`. `patience` is how many seconds a build waits for the machine to become idle."""

    folder: Path
    env: dict[str, str]
    daemon: Daemon | None
    patience: float
    broken: set[tuple[str, str]] = field(default_factory=set)

    def run(
        self, work: Workload, builders: Sequence[Builder], *, rounds: int, wanted: set[str]
    ) -> Iterator[Timed | Note]:
        """The builders take turns, so that whatever else the machine does meets them alike."""
        fitting = able(work, builders)
        yield from (
            Note(work.name, builder.name, f"it has no {work.needs} yet")
            for builder in builders
            if builder not in fitting
        )
        if builders[0] not in fitting:
            return
        context = Context(work, self.folder / "context")
        scenarios = [scenario for scenario in work.scenarios if scenario in wanted]
        for turn in range(rounds):
            shift = turn % len(fitting)
            for builder in fitting[shift:] + fitting[:shift]:
                if (work.name, builder.name) not in self.broken:
                    yield from self._turn(context, builder, scenarios, turn)
        for builder in fitting:
            self._reset(builder, context)
        context.remove()

    def _turn(self, context: Context, builder: Builder, scenarios: Sequence[str], turn: int) -> Iterator[Timed | Note]:
        """All scenarios once. What comes after `cold` needs a build before it, timed or not."""
        work = context.workload.name
        self._reset(builder, context)
        try:
            for scenario in ("cold", "warm", "edit"):
                if scenario == "edit" and scenario in scenarios:
                    context.edit()
                if scenario in scenarios or scenario == "cold":
                    timed = self._build(builder, context, scenario, turn)
                    if scenario in scenarios:
                        yield timed
        except BuildError as error:
            self.broken.add((work, builder.name))
            yield Note(work, builder.name, str(error))

    def _build(self, builder: Builder, context: Context, scenario: str, turn: int) -> Timed:
        fields = self._fields(builder, context)
        out = fields["out"]
        out.unlink(missing_ok=True)
        temporary = fields["state"] / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        work = context.workload.name
        sample = measure(
            _filled(builder.build, fields),
            env={**self.env, "TMPDIR": str(temporary)},
            log=self.folder / f"{builder.name}-{work}-{scenario}-{turn}.log",
            daemon=self.daemon.pid if self.daemon and builder.name == "buildkit" else None,
            patience=self.patience,
        )
        timed = Timed(work, scenario, builder.name, turn, sample, out.stat().st_size, layers_in(out))
        print(f"{work} {scenario} {builder.name}: {sample.wall:.2f} s", file=sys.stderr)
        return timed

    def _reset(self, builder: Builder, context: Context) -> None:
        command = _filled(builder.reset, self._fields(builder, context))
        subprocess.run(["/bin/sh", "-c", command], env=self.env, capture_output=True, check=True)

    def _fields(self, builder: Builder, context: Context) -> dict[str, Path]:
        return {
            "dockerfile": context.workload.dockerfile,
            "folder": context.workload.dockerfile.parent,
            "context": context.folder,
            "tag": Path(f"bench/{context.workload.name}:latest"),
            "out": self.folder / f"{builder.name}.tar",
            "state": self.folder / "state" / builder.name,
        }


def able(work: Workload, builders: Sequence[Builder]) -> list[Builder]:
    """The builders that have what a workload needs."""
    return [builder for builder in builders if work.needs not in builder.lacks]


def _filled(command: str, fields: dict[str, Path]) -> str:
    return command.format_map({key: shlex.quote(str(value)) for key, value in fields.items()})


def arguments() -> argparse.Namespace:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default=",".join(workload.ALL), help="[all: %(default)s]")
    parser.add_argument("--builders", default="", help="the first is what the others are compared with [those on PATH]")
    parser.add_argument("--scenarios", default=",".join(workload.SCENARIOS), help="[%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    parser.add_argument("--patience", type=float, default=60, metavar="SECONDS", help="to wait for idleness [60]")
    parser.add_argument(
        "--own-fs", type=int, default=60, metavar="GB", help="size of the run's file system [60]; 0: none"
    )
    parser.add_argument("--workdir", type=Path, default=cache / "stagemill-bench", help="[%(default)s]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    return parser.parse_args()


def chosen(names: str, known: dict[str, Builder]) -> list[Builder]:
    """The builders of these names; without names the usual ones, if they are on PATH."""
    if not names:
        return [known[name] for name in DEFAULT if known[name].is_here]
    for name in names.split(","):
        if name not in known or not known[name].is_here:
            raise SystemExit(f"there is no builder {name} here; known: {', '.join(known)}")
    return [known[name] for name in names.split(",")]


def main() -> None:
    args = arguments()
    stagemill = str(Path(sys.executable).with_name("stagemill"))
    timed_builders = chosen(args.builders, builders.all_builders(stagemill))
    names = args.workloads.split(",")
    if unknown := [name for name in names if name not in workload.ALL]:
        raise SystemExit(f"there is no workload {', '.join(unknown)}; known: {', '.join(workload.ALL)}")
    works = [workload.ALL[name] for name in names]
    args.workdir.mkdir(parents=True, exist_ok=True)
    results: list[Timed | Note] = []
    with ExitStack() as stack:
        address = stack.enter_context(registry.serving(args.workdir))
        bases = dict.fromkeys(base for work in works if able(work, timed_builders[:1]) for base in work.bases)
        registry.fill(address, tuple(bases), stagemill=stagemill, workdir=args.workdir)
        folder = stack.enter_context(own_filesystem(args.workdir, gigabytes=args.own_fs))
        env = builders.environment(folder, address)
        daemon = None
        if any(builder.name == "buildkit" for builder in timed_builders):
            daemon = stack.enter_context(builders.buildkitd(folder, address))
            env.update(daemon.env)
        bench = Bench(folder, env, daemon, args.patience)
        for work in works:
            results += bench.run(work, timed_builders, rounds=args.rounds, wanted=set(args.scenarios.split(",")))
    found = Results(
        tuple(builder.name for builder in timed_builders),
        tuple(item for item in results if isinstance(item, Timed)),
        tuple(item for item in results if isinstance(item, Note)),
    )
    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    print(found.table())
    if args.json:
        args.json.write_text(found.to_json())


if __name__ == "__main__":
    main()
