"""Where the image of a container comes from: the store, or a registry, as `--pull` says."""

from __future__ import annotations

import sys
from collections.abc import Callable

from stagemill.cli.frame.environment import Workplace
from stagemill.cli.given import flags
from stagemill.cli.named import naming
from stagemill.cli.progress import open_progress
from stagemill.cli.pull import fetch
from stagemill.errors import NotFoundError, RegistryError, either
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image as it was asked for; `pull` is one of options.PULL, `platform` None for this machine's."""

    name: str
    pull: str = "missing"
    platform: Platform | None = None
    quiet: bool = False


def image_of(wanted: Wanted, place: Workplace, *, tell: Callable[[str], None]) -> Image:
    """The image, which is in the store afterwards. Raises NotFoundError where nobody has it."""
    if wanted.pull == "always":
        return _fetched(wanted, place)
    try:
        image = naming.find_image(place.store, wanted.name, wanted.platform)[1]
    except NotFoundError as missing:
        if wanted.pull == "never":
            hint = f"leave out --pull never, or fetch it first: stagemill pull {wanted.name}"
            raise NotFoundError(missing.message, hint=hint) from missing
        reference = flags.reference(wanted.name)
        if not wanted.quiet:
            tell(f"there is no image {reference.familiar} in the store; fetching it")
        try:
            return _fetched(wanted, place)
        except NotFoundError:
            raise missing from None
        except RegistryError as error:
            near = missing.hint if missing.hint and missing.hint.startswith("did you mean") else None
            error.hint = either((near, error.hint))
            raise
    local = Platform.local()
    found = image.config.platform
    if wanted.platform is None and found.architecture and found.architecture != local.architecture:
        tell(f"{wanted.name} is an image for {found}, and this machine is {local}")
    return image


def _fetched(wanted: Wanted, place: Workplace) -> Image:
    reference = flags.reference(wanted.name)
    with open_progress("quiet" if wanted.quiet else "auto", sys.stderr) as listener:
        return fetch(reference, wanted.platform or Platform.local(), place=place, listener=listener)
