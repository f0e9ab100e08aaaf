"""Two images, compared: config and manifest key by key, layer by layer, path by path, byte by byte."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

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


def compare(one: Side, other: Side, *, scratch: Path, commands: Sequence[Excerpt | None] = ()) -> Differences:
    """All that differs; nothing for two manifests of one digest. `commands` are the places of the instructions that made
    the layers, as far as they are known. Files are written to the empty directory `scratch`.

    Raises what reading the blobs raises.
    """
    if one.image.digest == other.image.digest:
        return Differences()
    comparison = _Comparison(one, other, scratch, commands)
    layers, files = comparison.layers()
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
    commands: Sequence[Excerpt | None]

    def layers(self) -> tuple[list[LayerDifference], list[FileDifference]]:
        ours, theirs = (side.image.manifest.layers for side in (self.one, self.other))
        layers: list[LayerDifference] = []
        files: list[FileDifference] = []
        for number in range(max(len(ours), len(theirs))):
            if number >= min(len(ours), len(theirs)):
                text = f"only in {'the first' if len(ours) > len(theirs) else 'the second'} image"
                layers.append(LayerDifference(number, text, _MISSING, self._command(number)))
            elif self.one.image.config.diff_ids[number] != self.other.image.config.diff_ids[number]:
                found = self._layer(number)
                files += found if isinstance(found, list) else []
                layers += [] if isinstance(found, list) else [found]
            elif ours[number].digest != theirs[number].digest:
                text = f"{ours[number].digest} and {theirs[number].digest}"
                layers.append(LayerDifference(number, text, _OTHERWISE, self._command(number)))
        return layers, files

    def _command(self, layer: int) -> Excerpt | None:
        return self.commands[layer] if layer < len(self.commands) else None

    def _layer(self, number: int) -> list[FileDifference] | LayerDifference:
        """The paths that differ, or what differs of a layer whose paths are all the same."""
        ours, theirs = (listing(side.blobs, side.image.manifest.layers[number]) for side in (self.one, self.other))
        missing = {
            "there": [path for path in theirs if path not in ours],
            "not there": [path for path in ours if path not in theirs],
        }
        found = [
            FileDifference(path, number, changes, digest=ours[path].digest if path in ours else None)
            for path in sorted({*ours, *theirs}, key=lambda path: path.split("/"))
            if (changes := tuple(_changes(ours.get(path), theirs.get(path))))
        ]
        if not found:
            cause = _ORDER if list(ours) != list(theirs) else _HEADERS
            return LayerDifference(number, "the same paths with the same facts and bytes", cause, self._command(number))
        offsets = self._contents(number, [each.path for each in found if any(c.name == "bytes" for c in each.changes)])
        return [self._explained(each, offsets.get(each.path), missing) for each in found]

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

    def _explained(
        self, found: FileDifference, places: tuple[Path, Path] | None, missing: Mapping[str, Sequence[str]]
    ) -> FileDifference:
        command = self._command(found.layer)
        names = {change.name for change in found.changes}
        if "path" in names:
            return replace(found, cause=facts.alone(found.path, missing[found.changes[0].one]), step=command)
        if places is None:
            return replace(found, cause=facts.changed(names), step=command)
        offset = pair.first_difference(*places)
        assert offset is not None, "the digests differ"
        one, other, first, whole = pair.pieces(*places, offset)
        built = (self.one.built, self.other.built)
        both = Pair(found.path, one, other, first, whole, built, command.text if command else "")
        at = pair.shown(*places, offset)
        for place in places:
            place.unlink()
        return replace(found, at=at, cause=find(both), step=command)


def _changes(one: Item | None, other: Item | None) -> Iterator[Change]:
    """What is not the same of a path."""
    if one is None or other is None:
        yield Change("path", "there" if one else "not there", "there" if other else "not there")
        return
    for name, ours, theirs in zip(_FACTS, _facts(one), _facts(other), strict=True):
        if ours != theirs:
            yield Change(name, ours, theirs)


_FACTS = ("kind", "mode", "owner", "time", "size", "link", "device", "attributes", "bytes")


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
        str(item.digest or ""),
    )


def _time(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 10**9)
    try:
        text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return f"{nanoseconds} ns since 1970"
    return f"{text}.{fraction:09d}Z" if fraction else f"{text}Z"
