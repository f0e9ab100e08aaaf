"""`stagemill plan`: what a build would do, without doing any of it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from stagemill import events
from stagemill.build import foresee
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options, with_options, with_targets
from stagemill.cli.making.building import BuildFlags, prepared, reading
from stagemill.cli.making.caches import Caches, reading_options
from stagemill.cli.outlook.causes import Causes
from stagemill.cli.outlook.gather import Gathering
from stagemill.cli.progress import open_progress
from stagemill.graph.vertex import Vertex
from stagemill.insight.outlook import OutlookReport

if TYPE_CHECKING:
    from stagemill.cache.imports import Imports

_EXAMPLES = examples(
    {
        "stagemill plan .": "what stagemill build . would do",
        "stagemill plan --build-arg BUILD_ENV=dev .": "which stages an argument selects",
        "stagemill plan --target web --also test .": "with the flags of build",
        "stagemill plan --cache-from registry.example/team/cache .": "what a runner would do",
        "stagemill plan --format json . > plan.json": "for programs",
        "stagemill plan --format dot . | dot -Tsvg > plan.svg": "a picture, by Graphviz",
    }
)


@with_targets
@add_build_options
@with_options(reading_options())
@click.command("plan", cls=Command, epilog=_EXAMPLES)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "dot"]), default="text",
    help="A table, JSON, or a graph in the language of Graphviz.",
)  # fmt: skip
def command(**given: object) -> None:
    """Show what a build would do: which stages and steps, what is cached, what would run and why, what is skipped.

    No step runs, and of images nothing is fetched but their manifests. A step that reads files of one that would run
    cannot be decided before: it would run, or be found by content.
    """
    values = Values(given)
    flags, caches = BuildFlags.of(values, os.environ), Caches.read_by(values)
    with (
        workplace() as place,
        open_progress(flags.progress, sys.stderr) as listener,
        reading(flags, place=place, listener=listener) as inputs,
        prepared(flags, inputs, place=place, listener=listener, caches=caches) as job,
    ):
        foreseen = foresee(job.dockerfile, job.requests, job.resolver, services=job.services, options=job.options)
        if place.lock:
            place.lock.approve(foreseen.plans, job.services.contexts)
        contents = foreseen.plans[0].contents
        causes = Causes(
            place.store.records,
            foreseen.outlooks,
            contents,
            asked=lambda vertex: _asked(flags, vertex),
            imported=_imported(job.services.imports),
        )
        report = Gathering(foreseen, job.dockerfile, job.requests, flags.targets, place.store, causes).report()
        for notice in dict.fromkeys(notice for plan in foreseen.plans for notice in plan.notices):
            listener(events.Notice(notice, job.services.clock()))
    print(_shown(report, values.text("form") or "text"))


def _asked(flags: BuildFlags, vertex: Vertex) -> str:
    """The flag by which a step is made again."""
    if flags.no_cache:
        return "--no-cache"
    return "--no-cache-filter" if vertex.label.stage in flags.no_cache_filter else "--rerun"


def _imported(imports: Imports | None) -> list[tuple[str, str]] | None:
    return [(step.name, step.ingredients) for step in imports.all()] if imports else None


def _shown(report: OutlookReport, form: str) -> str:
    match form:
        case "json":
            from stagemill.cli.outlook.document import document

            return document(report)
        case "dot":
            from stagemill.cli.outlook.dot import dot

            return dot(report)
        case _:
            from stagemill.cli.outlook.text import text

            return text(report)
