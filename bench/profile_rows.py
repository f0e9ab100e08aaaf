"""The command line of `bench/profile`: builds a row as `bench/run.py` does, with a trace."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import builders
import registry
from profiling import Profile, slowest_imports, spans_of
from run import chosen_rows, chosen_scenarios, compile_stagemill
from stagemill.cli.frame.timings import MEANINGS
from workload import SCENARIOS, Context, Workload


@dataclass(frozen=True, slots=True)
class Profiling:
    """Builds in `folder`, with the environment of the benchmark."""

    folder: Path
    env: Mapping[str, str]

    def run(self, work: Workload, wanted: set[str], *, imports: int) -> Iterator[str]:
        """The text of each scenario that is wanted. What comes after `cold` needs a build before it."""
        context = Context(work, self.folder / "context")
        for scenario in work.scenarios:
            if scenario == "edit" and scenario in wanted:
                context.edit()
            if scenario not in wanted:
                if scenario == "cold":
                    self._build(context)
                continue
            yield f"{work.name} {scenario}"
            yield self._profile(context)
            if scenario == "warm":
                yield f"without a trace: {self._build(context):.3f} s"
            if imports:
                self._build(context, python=("-X", "importtime"))
                yield slowest_imports(self._log.read_text(errors="replace"), imports)

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _profile(self, context: Context) -> str:
        trace = self.folder / "trace.json"
        seconds = self._build(context, flags=("--trace", str(trace)))
        return Profile.of(spans_of(trace.read_text()), seconds).table(MEANINGS)

    def _build(self, context: Context, *, flags: tuple[str, ...] = (), python: tuple[str, ...] = ()) -> float:
        """Seconds of one build. Ends the program where it fails."""
        work = context.workload
        how = "" if work.compression == "gzip" else f",compression={work.compression}"
        command = [
            sys.executable,
            *python,
            str(Path(sys.executable).with_name("stagemill")),
            "build",
            "--progress",
            "plain",
            *flags,
        ]
        command += [
            "-f",
            str(work.dockerfile),
            "-t",
            "bench/profile",
            "-o",
            f"type=oci,dest={self.folder / 'out.tar'}{how}",
        ]
        with self._log.open("wb") as log:
            begin = time.perf_counter()
            done = subprocess.run([*command, str(context.folder)], env=self.env, stdout=log, stderr=log, check=False)
            seconds = time.perf_counter() - begin
        if done.returncode:
            raise SystemExit(f"{shlex.join(command)}\n{self._log.read_text(errors='replace')[-3000:]}")
        return seconds


def main(text: str | None) -> None:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", metavar="ROW[,ROW…]")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="[%(default)s]")
    parser.add_argument(
        "--imports",
        type=int,
        default=0,
        metavar="N",
        help="also the N modules that take longest to load, when the same is built once more",
    )
    parser.add_argument("--workdir", type=Path, default=cache / "stagemill-bench", help="[%(default)s]")
    args = parser.parse_args()
    works, wanted = chosen_rows(args.rows), chosen_scenarios(args.scenarios)
    workdir: Path = args.workdir.resolve()
    workdir.mkdir(parents=True, exist_ok=True)
    compile_stagemill()
    with ExitStack() as stack:
        address = stack.enter_context(registry.serving(workdir))
        bases = dict.fromkeys(base for work in works for base in work.bases)
        stagemill = str(Path(sys.executable).with_name("stagemill"))
        registry.fill(address, tuple(bases), stagemill=stagemill, workdir=workdir)
        for work in works:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=workdir, prefix="profile-")))
            env = {**builders.environment(folder, address), "STAGEMILL_ROOT": str(folder / "store")}
            for part in Profiling(folder, env).run(work, wanted, imports=args.imports):
                print(part, end="\n\n", flush=True)
