"""`Annotations`: what `--annotation` gives an image, and where. Source: buildx, docs/guides/annotations.md.

An image of one platform has no index, so what would be written there is an error, in BuildKit's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.oci.platform import Platform
from stagemill.regex import regex
from stagemill.values import dataclass

Pairs: TypeAlias = tuple[tuple[str, str], ...]

_PLACES = ("manifest", "manifest-descriptor", "index", "index-descriptor")
_PLACE = regex(r"([a-z-]+)(?:\[([^\]]*)\])?")
_WRITE = "write --annotation NAME=VALUE or --annotation manifest:NAME=VALUE"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One name and value at one place; for the image of one platform, or for each."""

    place: str
    name: str
    value: str
    platform: Platform | None = None


@dataclass(frozen=True, slots=True)
class Annotations:
    """In the order in which they were given; of two with one name the later one counts, and before all that of a platform."""

    all: tuple[Annotation, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str], *, index: bool = False) -> Annotations:
        """`[PLACE[,PLACE…]:]NAME=VALUE`, where a PLACE may say `[PLATFORM]`. Raises UsageError.

        `index` says whether there will be an index, which can be annotated too.
        """
        found: list[Annotation] = []
        for text in texts:
            front, equals, value = text.partition("=")
            places, colon, name = front.rpartition(":")
            if not colon or not all(map(_PLACE.fullmatch, places.split(","))):
                places, name = "manifest", front
            if not equals or not name:
                raise UsageError(f"invalid --annotation {text!r}", hint=_WRITE)
            found += [_annotation(place, name, value, text=text, index=index) for place in places.split(",")]
        return cls(tuple(found))

    @classmethod
    def of_output(cls, texts: Iterable[str], *, index: bool = False) -> Annotations:
        """The same from the keys of an output: `.NAME=VALUE`, `-manifest.NAME=VALUE`, `-manifest[PLATFORM].NAME=VALUE`."""
        return cls.parse(map(_as_flag, texts), index=index)

    def check(self, platforms: Sequence[Platform]) -> None:
        """Raises UsageError for what is said of an image that there will not be."""
        for one in self.all:
            if len(platforms) > 1 and one.platform not in {None, *platforms}:
                raise UsageError(
                    f"invalid --annotation {one.place}[{one.platform}]:{one.name}: nothing is built for {one.platform}",
                    hint=f"the platforms are {', '.join(map(str, platforms))}",
                )

    def manifest(self, platform: Platform) -> Pairs:
        return self._at("manifest", platform)

    def descriptor(self, platform: Platform) -> Pairs:
        """Where an index names the manifest."""
        return self._at("manifest-descriptor", platform)

    @property
    def index(self) -> Pairs:
        return self._at("index", None)

    @property
    def index_descriptor(self) -> Pairs:
        """Where a layout names the index."""
        return self._at("index-descriptor", None)

    def _at(self, place: str, platform: Platform | None) -> Pairs:
        """Sorted."""
        meant = [one for one in self.all if one.place == place and one.platform in {None, platform}]
        return tuple(sorted({one.name: one.value for one in sorted(meant, key=lambda one: bool(one.platform))}.items()))

    def __or__(self, other: Annotations) -> Annotations:
        return Annotations((*self.all, *other.all))


def _as_flag(text: str) -> str:
    place, _, rest = text.partition(".")
    return f"{place.removeprefix('-') or 'manifest'}:{rest}"


def _annotation(text_of_place: str, name: str, value: str, *, text: str, index: bool) -> Annotation:
    match = _PLACE.fullmatch(text_of_place)
    if match is None or match[1] not in _PLACES:
        near = nearest(text_of_place, _PLACES)
        hint = f"did you mean {near}?" if near else f"places are {', '.join(_PLACES)}"
        raise UsageError(f"invalid --annotation {text!r}: there is no place {text_of_place!r}", hint=hint)
    if match[1].startswith("index") and not index:
        raise UsageError(
            "index annotations not supported for single platform export",
            hint="an image of one platform has no index; leave out index: to annotate its manifest",
        )
    if match[1].startswith("index") and match[2] is not None:
        hint = f"write {match[1]}:{name}={value}"
        raise UsageError(f"invalid --annotation {text!r}: an index is of no platform", hint=hint)
    try:
        return Annotation(match[1], name, value, Platform.parse(match[2]) if match[2] is not None else None)
    except ValueError as error:
        raise UsageError(f"invalid --annotation {text!r}: {error}", hint=_WRITE) from error
