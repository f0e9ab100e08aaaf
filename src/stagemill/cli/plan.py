"""`stagemill plan`: what a build would do, without doing any of it."""

from __future__ import annotations

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options, with_options, with_targets
from stagemill.cli.making.caches import reading_options
from stagemill.cli.outlook.asked import asked
from stagemill.insight.outlook import OutlookReport

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
    report = asked(values)
    if values.text("form") == "dot":
        from stagemill.cli.picturing.foreseen import foreseen
        from stagemill.cli.reporting.sizes import Sizes
        from stagemill.insight.picture.dot import dot

        with workplace() as place:
            print(dot(foreseen(report, Sizes(place.store))))
    else:
        print(_shown(report, values.text("form") or "text"))


def _shown(report: OutlookReport, form: str) -> str:
    match form:
        case "json":
            from stagemill.cli.outlook.document import document

            return document(report)
        case _:
            from stagemill.cli.outlook.text import text

            return text(report)
