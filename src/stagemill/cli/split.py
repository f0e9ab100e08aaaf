"""`stagemill split`: a Dockerfile of one stage made into one of two, and proven to be the same where it counts."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from stagemill.build import Built, build
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options
from stagemill.cli.journal.beside import noted
from stagemill.cli.making.building import BuildFlags, Job, prepared, reading
from stagemill.cli.making.source import Inputs
from stagemill.cli.making.warnings import Checks
from stagemill.cli.progress import open_progress
from stagemill.cli.progress.out import writable
from stagemill.cli.splitting import keeping, report
from stagemill.dockerfile import durations
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import UsageError
from stagemill.execute.services import Services
from stagemill.split.facts import Facts
from stagemill.split.splitting import Split, Splitter, foreseen

_EXAMPLES = examples(
    {
        "stagemill split --dry-run": "show the two stages; nothing is built or written",
        "stagemill split .": "build both, compare them, and show the change",
        'stagemill split --check "node a.js -v" .': "and run a command in both",
        "stagemill split --check 'app -v' --write .": "keep the result if all is well",
        "stagemill split -o Dockerfile.split .": "keep it beside the original",
    }
)


@add_build_options
@click.command("split", cls=Command, epilog=_EXAMPLES)
@click.option(
    "--dry-run", is_flag=True, help="Build nothing: show what text and files tell, and what a build has to show."
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="COMMAND",
    help="Run this in both images, without a shell; exit status, output and the files that it writes must be the same.",
)
@click.option(
    "--check-timeout",
    metavar="DURATION",
    default="60s",
    help="How long a --check may take in each image. [60s]",
)
@click.option("--write", is_flag=True, help="Put the result in the place of the Dockerfile.")
@click.option("-o", "--output", metavar="FILE", help="Put the result into this file, which must not be there yet.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(**given: object) -> int:
    """Split a Dockerfile of one stage into two: one that builds, and one with only what runs.

    It knows projects of Node, Python, Go, Rust, Java, C and C++, and static sites, and tells by the build's own evidence what
    else the image needs: which step wrote which file, which libraries and interpreters programs name, which package brought them.
    Both files are built, what the runtime has is compared with what the image had, and what stays behind is listed with reasons.
    Where that would be a guess, it says why and changes nothing.
    """
    values = Values(given)
    flags = BuildFlags.of(values, os.environ)
    dry = values.flag("dry_run")
    _check(values, flags)
    seconds = _seconds(values.text("check_timeout") or "60s")
    with (
        workplace() as place,
        open_progress("quiet" if dry else flags.progress, sys.stderr) as listener,
        reading(flags, place=place, listener=listener) as inputs,
    ):
        if dry:
            found = foreseen(_facts(inputs, flags))
        else:
            before = Checks(inputs, flags.build_args)
            with prepared(flags, inputs, place=place, listener=listener, checks=before) as job:
                commands = [tuple(shlex.split(text)) for text in values.texts("checks")]
                found = _proven(job, inputs, flags, before=before, checks=commands, seconds=seconds)
    kept = keeping.keep(found.text, flags, write=values.flag("write"), output=values.text("output"))
    shown = report.document(found) if values.flag("as_json") else report.text(found, kept)
    print(writable(shown, sys.stdout))
    return 0


command.params[0].required = False


def _check(values: Values, flags: BuildFlags) -> None:
    """Raises UsageError before anything is built."""
    if flags.platforms.every or len(flags.platforms.all) > 1:
        raise UsageError("only one platform can be looked at", hint="write --platform OS/ARCH, or leave it out")
    if values.flag("write") and values.text("output"):
        raise UsageError("--write and -o both say where the result goes", hint="leave one of them out")
    if values.flag("dry_run") and values.texts("checks"):
        raise UsageError("--check runs a command, and --dry-run runs nothing", hint="leave one of them out")
    for text in values.texts("checks"):
        if not _words(text):
            raise UsageError(
                f"--check {text!r} is no command", hint="quote it as a shell would: --check 'node app.js --version'"
            )
    keeping.check(flags, write=values.flag("write"), output=values.text("output"))


def _seconds(text: str) -> float:
    try:
        seconds = durations.parse(text) / 1e9
    except ValueError:
        seconds = 0
    if seconds <= 0:
        raise UsageError(f"--check-timeout {text!r} is no time to wait", hint="write one such as 30s or 5m")
    return seconds


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _facts(inputs: Inputs, flags: BuildFlags, built: Built | None = None) -> Facts:
    stage = built.plan.target if built else None
    context = inputs.context.view if inputs.context else None
    base = stage.base.config if stage and stage.base else None
    return Facts.of(inputs.dockerfile, context=context, build_args=flags.build_args, base=base)


def _proven(
    job: Job, inputs: Inputs, flags: BuildFlags, *, before: Checks, checks: Sequence[tuple[str, ...]], seconds: float
) -> Split:
    # What cannot be split is refused before it is built.
    _facts(inputs, flags)
    first = [(before, job.options)]
    request = replace(job.requests[0], target="")

    def make(dockerfile: Dockerfile) -> Built:
        after = Checks(replace(inputs, dockerfile=dockerfile), flags.build_args)
        seen, options = first.pop() if first else (after, replace(job.options, approve=after.see))

        def carry_out(services: Services) -> Built:
            return build(dockerfile, request, job.resolver, services=services, options=options)

        return noted(carry_out, job.services, given=flags, inputs=seen.inputs, checks=seen)

    def say(text: str) -> None:
        sys.stderr.write(f"split: {text}\n")
        sys.stderr.flush()

    splitter = Splitter(make, f"{Path(inputs.dockerfile.source.name).name} (split)", say, seconds)
    return splitter.split(inputs.dockerfile, lambda built: _facts(inputs, flags, built), checks)
