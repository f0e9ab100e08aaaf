"""Two images, compared: config and manifest key by key, layer by layer, path by path, byte by byte."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.oci import document
from stagemill.oci.document import Json
from stagemill.values import dataclass
from stagemill.verify import documents, pair
from stagemill.verify.causes import facts, find
from stagemill.verify.difference import Cause, Change, Differences, FileDifference, KeyDifference, LayerDifference
from stagemill.verify.listing import Item, extract, listing
from stagemill.verify.pair import Pair
from stagemill.verify.side import Side

_OTHERWISE = Cause(
    "the same files, compressed otherwise",
    "the compressors are others: use the same version of stagemill and of its libraries, with the same compression",
)
_ORDER = Cause("the same files in another order", "build both with the same builder: this one sorts the names")
_HEADERS = Cause("the same files under other tar headers", "build both with the same builder")
_MISSING = Cause("a layer that only one of the images has", "is it the same Dockerfile, with the same arguments?")


class Places(Protocol):
    """Knows where the instructions stand that made layers and files."""

    def layer(self, number: int, /) -> Excerpt | None: ...
    def file(self, number: int, path: str, digest: Digest | None, /) -> Excerpt | None: ...


def compare(one: Side, other: Side, *, scratch: Path, places: Places) -> Differences:
    """All that differs; nothing for two manifests of one digest. `places` are those of the first image. Files are written to
    the empty directory `scratch`.

    Raises what reading the blobs raises.
    """
    if one.image.digest == other.image.digest:
        return Differences()
    layers, files = _Comparison(one, other, scratch, places).layers()
    return Differences(tuple(_keys(one, other)), tuple(layers), tuple(files))


def _keys(one: Side, other: Side) -> Iterator[KeyDifference]:
    """Without what only repeats that layers differ."""
    configs = (_shown(side.image.config_bytes, {"rootfs"}) for side in (one, other))
    yield from documents.differences(*configs)
    manifests = (_shown(side.image.manifest_bytes, {"config", "layers"}) for side in (one, other))
    yield from documents.differences(*manifests, key="manifest")


def _shown(data: bytes, without: Collection[str]) -> dict[str, Json]:
    found = document.parse_object(data, "a document of the image")
    return {key: value for key, value in found.items() if key not in without}


@dataclass(frozen=True, slots=True)
class _Comparison:
    one: Side
    other: Side
    scratch: Path
    places: Places

    def layers(self) -> tuple[list[LayerDifference], list[FileDifference]]:
        ours, theirs = (side.image.manifest.layers for side in (self.one, self.other))
        layers: list[LayerDifference] = []
        files: list[FileDifference] = []
        for number in range(max(len(ours), len(theirs))):
            if number >= min(len(ours), len(theirs)):
                text = f"only in {'the first' if len(ours) > len(theirs) else 'the second'} image"
                layers.append(LayerDifference(number, text, _MISSING, self.places.layer(number)))
            elif self.one.image.config.diff_ids[number] != self.other.image.config.diff_ids[number]:
                found = self._layer(number)
                files += found if isinstance(found, list) else []
                layers += [] if isinstance(found, list) else [found]
            elif ours[number].digest != theirs[number].digest:
                text = f"{ours[number].digest} and {theirs[number].digest}"
                layers.append(LayerDifference(number, text, _OTHERWISE, self.places.layer(number)))
        return layers, files

    def _layer(self, number: int) -> list[FileDifference] | LayerDifference:
        """The paths that differ, or what differs of a layer whose paths are all the same."""
        ours, theirs = (listing(side.blobs, side.image.manifest.layers[number]) for side in (self.one, self.other))
        lonely = [path for path in ours if path not in theirs], [path for path in theirs if path not in ours]
        found = [
            self._of_both(number, path, ours[path], theirs[path])
            if path in ours and path in theirs
            else self._of_one(number, path, ours.get(path), lonely)
            for path in sorted({*ours, *theirs}, key=_by_parts)
        ]
        changed = [each for each in found if each]
        if not changed:
            cause = _ORDER if list(ours) != list(theirs) else _HEADERS
            return LayerDifference(
                number, "the same paths with the same facts and bytes", cause, self.places.layer(number)
            )
        contents = self._contents(number, [each.path for each in changed if each.changes[-1].name == "bytes"])
        return [self._looked_into(each, *contents[each.path]) if each.path in contents else each for each in changed]

    def _of_both(self, layer: int, path: str, one: Item, other: Item) -> FileDifference | None:
        """What differs of a path, as far as its bytes are not needed to know it."""
        changes = tuple(_changes(one, other))
        if not changes:
            return None
        cause = facts.changed(change.name for change in changes)
        return FileDifference(path, layer, changes, None, cause, self.places.file(layer, path, one.digest))

    def _of_one(
        self, layer: int, path: str, one: Item | None, lonely: tuple[Sequence[str], Sequence[str]]
    ) -> FileDifference | None:
        """The same of a path that only one of them has; `lonely` are all such paths of both."""
        found = facts.alone(path, lonely[1] if one else lonely[0])
        if not one and found.partner:
            return None  # it is told with that one
        there = "there" if one else "not there"
        change = Change("path", there, found.partner or ("not there" if one else "there"))
        step = self.places.file(layer, path, one.digest if one else None)
        return FileDifference(path, layer, (change,), None, found.cause, step)

    def _contents(self, layer: int, paths: Sequence[str]) -> Mapping[str, tuple[Path, Path]]:
        """Where the bytes of some files are, of both images."""
        places = {
            path: (self.scratch / f"{layer}-{number}-one", self.scratch / f"{layer}-{number}-other")
            for number, path in enumerate(paths)
        }
        for which, side in enumerate((self.one, self.other)):
            wanted = {path: both[which] for path, both in places.items()}
            extract(side.blobs, side.image.manifest.layers[layer], wanted)
        return places

    def _looked_into(self, found: FileDifference, one: Path, other: Path) -> FileDifference:
        """With the first byte that differs, and the cause of that. The two files are removed."""
        offset = pair.first_difference(one, other)
        assert offset is not None, "the digests differ"
        built = (self.one.built, self.other.built)
        both = Pair(found.path, *pair.pieces(one, other, offset), built, found.step.text if found.step else "")
        at = pair.shown(one, other, offset)
        one.unlink()
        other.unlink()
        return replace(found, at=at, cause=find(both))


def _by_parts(path: str) -> list[str]:
    return path.split("/")


def _changes(one: Item, other: Item) -> Iterator[Change]:
    """What is not the same of a path; its bytes, where both have some, are the last."""
    for name, ours, theirs in zip(_FACTS, _facts(one), _facts(other), strict=True):
        if ours != theirs:
            yield Change(name, ours, theirs)
    if one.digest and other.digest and one.digest != other.digest:
        yield Change("bytes", one.digest, other.digest)


_FACTS = ("kind", "mode", "owner", "time", "size", "link", "device", "attributes")


def _facts(item: Item) -> tuple[str, ...]:
    entry = item.entry
    return (
        entry.kind if item.link is None else "hard link",
        f"{entry.mode:04o}",
        f"{entry.uid}:{entry.gid}",
        _time(entry.mtime_ns),
        str(entry.size),
        entry.target if item.link is None else item.link,
        "{}:{}".format(*entry.device),
        json.dumps({name: value.hex() for name, value in entry.xattrs}),
    )


def _time(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 10**9)
    try:
        text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return f"{nanoseconds} ns since 1970"
    return f"{text}.{fraction:09d}Z" if fraction else f"{text}Z"
