"""`Annotations`: what `--annotation` gives an image, and where. Source: buildx, docs/guides/annotations.md.

An image of one platform has no index, so what would be written there is an error, in BuildKit's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.oci.platform import Platform

_PLACES = ("manifest", "manifest-descriptor", "index", "index-descriptor")
_PLACE = re.compile(r"([a-z-]+)(?:\[([^\]]*)\])?")
_WRITE = "write --annotation NAME=VALUE or --annotation manifest:NAME=VALUE"


@dataclass(frozen=True, slots=True)
class Annotations:
    """Names and values, sorted: in the manifest, and where a layout's index names it."""

    manifest: tuple[tuple[str, str], ...] = ()
    descriptor: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str], platform: Platform) -> Annotations:
        """`[PLACE[,PLACE…]:]NAME=VALUE`, where a PLACE may say `[PLATFORM]`. Raises UsageError."""
        found: dict[str, dict[str, str]] = {place: {} for place in _PLACES}
        for text in texts:
            front, equals, value = text.partition("=")
            places, colon, name = front.rpartition(":")
            if not colon or not all(map(_PLACE.fullmatch, places.split(","))):
                places, name = "manifest", front
            if not equals or not name:
                raise UsageError(f"invalid --annotation {text!r}", hint=_WRITE)
            for place in places.split(","):
                if _is_meant(place, text, platform):
                    found[_PLACE.fullmatch(place)[1]][name] = value  # type: ignore[index]
        return cls(*(tuple(sorted(found[place].items())) for place in _PLACES[:2]))

    @classmethod
    def of_output(cls, texts: Iterable[str], platform: Platform) -> Annotations:
        """The same from the keys of an output: `.NAME=VALUE`, `-manifest.NAME=VALUE`, `-manifest[PLATFORM].NAME=VALUE`."""
        return cls.parse(map(_as_flag, texts), platform)

    def __or__(self, other: Annotations) -> Annotations:
        pairs = ((self.manifest, other.manifest), (self.descriptor, other.descriptor))
        return Annotations(*(tuple(sorted({**dict(one), **dict(two)}.items())) for one, two in pairs))


def _as_flag(text: str) -> str:
    place, _, rest = text.partition(".")
    return f"{place.removeprefix('-') or 'manifest'}:{rest}"


def _is_meant(place: str, text: str, platform: Platform) -> bool:
    """Whether a place is one of this image."""
    match = _PLACE.fullmatch(place)
    if match is None or match[1] not in _PLACES:
        near = nearest(place, _PLACES)
        hint = f"did you mean {near}?" if near else f"places are {', '.join(_PLACES)}"
        raise UsageError(f"invalid --annotation {text!r}: there is no place {place!r}", hint=hint)
    if match[1].startswith("index"):
        raise UsageError(
            "index annotations not supported for single platform export",
            hint="an image of one platform has no index; leave out index: to annotate its manifest",
        )
    try:
        return match[2] is None or Platform.parse(match[2]) == platform
    except ValueError as error:
        raise UsageError(f"invalid --annotation {text!r}: {error}", hint=_WRITE) from error
