"""`stagemill size`: what each stage weighs, what the image carries of it, and what of that nobody needs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial

import click

from stagemill.build import Built
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import budgets
from stagemill.cli.given.options import add_build_options, with_options
from stagemill.cli.listing.form import Form
from stagemill.cli.making.building import BuildFlags
from stagemill.cli.sizing import changes, document, holding, images, rows, sides, text
from stagemill.cli.sizing.builds import BuiltSizes
from stagemill.errors import UsageError
from stagemill.insight import difference
from stagemill.insight.budget import Budget, Held
from stagemill.insight.image import ImageSize
from stagemill.insight.size import SizeReport, weigh
from stagemill.values import dataclass

_EXAMPLES = examples(
    {
        "stagemill size": "what is built here: each stage, and the image",
        "stagemill size app": "an image of the store",
        "stagemill size docker://debian:12": "in a registry; nothing of it is kept",
        "stagemill size --by waste app": "every file that is shipped for nothing",
        "stagemill size --by package app": "also --format json, for scripts",
        "stagemill size --diff app:1 app:2": "where the bytes went",
        "stagemill size --max-size 120MB app": "for CI: the status is 1 where it is more",
        "stagemill size --json . > sizes.json": "for programs, in bytes",
    }
)
_TOP = 10


@dataclass(frozen=True, slots=True)
class Sized:
    """What is looked at; `stages` only where it was built."""

    size: ImageSize
    lines: list[Held]
    stages: SizeReport | None = None


@partial(add_build_options, context=click.Argument(["context"], required=False, metavar="[IMAGE|PATH|URL|-]"))
@with_options(budgets.options())
@click.command("size", cls=Command, epilog=_EXAMPLES)
@click.option(
    "--diff", nargs=2, metavar="A B",
    help="Show where the bytes went from A to B instead: images, paths, or target:STAGE; stagemill diff tells all.",
)  # fmt: skip
@click.option(
    "--by", type=click.Choice(list(rows.TABLES)),
    help="List all of one kind instead: stages, steps, directories, packages, files, waste, or files that are there twice.",
)  # fmt: skip
@click.option(
    "--depth",
    type=click.IntRange(min=1, max=99),
    default=text.DEPTH,
    metavar="N",
    help="How deep directories are listed. [2]",
)
@click.option(
    "--top", type=click.IntRange(min=1), metavar="N", help="How many rows of each part are shown. [10; with --by all]"
)
@click.option(
    "--format", "form", default="", metavar="TEMPLATE",
    help="Print a Go template for each row of --by, a table of one ('table TEMPLATE'), or json.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(**given: object) -> int:
    """Show what each stage weighs, what the image carries of it, and what of that nobody needs.

    PATH is built; what is no path, an image or an address (docker://NAME, oci:DIR, oci-archive:FILE), is looked at as it
    is, and not unpacked. PULLED is bytes of the blobs, to the byte; ON DISK bytes of the files. In the table of stages OWN
    is what a step adds, TOTAL the stage up to there, CARRIED what of it is in the final image; these are of files.

    Waste is what a later layer hides (deleted, overwritten, or only its mode or owner changed), caches of package
    managers, packages for development by their lock, compilers, headers, source maps, documentation, tests of
    dependencies, and copies.
    """
    values = Values({**given, "context": given["context"] or "."})
    if given["diff"]:
        _refuse_beside_diff(given)
        return _compare(values, values.texts("diff"))
    form, by = values.text("form") or "", values.text("by")
    if values.flag("as_json") and (form or by):
        raise UsageError(
            f"--json and {'--format' if form else '--by'} exclude each other", hint="write --by NAME --format json"
        )
    shape = Form.parse(form, default=rows.TABLES[by or "step"])
    found = _sized(values)
    if values.flag("as_json"):
        print(json.dumps(_document(found), indent=2))
    elif form or by:
        _list(found, shape, by or "step", values)
    else:
        _tell(found, values.number("top") or _TOP)
    holding.refuse(found.size.name, found.lines, told=not (form or by or values.flag("as_json")))
    return 0


def _refuse_beside_diff(given: Mapping[str, object]) -> None:
    """Raises UsageError for what would have no effect."""
    flags = ("by", "form", "max_size", "max_growth", "max_waste", "against")
    if name := next((name for name in flags if given[name]), None):
        flag = "--format" if name == "form" else f"--{name.replace('_', '-')}"
        raise UsageError(f"{flag} and --diff exclude each other", hint="leave one out")
    if given["context"]:
        raise UsageError(f"--diff has its two sides; what is {given['context']}?", hint="write --diff A B alone")


def _document(found: Sized) -> dict[str, object]:
    size = document.of_build(found.stages, found.size) if found.stages else document.of_image(found.size)
    lines = [{"what": line.what, "found": line.found, "most": line.most, "holds": line.holds} for line in found.lines]
    return {**size, "budget": lines}


def _list(found: Sized, form: Form, by: str, values: Values) -> None:
    if by == "stage":
        if found.stages is None:
            hint = "size what is built: stagemill size --by stage PATH"
            raise UsageError(f"{found.size.name} is an image, and has no stages", hint=hint)
        listed = list(rows.stages(found.stages))
    else:
        listed = list(rows.view(by, found.size, depth=values.number("depth")))
    sys.stdout.write(form.printed(listed[: values.number("top") or None], rows.HEADS))


def _tell(found: Sized, top: int) -> None:
    print(text.of_build(found.stages, found.size, top=top) if found.stages else text.of_image(found.size, top=top))
    if found.lines:
        print(f"\n{holding.table_of(found.lines)}")


def _sized(values: Values) -> Sized:
    name = values.text("context") or "."
    build = BuildFlags.of(values, os.environ)
    if values.text("max_growth") and not values.text("against"):
        raise UsageError("--max-growth needs an image to compare with", hint="write --against IMAGE")
    with workplace() as place:
        if sides.is_image(name, place):
            return _of_image(sides.reached(name, values, place), values, place)
        budget = budgets.of(values, build.context) or Budget()
        with sides.built(build, place, budget) as built:
            return _of_build(built, budget, place)


def _of_image(name: str, values: Values, place: Workplace) -> Sized:
    budget, platform = budgets.of_image(values), sides.platform_of(values)
    if budget.stages:
        hint = "write --max-size SIZE, or size a build: stagemill size --max-size STAGE=SIZE PATH"
        raise UsageError(f"{name} is an image, and has no stages that could have a budget", hint=hint)
    with images.find(name, platform, place) as found:
        size = found.weigh()
        lines = holding.lines_of(
            budget, found, place=place, before="", platform=platform, weigh=lambda: size, stages={}
        )
        return Sized(size, lines)


def _of_build(built: Built, budget: Budget, place: Workplace) -> Sized:
    sizes = BuiltSizes(built)
    report = weigh(sizes.stages())
    lines = holding.lines_of(
        budget,
        sizes.image,
        place=place,
        before="",
        platform=built.plan.platform,
        weigh=lambda: sizes.size,
        stages={stage.title: stage.total for stage in report.stages},
    )
    return Sized(sizes.size, lines, report)


def _compare(values: Values, names: Sequence[str]) -> int:
    build = BuildFlags.of(values, os.environ)
    with workplace() as place:
        before, after = (sides.look(name, values, build, place) for name in names)
    found = difference.compare(before.size, after.size, (before.config, after.config))
    if values.flag("as_json"):
        print(json.dumps(changes.document(found), indent=2))
    else:
        print(changes.sizes(found, top=values.number("top") or _TOP))
    return 0
