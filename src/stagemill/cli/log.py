"""`stagemill log`: what a step of a build wrote, also one that was cached: then by the run that made it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.progress.out import writable
from stagemill.cli.progress.text import Lines, harmless
from stagemill.cli.reasons.choosing import chosen
from stagemill.cli.reasons.reading import History
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.insight.why.past import Past, PastStep
from stagemill.store.store import Store

_EXAMPLES = examples(
    {
        "stagemill log 12": "what the RUN at line 12 wrote, in the last build or whenever it ran",
        "stagemill log builder": "all RUNs of a stage, each under its name",
        "stagemill log --build 7 12": "the same of another build",
    }
)
_AT_ONCE = 1 << 16


@click.command("log", cls=Command, epilog=_EXAMPLES)
@click.argument("step", metavar="STAGE|LINE|DIGEST")
@click.option(
    "--build",
    "number",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of this build of stagemill builds; the last one unless given.",
)
def command(*, step: str, number: int | None) -> None:
    """Print what a step wrote: the output of the RUN at a line, or of all in a stage.

    Of a cached step it is the output of the run that made it. The latest run of a step is kept, until it is pruned.
    """  # fmt: skip
    with workplace() as place:
        history = History(place.store)
        build = history.past(history.row(number))
        found = chosen(step, build.graph)
        runs = [one for one in found if one.kind == "run"]
        if not runs:
            names = ", ".join(one.text.partition(" ")[0] for one in found)
            raise StagemillError(f"{step} has no output: it is {names}", hint="only RUN writes anything")
        _print(runs, build, place.store)


def _print(runs: Sequence[PastStep], build: Past, store: Store) -> None:
    logs = [(step, next(_logs(step, store), None)) for step in runs]
    if all(path is None for _, path in logs):
        raise StagemillError(_missing(runs[0], build), hint="--no-cache-filter STAGE, or --rerun LINE, runs it again")
    for step, path in logs:
        _note(step, path, build, alone=len(runs) == 1)
        if path:
            _show(path)


def _show(path: Path) -> None:
    """Byte for byte into a pipe or a file; on a terminal without colours, titles, and what else may write to it."""
    with path.open("rb") as file:
        if not sys.stdout.isatty():
            sys.stdout.flush()
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        lines = Lines()
        while data := file.read(_AT_ONCE):
            sys.stdout.writelines(f"{writable(harmless(line), sys.stdout)}\n" for line in lines.feed(data))
        sys.stdout.writelines(f"{writable(harmless(line), sys.stdout)}\n" for line in lines.end())
        sys.stdout.flush()


def _logs(step: PastStep, store: Store) -> Iterator[Path]:
    """The log of the step itself, else of one that led to the same result."""
    digest = Digest(step.digest)
    record = store.records.get(digest)
    same = store.records.keys_of(record.canonical) if record else []
    yield from (path for key in (digest, *same) if (path := store.log_path(key)).exists())


def _missing(step: PastStep, build: Past) -> str:
    outcome = build.outcomes.get(step.digest)
    if build.imports and outcome and outcome.state == "cached":
        return f"{step.text} was made elsewhere: {', '.join(build.imports)} had it, without its output"
    if outcome is None and not build.all_cached:
        return f"{step.text} did not run in build {build.number}"
    return f"the output of {step.text} is not kept any more"


def _note(step: PastStep, path: Path | None, build: Past, *, alone: bool) -> None:
    """Which step it is, and whether it is that very run; on standard error, so that a pipe gets the output alone."""
    outcome = build.outcomes.get(step.digest)
    ran = outcome is not None and outcome.state not in {"cached", "alike"}
    words = ["" if alone else step.name]
    if path is None:
        words.append(_missing(step, build))
    elif not ran:
        words.append("cached: this is the output of the run that made it")
    elif path.stat().st_mtime > build.begun + build.seconds + 1 and build.result != "running":
        words.append(f"it ran again since build {build.number}: this is the output of its last run")
    if text := ": ".join(filter(None, words)):
        sys.stderr.write(f"note: {harmless(text)}\n")
        sys.stderr.flush()
