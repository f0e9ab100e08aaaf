"""`Resolver`: turns the name of an image into what a plan needs to know of it, so that after planning there are no names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from stagemill.digest import Digest
from stagemill.oci.config import ImageConfig
from stagemill.oci.platform import Platform


@dataclass(frozen=True, slots=True)
class Base:
    """A resolved image: `manifest` names its bytes, `reference` says where they are."""

    reference: str
    manifest: Digest
    config: ImageConfig


class Resolver(Protocol):
    """Finds images by name. Called from several threads at once."""

    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        """The image for a platform; None takes the machine's, or the only one there is.

        `context` is the named context that the reference comes from, if it does.
        Raises StagemillError where it cannot be found, with a hint.
        """
        ...
