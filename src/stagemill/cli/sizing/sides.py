"""`Side`: what a command line names to be looked at or compared: an image anywhere, a build that was, or one that is to be."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal, TypeAlias

from stagemill.build import Built
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.journal.journal import place_of
from stagemill.cli.journal.made import hidden
from stagemill.cli.making.building import BuildFlags, reading
from stagemill.cli.making.single import building
from stagemill.cli.named import naming
from stagemill.cli.named.places import reach
from stagemill.cli.progress import open_progress
from stagemill.cli.results.targets import Target
from stagemill.cli.sizing import images, past
from stagemill.cli.sizing.builds import built_sizes
from stagemill.cli.sizing.idle import refuse_idle
from stagemill.cli.sizing.past import Spelled, spelled
from stagemill.errors import NotFoundError, UsageError
from stagemill.insight.budget import Budget
from stagemill.insight.image import ImageSize
from stagemill.oci.config import ImageConfig
from stagemill.oci.document import Json, parse_object
from stagemill.oci.platform import Platform
from stagemill.places import address
from stagemill.values import dataclass

_STAGE = "target:"
_ID = 4
"""Digits that may as well begin the id of an image."""
Meaning: TypeAlias = Literal["image", "path"] | Spelled


@dataclass(frozen=True, slots=True)
class Side:
    """What an image takes and its config, of which `raw` are the bytes; they are empty where values of secrets are not known."""

    size: ImageSize
    config: ImageConfig
    raw: bytes = b""


def meaning(name: str, place: Workplace) -> Meaning:
    """What a name means: an image, what is to be built, or a build that was.

    A plain word is the first of these that there is: an image of the store, a directory, a stage of the last build.
    """
    if address.is_address(name):
        return "image"
    if name.startswith((".", "/", _STAGE, "git@")) or name == "-" or "://" in name:
        return "path"
    found = spelled(name)
    if found and (len(name) < _ID or found.stage or found.number is None or place.store.builds.get(found.number)):
        return found
    try:
        naming.locate(place.store, name)
    except (NotFoundError, UsageError):
        if found or os.path.isdir(name):
            return found or "path"
        return Spelled(None, name) if past.has_stage(name, place) else "image"
    return "image"


def platform_of(values: Values) -> Platform | None:
    """The one that was asked for. Raises UsageError."""
    given = values.texts("platform")
    return flags.any_platform(given[0]) if given else None


def reached(name: str, values: Values, place: Workplace) -> str:
    """The name; the registry of it is asked as the command line says."""
    place.access = reach(values, [address.parse(name)])
    return name


@contextmanager
def built(build: BuildFlags, place: Workplace, budget: Budget) -> Iterator[tuple[Built, str]]:
    """A build with all stages that its target needs, and its origin, as the rows of builds have it.

    Raises UsageError for budgets of stages that are not there.
    """
    from stagemill.cli.sizing.holding import check

    with (
        open_progress(build.progress, sys.stderr) as listener,
        reading(build, place=place, listener=listener) as inputs,
    ):
        check(budget, inputs.dockerfile)
        with building(build, inputs, place=place, listener=listener, every_stage=True) as found:
            yield found, place_of(build.context, inputs.dockerfile)


def look(name: str, values: Values, build: BuildFlags, place: Workplace) -> Side:
    """What a name means: `target:STAGE` is a stage of what is built here, a path what is built there. Raises StagemillError."""
    match meaning(name, place):
        case Spelled() as found:
            past_build = past.remembered(found, place, platform_of(values))
            return Side(replace(past_build.size, name=name), past_build.config)
        case "image":
            with images.find(reached(name, values, place), platform_of(values), place) as image:
                return Side(image.weigh(), image.image.config, image.image.config_bytes)
        case "path":
            return _built_side(name, build, place)


def _built_side(name: str, build: BuildFlags, place: Workplace) -> Side:
    if name.startswith(_STAGE):
        given = replace(build, targets=(Target(name.removeprefix(_STAGE)),))
    else:
        given = replace(build, context=name)
    with built(given, place, Budget()) as (made, _):
        sizes = built_sizes(made)
        image = sizes.image.image
        return Side(replace(sizes.size, name=name), image.config, image.config_bytes)


def refuse_idle_beside(names: Sequence[str], place: Workplace, *, own: Container[str | None]) -> None:
    """Raises UsageError for flags that say how something is built where none of the names is of such a thing."""
    if not any(meaning(name, place) == "path" for name in names):
        refuse_idle(f"{' and '.join(names)} are", own)


def configs(before: Side, after: Side) -> tuple[dict[str, Json], dict[str, Json]]:
    """Those of both: where one of them does not know values of secrets, neither has them."""
    if before.raw and after.raw:
        ours, theirs = before.raw, after.raw
    else:
        ours, theirs = ((hidden(side.config) if side.raw else side.config).serialize() for side in (before, after))
    return dict(parse_object(ours, "the config")), dict(parse_object(theirs, "the config"))
