"""`Rounds`: the builders take turns at a row, so that whatever else the machine does meets them alike."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yardsticks
from archive import layers_in, payload
from builders import Builder, Daemon
from measure import BuildError, measure
from results import Note, Timed, Yard
from workload import SCENARIOS, Context, Workload


@dataclass(slots=True)
class Rounds:
    """Builds in `folder`. `patience` is how many seconds a build waits for the machine to become idle.

    `is_base` tells the layers of base images, by digest, from those that a build made.
    """

    folder: Path
    env: Mapping[str, str]
    daemon: Daemon | None
    patience: float
    is_base: Callable[[str], bool]
    _broken: set[tuple[str, str]] = field(default_factory=set)

    def run(
        self, work: Workload, builders: Sequence[Builder], *, rounds: int, wanted: set[str]
    ) -> Iterator[Timed | Yard | Note]:
        """All figures of a row. Where the first builder fails the row is over: there is nothing to compare with."""
        context = Context(work, self.folder / "context")
        scenarios = [scenario for scenario in work.scenarios if scenario in wanted]
        for turn in range(rounds):
            shift = turn % len(builders) if turn else 0
            for builder in (*builders[shift:], *builders[:shift]):
                if not {(work.name, builder.name), (work.name, builders[0].name)} & self._broken:
                    yield from self._turn(context, builder, scenarios, turn)
            if (work.name, builders[0].name) not in self._broken:
                yield from self._yards(work, self._archive(builders[0]), turn)
        for builder in builders:
            self._reset(builder, context)
            self._archive(builder).unlink(missing_ok=True)
        shutil.rmtree(self.folder / "payload", ignore_errors=True)
        context.remove()

    def _turn(self, context: Context, builder: Builder, scenarios: Sequence[str], turn: int) -> Iterator[Timed | Note]:
        """All scenarios once. What comes after `cold` needs a build before it, timed or not."""
        work = context.workload.name
        self._reset(builder, context)
        try:
            for scenario in SCENARIOS:
                if scenario == "edit" and scenario in scenarios:
                    context.edit()
                if scenario in scenarios or scenario == "cold":
                    timed = self._build(builder, context, scenario, turn)
                    if scenario in scenarios:
                        yield timed
        except BuildError as error:
            self._broken.add((work, builder.name))
            _say(f"{work} {builder.name}: {error.reason}")
            yield Note(work, builder.name, error.reason)

    def _build(self, builder: Builder, context: Context, scenario: str, turn: int) -> Timed:
        out = self._archive(builder)
        out.unlink(missing_ok=True)
        temporary = self._state(builder) / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        work = context.workload.name
        sample = measure(
            _filled(builder.build, self._fields(builder, context)),
            env={**self.env, "TMPDIR": str(temporary)},
            log=self.folder / f"{builder.name}-{work}-{scenario}-{turn}.log",
            daemon=self.daemon.pid if self.daemon and builder.name == "buildkit" else None,
            patience=self.patience,
        )
        _say(f"{work} {scenario} {builder.name}: {sample.wall:.2f} s")
        return Timed(work, scenario, builder.name, turn, sample, out.stat().st_size, len(layers_in(out)))

    def _yards(self, work: Workload, archive: Path, turn: int) -> Iterator[Yard]:
        """The yardsticks over what the first builder's image holds."""
        folder, copy = self.folder / "payload", self.folder / "copy"
        if not turn:
            payload(archive, folder, is_base=self.is_base)
        size = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
        for yardstick in yardsticks.ALL:
            sample = measure(
                _filled(yardstick.command, {"payload": str(folder), "copy": str(copy), "python": sys.executable}),
                env=self.env,
                log=self.folder / "yardstick.log",
                daemon=None,
                patience=self.patience,
            )
            shutil.rmtree(copy, ignore_errors=True)
            yield Yard(work.name, yardstick.name, turn, sample.wall, sample.cpu, size)

    def _reset(self, builder: Builder, context: Context) -> None:
        command = _filled(builder.reset, self._fields(builder, context))
        subprocess.run(["/bin/sh", "-c", command], env=self.env, capture_output=True, check=True)

    def _fields(self, builder: Builder, context: Context) -> dict[str, str]:
        work = context.workload
        return {
            "dockerfile": str(work.dockerfile),
            "folder": str(work.folder),
            "context": str(context.folder),
            "tag": f"bench/{work.folder.name}:latest",
            "out": str(self._archive(builder)),
            "state": str(self._state(builder)),
            "compression": work.compression,
            "compression_key": "" if work.compression == "gzip" else f",compression={work.compression}",
        }

    def _archive(self, builder: Builder) -> Path:
        return self.folder / f"{builder.name}.tar"

    def _state(self, builder: Builder) -> Path:
        return self.folder / "state" / builder.name


def _filled(command: str, fields: Mapping[str, str]) -> str:
    return command.format_map({key: shlex.quote(value) for key, value in fields.items()})


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
