"""`stagemill why`: why the steps of a build ran, each in one line."""

from __future__ import annotations

import time

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.reasons.choosing import chosen
from stagemill.cli.reasons.document import document
from stagemill.cli.reasons.reading import History
from stagemill.cli.reasons.text import text

_EXAMPLES = examples(
    {
        "stagemill why": "why the steps of the last build ran",
        "stagemill why builder": "those of a stage",
        "stagemill why 12": "the one at line 12 of the Dockerfile",
        "stagemill why --build 7 --against 3": "build 7 beside build 3",
        "stagemill why --json > why.json": "for programs",
    }
)


@click.command("why", cls=Command, epilog=_EXAMPLES)
@click.argument("name", metavar="[STAGE|LINE]", required=False)
@click.option(
    "--build",
    "number",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of this build of stagemill builds; the last one unless given.",
)
@click.option(
    "--against",
    type=click.IntRange(min=1),
    metavar="N",
    help="Compare with this build, and not with the nearest earlier one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, name: str | None, number: int | None, against: int | None, as_json: bool) -> None:
    """Show why the steps of a build were not cached: the first true cause of each, and what would save time.

    What a step was made of is kept when it runs, so this reads the store alone: neither the Dockerfile nor the files need
    be there. stagemill plan says what the next build would do.
    """  # fmt: skip
    with workplace() as place:
        answer = History(place.store).answer(number, against)
    steps = answer.steps
    if name is not None:
        wanted = {step.digest for step in chosen(name, answer.build.graph)}
        steps = tuple(one for one in steps if one.step.digest in wanted)
    print(document(answer, steps) if as_json else text(answer, steps, now=time.time()))
