"""`Differences`: what two images that should be the same have not in common, with where it comes from and what mends it."""

from __future__ import annotations

from stagemill.errors import Excerpt
from stagemill.oci.document import Json
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something differs, and what to write so that it does not."""

    title: str
    mend: str


@dataclass(frozen=True, slots=True)
class Change:
    """A fact of a path that is another one in the other image, both in words: its mode, its size, whether it is there."""

    name: str
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class FirstByte:
    """Where two files begin to differ: the offset, and the bytes of both from `before` bytes before it on."""

    offset: int
    before: int
    one: bytes
    other: bytes


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A path that differs, in a layer by its number from 0. `step` is the instruction that made it, where that is known."""

    path: str
    layer: int
    changes: tuple[Change, ...]
    at: FirstByte | None = None
    cause: Cause | None = None
    step: Excerpt | None = None


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """A layer whose files are the same, and whose bytes are not; or one that only one of the images has."""

    layer: int
    text: str
    cause: Cause
    step: Excerpt | None = None


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """A value of config or manifest, by its place in the document; None where there is no such key."""

    key: str
    one: Json
    other: Json
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Differences:
    """All of them, in the order of the images."""

    keys: tuple[KeyDifference, ...] = ()
    layers: tuple[LayerDifference, ...] = ()
    files: tuple[FileDifference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.keys or self.layers or self.files)
