"""`stagemill graph`: a build as a picture."""

from __future__ import annotations

import json
import shutil
import sys
from functools import partial

import click
from click.core import ParameterSource

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options, with_options, with_targets
from stagemill.cli.making.caches import reading_options
from stagemill.cli.outlook.asked import asked
from stagemill.cli.picturing.document import document
from stagemill.cli.picturing.foreseen import foreseen
from stagemill.cli.picturing.past import drawn
from stagemill.cli.picturing.text import text
from stagemill.cli.reasons.reading import History
from stagemill.cli.reporting.sizes import Sizes
from stagemill.errors import UsageError
from stagemill.insight.picture.dot import dot
from stagemill.insight.picture.mermaid import mermaid
from stagemill.insight.picture.picture import Picture
from stagemill.insight.picture.svg import svg

_EXAMPLES = examples(
    {
        "stagemill graph": "the last build, on the terminal",
        "stagemill graph .": "what stagemill build . would do",
        "stagemill graph --build 7 --format svg > seven.svg": "a picture of build 7",
        "stagemill graph --format mermaid .": "for Markdown, where a forge draws it",
        "stagemill graph --format dot . | dot -Tpdf > graph.pdf": "by Graphviz",
    }
)
_FORMATS = ("text", "dot", "mermaid", "svg", "json")


@with_targets
@partial(add_build_options, context=click.Argument(["context"], required=False, metavar="[PATH|URL|-]"))
@with_options(reading_options())
@click.command("graph", cls=Command, epilog=_EXAMPLES)
@click.option(
    "--build",
    "number",
    type=click.IntRange(min=1),
    metavar="N",
    help="Draw this build of stagemill builds; without it and without a PATH the last one.",
)
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), default="text", help="The language of the picture. [text]"
)
def command(**given: object) -> None:
    """Draw the stages and steps of a build: what waits for what, what is cached, what takes longest and what it holds.

    With a PATH it is the build that would be, as stagemill plan has it, and nothing runs; without one it is the last build.
    Steps of the critical path are those that a build has to wait for.
    """
    values = Values(given)
    if values.text("context") and values.number("number"):
        hint = "leave out PATH for a build that was, --build for one that would be"
        raise UsageError("--build and a PATH exclude each other", hint=hint)
    if not values.text("context"):
        _refuse_flags_of_a_build()
    picture = _future(values) if values.text("context") else _past(values.number("number") or None)
    print(_shown(picture, values.text("form") or "text"))


def _refuse_flags_of_a_build() -> None:
    """Raises UsageError for what would have no effect on a build that was."""
    context = click.get_current_context()
    for param in context.command.params:
        name = param.name or ""
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE and name not in {"number", "form"}:
            flag = param.opts[-1]
            raise UsageError(f"{flag} is for a build that would be", hint=f"name its PATH: stagemill graph {flag} … .")


def _future(values: Values) -> Picture:
    report = asked(values)
    with workplace() as place:
        return foreseen(report, Sizes(place.store))


def _past(number: int | None) -> Picture:
    with workplace() as place:
        history = History(place.store)
        return drawn(history.past(history.row(number)), Sizes(place.store))


def _shown(picture: Picture, form: str) -> str:
    match form:
        case "dot":
            return dot(picture)
        case "mermaid":
            return mermaid(picture)
        case "svg":
            return svg(picture)
        case "json":
            return json.dumps(document(picture), indent=2)
        case _:
            return text(picture, columns=shutil.get_terminal_size().columns if sys.stdout.isatty() else None)
