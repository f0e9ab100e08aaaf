"""`stagemill verify`: build twice, or once beside an image that is there, and tell every byte that differs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from stagemill.cli.frame.access import Access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import compressions
from stagemill.cli.given.options import add_build_options, of_image, with_options
from stagemill.cli.making.building import BuildFlags, Job, prepared, reading
from stagemill.cli.making.source import Inputs, located
from stagemill.cli.progress import open_progress
from stagemill.cli.verifying import reference_image, verdict
from stagemill.cli.verifying.reference_image import ReferenceImage
from stagemill.cli.verifying.respelt import respelt
from stagemill.context import load
from stagemill.errors import UsageError
from stagemill.execute.forms import Forms
from stagemill.plan.epoch import EPOCH
from stagemill.plan.planner import Plan, plan
from stagemill.verify import seed, twice, variation
from stagemill.verify.twice import Context, Twice
from stagemill.verify.verification import Verification

_EXAMPLES = examples(
    {
        "stagemill verify .": "are they the same bytes when built again?",
        "stagemill verify --target builder .": "with the flags of build",
        "stagemill verify --against app .": "was the store's app built from these files?",
        "stagemill verify --against docker://host/app .": "the same of a registry's",
        "stagemill verify --vary=-user,-jobs .": "vary less",
        "stagemill verify --json . > verdict.json": "for programs",
    }
)
# What this command says itself, and what an empty store does not need.
_OWN = frozenset({
    "context", "file", "pull", "no_cache", "no_cache_filter", "rerun", "reproducible", "source_date_epoch", "against", "vary",
    "as_json", "label",
})  # fmt: skip
_GIT_LABELS = "BUILDX_GIT_LABELS"
_NOT_FOR_OTHERS = (
    "secret", "ssh", "volume", "build_context", "policy", "host_ca", "build_arg_file", "allow", "ignorefile",
    "authfile", "cert_dir", "creds",
)  # fmt: skip


@with_options((*of_image(), *compressions.options(force=True)))
@add_build_options
@click.command("verify", cls=Command, epilog=_EXAMPLES)
@click.option(
    "--against", metavar="IMAGE",
    help="Build once, and compare with this image: docker://NAME, oci-layout://DIRECTORY, or a name of the local store.",
)  # fmt: skip
@click.option(
    "--vary", multiple=True, metavar="NAME,…",
    help="What the second build has otherwise: path, times, umask, locale, jobs, user, clock; -NAME leaves one out. [all]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(**given: object) -> int:
    """Build twice with --reproducible, the second time with all otherwise that must not matter, and show what differs:
    the first byte, the step that made it, the usual cause and what mends it. The status is 0 for the same bytes, else 1.

    Each build has an empty store of its own; base images are not fetched again.
    """
    values = Values({**given, "reproducible": True})
    wanted = variation.wanted(values.texts("vary"))
    if values.texts("vary") and values.text("against"):
        raise UsageError("--vary is for two builds, and --against for one", hint="leave one of them out")
    with workplace() as place:
        place.access = Access.of(values)
        reference = _reference(values, place)
        if reference and reference.dated and not _has_date(values):
            values = Values({**values.given, "source_date_epoch": reference.dated})
        flags = BuildFlags.of(values, os.environ)
        _check(flags)
        with _verification(values, flags, wanted, place=place, reference=reference) as verification:
            found = verification.beside(reference.side) if reference else verification.again()
            varied = () if reference else tuple(verification.twice.variations())
            told = verdict.Verdict(found, varied, reference.name if reference else "")
    print(verdict.document(told) if values.flag("as_json") else verdict.text(told))
    return 1 if found.differences else 0


def _reference(values: Values, place: Workplace) -> ReferenceImage | None:
    name, platforms = values.text("against"), values.texts("platform")
    return reference_image.find(name, platforms[0] if platforms else None, place) if name else None


def _has_date(values: Values) -> bool:
    said = any(text.partition("=")[0] == EPOCH for text in values.texts("build_arg"))
    return said or values.text("source_date_epoch") is not None or EPOCH in os.environ


def _check(flags: BuildFlags) -> None:
    if "-" in {flags.context, flags.file}:
        hint = "name a directory, and the Dockerfile with -f FILE"
        raise UsageError("what comes through a pipe is there only once", hint=hint)
    if flags.platforms.every or len(flags.platforms.all) > 1:
        raise UsageError("only one platform can be verified at a time", hint="write --platform OS/ARCH")


@contextmanager
def _verification(
    values: Values, flags: BuildFlags, wanted: frozenset[str], *, place: Workplace, reference: ReferenceImage | None
) -> Iterator[Verification]:
    quiet = flags.progress == "quiet"
    with (
        open_progress("quiet", sys.stderr) as listener,
        reading(flags, place=place, listener=listener) as inputs,
        prepared(flags, inputs, place=place, listener=listener) as job,
        place.store.scratch() as scratch,
    ):
        planned = plan(job.dockerfile, job.requests[0], job.resolver, job.services.remotes)
        context = _context(flags, inputs)
        same_user = "there is one build" if reference else _same_user(values, context, wanted, place)
        made = Twice(
            context,
            _arguments(values, planned, flags),
            {name: value for name, value in place.environment.items() if name != _GIT_LABELS},
            place.config,
            _filler(planned, job, place),
            wanted,
            same_user,
        )

        def say(text: str) -> None:
            if not quiet:
                sys.stderr.write(f"verify: {text}\n")
                sys.stderr.flush()

        yield Verification(planned, made, scratch, time.time, time.sleep, say)


def _filler(planned: Plan, job: Job, place: Workplace) -> twice.Fill:
    images = seed.bases(planned)
    forms = Forms(place.store, remote=job.services.remote)

    def fill(store: Path, *, own: bool) -> None:
        seed.seed(store, images, forms, now=time.time(), own=own)

    return fill


def _context(flags: BuildFlags, inputs: Inputs) -> Context:
    """A directory can be copied; what a URL names is fetched by both."""
    if not Path(flags.context).is_dir() or inputs.context is None:
        return Context(flags.context)
    folder = Path(flags.context)
    if flags.file is not None and "://" in flags.file:
        return Context(flags.context, inputs.context.view)
    found = load.dockerfile(folder, given=located(flags.file, folder))
    return Context(flags.context, inputs.context.view, found.path)


def _same_user(values: Values, context: Context, wanted: frozenset[str], place: Workplace) -> str:
    private = [f"--{name.replace('_', '-')}" for name in _NOT_FOR_OTHERS if values.given.get(name)]
    if private and "user" in wanted:
        return f"what {private[0]} names may be for you alone"
    return twice.same_user(context, wanted, place.environment)


def _arguments(values: Values, planned: Plan, flags: BuildFlags) -> tuple[str, ...]:
    """Labels of the commit among them: a copy of the context is in no repository."""
    words = respelt(command.params, values.given, without=_OWN)
    labels = (word for name, value in flags.labels.items() for word in ("--label", f"{name}={value}"))
    return (*words, *labels, "--reproducible", "--source-date-epoch", str(planned.epoch))
