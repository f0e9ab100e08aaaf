"""`Side`: what a command line names to be looked at or compared: an image anywhere, what a directory builds, or a stage of that."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from stagemill.build import Built
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.making.building import BuildFlags, reading
from stagemill.cli.making.single import building
from stagemill.cli.named import naming
from stagemill.cli.named.places import reach
from stagemill.cli.progress import open_progress
from stagemill.cli.results.targets import Target
from stagemill.cli.sizing import images
from stagemill.cli.sizing.builds import BuiltSizes
from stagemill.errors import NotFoundError
from stagemill.insight.budget import Budget
from stagemill.insight.image import ImageSize
from stagemill.oci.document import Json, parse_object
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.places import address
from stagemill.values import dataclass

_STAGE = "target:"


@dataclass(frozen=True, slots=True)
class Side:
    """An image and what it takes."""

    image: Image
    size: ImageSize

    @property
    def config(self) -> dict[str, Json]:
        return dict(parse_object(self.image.config_bytes, "the config"))


def is_image(name: str, place: Workplace) -> bool:
    """Whether a name means an image, and is nothing that is built: no path, URL or stage."""
    if address.is_address(name):
        return True
    if name.startswith((".", "/", _STAGE, "git@")) or name == "-" or "://" in name:
        return False
    if not os.path.isdir(name):
        return True
    try:
        naming.locate(place.store, name)
    except NotFoundError:
        return False
    return True


def platform_of(values: Values) -> Platform | None:
    """The one that was asked for. Raises UsageError."""
    given = values.texts("platform")
    return flags.any_platform(given[0]) if given else None


def reached(name: str, values: Values, place: Workplace) -> str:
    """The name; the registry of it is asked as the command line says."""
    place.access = reach(values, [address.parse(name)])
    return name


@contextmanager
def built(build: BuildFlags, place: Workplace, budget: Budget) -> Iterator[Built]:
    """A build with all stages that its target needs. Raises UsageError for budgets of stages that are not there."""
    from stagemill.cli.sizing.holding import check

    with (
        open_progress(build.progress, sys.stderr) as listener,
        reading(build, place=place, listener=listener) as inputs,
    ):
        check(budget, inputs.dockerfile)
        with building(build, inputs, place=place, listener=listener, every_stage=True) as found:
            yield found


def look(name: str, values: Values, build: BuildFlags, place: Workplace) -> Side:
    """What a name means: `target:STAGE` is a stage of what is built here, a path what is built there. Raises StagemillError."""
    if is_image(name, place):
        with images.find(reached(name, values, place), platform_of(values), place) as found:
            return Side(found.image, found.weigh())
    if name.startswith(_STAGE):
        given = replace(build, targets=(Target(name.removeprefix(_STAGE)),))
    else:
        given = replace(build, context=name)
    with built(given, place, Budget()) as made:
        sizes = BuiltSizes(made)
        return Side(sizes.image.image, replace(sizes.size, name=name))
