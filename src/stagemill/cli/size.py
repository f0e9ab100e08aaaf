"""`stagemill size`: what each stage weighs, what the image carries of it, and what of that nobody needs."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import budgets
from stagemill.cli.given.options import add_build_options, with_options
from stagemill.cli.listing.form import Form
from stagemill.cli.making.building import BuildFlags
from stagemill.cli.progress import out
from stagemill.cli.sizing import changes, document, holding, images, past, rows, sides, text
from stagemill.cli.sizing.builds import built_sizes
from stagemill.cli.sizing.idle import refuse_idle
from stagemill.cli.sizing.made import MadeSizes
from stagemill.cli.sizing.past import Spelled
from stagemill.errors import UsageError
from stagemill.insight import difference
from stagemill.insight.budget import Budget, Held
from stagemill.insight.image import ImageSize
from stagemill.insight.size import SizeReport, weigh
from stagemill.values import dataclass

_EXAMPLES = examples(
    {
        "stagemill size": "what the last build made: each stage, and the image",
        "stagemill size .": "the same of what is built here now",
        "stagemill size 7": "of build 7; 7:builder is a stage of it",
        "stagemill size app": "an image of the store",
        "stagemill size docker://debian:12": "in a registry; nothing of it is kept",
        "stagemill size --by waste app": "every file that is shipped for nothing",
        "stagemill size --by package app": "also --format json, for scripts",
        "stagemill size --diff app:1 app:2": "where the bytes went; 6 7 are two builds",
        "stagemill size --max-size 120MB app": "for CI: the status is 1 where it is more",
        "stagemill size --json . > sizes.json": "for programs, in bytes",
    }
)
_TOP = 10
_OWN = {"number", "by", "depth", "form", "diff", *(option.name for option in budgets.options())}


@dataclass(frozen=True, slots=True)
class Sized:
    """What is looked at. `stages` only where it was built; `number` and `heading` of a build that was, and `lost` its stages
    that cannot be weighed any more; `notes` are of the budget.
    """

    size: ImageSize
    lines: list[Held]
    stages: SizeReport | None = None
    heading: str = ""
    number: int = 0
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@partial(
    add_build_options, context=click.Argument(["context"], required=False, metavar="[IMAGE|BUILD|STAGE|PATH|URL|-]")
)
@with_options(budgets.options())
@click.command("size", cls=Command, epilog=_EXAMPLES)
@click.option(
    "--build", "number", type=click.IntRange(min=1), metavar="N",
    help="Look at this build of stagemill builds, as N alone does; or with it at a STAGE of that build.",
)  # fmt: skip
@click.option(
    "--diff", nargs=2, metavar="A B",
    help="Show where the bytes went from A to B instead: images, builds, paths, or target:STAGE; stagemill diff tells all.",
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

    Without an argument it is what the last build made: nothing runs. N, N:STAGE and :STAGE are earlier builds and stages.
    PATH is built; what is no path, an image or an address (docker://NAME, oci:DIR, oci-archive:FILE), is looked at as it
    is, and not unpacked. PULLED is bytes of the blobs, to the byte; ON DISK bytes of the files. In the table of stages OWN
    is what a step adds, TOTAL the stage up to there, CARRIED what of it is in the final image; these are of files.

    Waste is what a later layer hides (deleted, overwritten, or only its mode or owner changed), caches of package
    managers, packages for development by their lock, compilers, headers, source maps, documentation, tests of
    dependencies, and copies.
    """
    values = Values(given)
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
    if extra := given["context"] or given["number"]:
        raise UsageError(f"--diff has its two sides; what is {extra}?", hint="write --diff A B alone")


def _document(found: Sized) -> dict[str, object]:
    size = document.of_build(found.stages, found.size) if found.stages else document.of_image(found.size)
    if found.number:
        size = {"build": found.number, "lost": list(found.lost), **size}
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
    listed = listed[: values.number("top") or None]
    sys.stdout.write(form.printed(list(rows.harmless(listed)) if form.template else listed, rows.HEADS))


def _tell(found: Sized, top: int) -> None:
    parts = [found.heading] if found.heading else []
    if found.stages:
        parts.append(text.of_build(found.stages, found.size, top=top, whole=not found.lost))
    else:
        parts.append(text.of_image(found.size, top=top))
    if found.lines:
        parts.append(f"\n{holding.table_of(found.lines)}")
    parts += [f"\n{note}" for note in found.notes]
    print(text.fitted("\n".join(parts), _width()))


def _width() -> int | None:
    """That of the terminal; None where the report goes elsewhere, which has room."""
    return out.size(sys.stdout, os.environ)[0] if sys.stdout.isatty() else None


def _sized(values: Values) -> Sized:
    name = _name(values)
    with workplace() as place:
        meant = sides.meaning(name, place) if name else Spelled()
        if meant == "path":
            return _of_path(replace(BuildFlags.of(values, os.environ), context=name), values, place)
        refuse_idle(f"{name or 'the last build'} is", _OWN)
        if isinstance(meant, Spelled):
            return _of_past(meant, values, place)
        if values.text("max_growth") and not values.text("against"):
            raise UsageError(
                "--max-growth needs an image to compare with", hint="write --against IMAGE, or --against N for a build"
            )
        return _of_image(sides.reached(name, values, place), values, place)


def _name(values: Values) -> str:
    """What is to be looked at, in one word; empty for the last build."""
    name, number = values.text("context") or "", values.number("number")
    if not number:
        return name
    if not re.fullmatch(r"[\w.-]*", name):
        raise UsageError(f"{name} is no stage of build {number}", hint=f"write stagemill size {number}:STAGE")
    return f"{number}:{name}" if name else str(number)


def _of_image(name: str, values: Values, place: Workplace) -> Sized:
    budget, platform = budgets.of_image(values), sides.platform_of(values)
    if budget.stages:
        hint = "write --max-size SIZE, or size a build: stagemill size --max-size STAGE=SIZE PATH"
        raise UsageError(f"{name} is an image, and has no stages that could have a budget", hint=hint)
    with images.find(name, platform, place) as found:
        size = found.weigh()
        lines = holding.lines_of(
            budget, found, place=place, before=(), platform=platform, weigh=lambda: size, stages={}
        )
        return Sized(size, lines)


def _of_path(build: BuildFlags, values: Values, place: Workplace) -> Sized:
    budget = budgets.of(values, build.context) or Budget()
    new = past.next_number(place)  # what is built now may be written down, and is not to be compared with itself
    with sides.built(build, place, budget) as (built, origin):
        sizes = built_sizes(built)
        title = sizes.target.title
        before = past.before(place, origin, title, targets=[title], number=new)
        return _of_stages(sizes, sizes.size, budget, place, before=before)


def _of_past(meant: Spelled, values: Values, place: Workplace) -> Sized:
    found = past.remembered(meant, place, sides.platform_of(values))
    build = found.past
    context = build.place.partition("\0")[0]
    budget = budgets.of(values, context if os.path.isabs(context) else "") or Budget()
    holding.check_titles(budget, [stage.title for stage in build.graph.stages], f"build {build.number}")
    title, targets = found.sizes.target.title, build.title.split()
    before = past.before(place, build.place, title, targets=targets, number=build.number)
    sized = _of_stages(found.sizes, found.size, budget, place, before=before)
    heading = text.heading(build, stage=title, now=time.time(), lost=found.lost)
    return replace(sized, heading=heading, number=build.number, lost=found.lost)


def _of_stages(sizes: MadeSizes, size: ImageSize, budget: Budget, place: Workplace, *, before: str) -> Sized:
    report = weigh(sizes.stages())
    lines = holding.lines_of(
        budget,
        sizes.image,
        place=place,
        before=[before] if before else [],
        platform=sizes.image.image.config.platform,
        weigh=lambda: size,
        stages={stage.title: stage.total for stage in report.stages},
    )
    return Sized(size, lines, report, notes=tuple(holding.unmeasured(budget, lines, size.name)))


def _compare(values: Values, names: Sequence[str]) -> int:
    build = replace(BuildFlags.of(values, os.environ), context=".")
    with workplace() as place:
        sides.refuse_idle_beside(names, place, own=_OWN)
        before, after = (sides.look(name, values, build, place) for name in names)
    found = difference.compare(before.size, after.size, sides.configs(before, after))
    if values.flag("as_json"):
        print(json.dumps(changes.document(found), indent=2))
    else:
        print(text.fitted(changes.sizes(found, top=values.number("top") or _TOP), _width()))
    return 0
