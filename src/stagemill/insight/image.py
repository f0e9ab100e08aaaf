"""`ImageSize`: what an image's layers, directories and packages take, and how much of it is waste; it adds up to the byte.

The weights of all layers, each with the rest that no entry has, are the sizes of the blobs. What is shown, what is hidden,
directories that are there several times and the marks of deletions are together all entries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType

from stagemill.digest import Digest
from stagemill.insight.contents import Contents, Placed, Weight, contents
from stagemill.insight.development import development
from stagemill.insight.ownership import Installed, owners, told
from stagemill.insight.survey import Survey
from stagemill.insight.waste import Waste, waste
from stagemill.values import dataclass

NO_LOCKS: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a layer: the instruction, and where a build knows it its line and its stage. `base` is another image's name."""

    digest: Digest
    text: str
    line: int = 0
    stage: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True)
class LayerSize:
    """`weight` is that of all entries, `rest` what the end of the archive takes, `waste` what of the entries is waste."""

    origin: Origin
    weight: Weight
    rest: Weight
    waste: Weight

    @property
    def blob(self) -> int:
        """The size of the blob, to the byte."""
        return self.weight.blob + self.rest.blob

    @property
    def tar(self) -> int:
        return self.weight.tar + self.rest.tar


@dataclass(frozen=True, slots=True)
class Directory:
    """What is shown in a directory and below it; `name` is that of the last component, "" for the root.

    `own` is the weight of the files that lie right in it, and of its own entry.
    """

    name: str
    weight: Weight
    own: Weight
    children: tuple[Directory, ...]


@dataclass(frozen=True, slots=True)
class ImageSize:
    """`layers` the lowest first; `packages` by what they take on disk; `waste` as it was found. `digest` is None where nobody
    knows it.
    """

    name: str
    digest: Digest | None
    layers: tuple[LayerSize, ...]
    shown: Weight
    packages: tuple[tuple[Installed, Weight], ...]
    waste: tuple[Waste, ...]
    contents: Contents = field(repr=False)
    owners: Mapping[str, Installed] = field(repr=False, hash=False)

    @property
    def blob(self) -> int:
        """Bytes of all blobs of layers: what is pulled where none of them is there."""
        return sum(layer.blob for layer in self.layers)

    @property
    def wasted(self) -> Weight:
        return Weight.of(each.placed.part for each in self.waste)

    def tree(self) -> Directory:
        """What is shown, by directories; children by name."""
        return _tree(self.contents)


def weigh_image(
    name: str,
    digest: Digest,
    origins: Sequence[Origin],
    surveys: Sequence[Survey],
    *,
    locks: Mapping[str, bytes] = NO_LOCKS,
) -> ImageSize:
    """The report for the layers of an image, the lowest first. `locks` are lock files by the paths at which it would have them."""
    found = contents([survey.measure for survey in surveys])
    whose = owners(found, surveys)
    locked = development({**locks, **told(found, surveys)}, whose.values())
    wasted = tuple(waste(found, whose, locked))
    per_layer: defaultdict[int, list[Waste]] = defaultdict(list)
    for each in wasted:
        per_layer[each.placed.layer].append(each)
    layers = tuple(
        LayerSize(
            origin,
            Weight.of(survey.measure.parts),
            Weight(0, 0, survey.measure.rest_tar, survey.measure.rest_blob),
            Weight.of(each.placed.part for each in per_layer[number]),
        )
        for number, (origin, survey) in enumerate(zip(origins, surveys, strict=True))
    )
    shown = Weight.of(placed.part for placed in found.shown.values())
    return ImageSize(name, digest, layers, shown, _packages(found, whose), wasted, found, whose)


def _packages(found: Contents, whose: Mapping[str, Installed]) -> tuple[tuple[Installed, Weight], ...]:
    parts: defaultdict[Installed, list[Placed]] = defaultdict(list)
    for path, package in whose.items():
        parts[package].append(found.shown[path])
    weighed = [(package, Weight.of(placed.part for placed in each)) for package, each in parts.items()]
    return tuple(sorted(weighed, key=lambda item: (-item[1].size, item[0].ecosystem, item[0].name, item[0].place)))


def _tree(found: Contents) -> Directory:
    own: defaultdict[str, list[Placed]] = defaultdict(list)
    below: defaultdict[str, set[str]] = defaultdict(set)
    for path, placed in found.shown.items():
        directory = path if placed.part.entry.kind == "dir" else path.rpartition("/")[0]
        own[directory].append(placed)
        while directory and directory not in below[parent := directory.rpartition("/")[0]]:
            below[parent].add(directory)
            directory = parent
    made: dict[str, Directory] = {}
    for path in sorted({"", *own, *(child for each in below.values() for child in each)}, key=_deepest_first):
        children = tuple(made.pop(child) for child in sorted(below[path]))
        weight = Weight.of(placed.part for placed in own[path])
        made[path] = Directory(path.rpartition("/")[2], _sum(weight, children), weight, children)
    return made[""]


def _deepest_first(path: str) -> int:
    return -(path.count("/") + 1 if path else 0)


def _sum(weight: Weight, children: Iterable[Directory]) -> Weight:
    for child in children:
        weight += child.weight
    return weight
