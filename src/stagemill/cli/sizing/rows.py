"""What `size --by` lists: rows with fields for templates, each by what it takes, the heaviest first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from stagemill.cli.frame import table
from stagemill.cli.progress.text import clip
from stagemill.dockerfile.source import printable
from stagemill.insight.contents import Weight
from stagemill.insight.image import Directory, ImageSize, Origin
from stagemill.insight.size import SizeReport
from stagemill.insight.waste import Kind, Waste
from stagemill.oci.document import whole
from stagemill.template.values import Value

Row: TypeAlias = Mapping[str, Value]
_TEXT = 58
_TURNING = re.compile("[\t\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def steps(size: ImageSize) -> Iterator[Row]:
    """In the order of the layers."""
    for number, layer in enumerate(size.layers):
        yield {
            **_fields(Weight(layer.weight.files, layer.weight.size, layer.tar, layer.blob)),
            "Layer": number,
            "Step": step(layer.origin),
            "Line": layer.origin.line,
            "Stage": layer.origin.stage,
            "Base": layer.origin.base,
            "Digest": layer.origin.digest,
            "Waste": table.size(layer.waste.blob),
            "WasteBytes": layer.waste.blob,
        }


def directories(size: ImageSize, depth: int) -> Iterator[Row]:
    """Those that lie that deep or less; the files of one are those of all below."""
    found = sorted(_walk(size.tree(), "", depth), key=lambda item: (-item[1].weight.size, item[0]))
    yield from ({**_fields(each.weight), "Directory": f"/{whole(path)}"} for path, each in found)


def _walk(directory: Directory, above: str, depth: int) -> Iterator[tuple[str, Directory]]:
    for child in directory.children:
        path = f"{above}/{child.name}" if above else child.name
        yield path, child
        if depth > 1:
            yield from _walk(child, path, depth - 1)


def packages(size: ImageSize) -> Iterator[Row]:
    for package, weight in size.packages:
        yield {
            **_fields(weight),
            "Kind": str(package.ecosystem),
            "Package": whole(package.name),
            "Version": whole(package.version),
            "Place": f"/{whole(package.place)}" if package.place else "",
        }


def files(size: ImageSize) -> Iterator[Row]:
    """Those that are shown."""
    found = [placed for placed in size.contents.shown.values() if placed.part.entry.kind != "dir"]
    for placed in sorted(found, key=lambda placed: (-placed.part.entry.size, placed.part.path)):
        origin = size.layers[placed.layer].origin
        yield {**_fields(Weight.of([placed.part])), "Path": f"/{whole(placed.part.path)}", "Step": step(origin)}


def wasted(size: ImageSize) -> Iterator[Row]:
    """Every path that is waste."""
    for each in sorted(size.waste, key=lambda each: (-each.placed.part.blob, each.placed.part.path)):
        part = each.placed.part
        yield {
            **_fields(Weight.of([part])),
            "Kind": str(each.kind),
            "Path": f"/{whole(part.path)}",
            "Step": step(size.layers[each.placed.layer].origin),
            "By": "" if each.by is None else step(size.layers[each.by].origin),
            "Because": f"/{whole(each.because)}" if each.because else "",
        }


def copies(size: ImageSize) -> Iterator[Row]:
    """Files that are there several times, by the path of the one that counts as the original."""
    groups: defaultdict[str, list[Waste]] = defaultdict(list)
    for each in size.waste:
        if each.kind is Kind.COPY:
            groups[each.because].append(each)
    weighed = [(Weight.of(each.placed.part for each in group), path) for path, group in groups.items()]
    for weight, path in sorted(weighed, key=lambda item: (-item[0].size, item[1])):
        yield {**_fields(weight), "Path": f"/{whole(path)}", "Copies": weight.files}


def stages(report: SizeReport) -> Iterator[Row]:
    """In the order of the file, in bytes on disk."""
    for each in report.stages:
        yield {
            "Stage": each.title,
            "Base": each.base_name,
            "Own": table.size(each.own),
            "Total": table.size(each.total),
            "Carried": table.size(each.carried),
            "OwnBytes": each.own,
            "TotalBytes": each.total,
            "CarriedBytes": each.carried,
        }


def step(origin: Origin) -> str:
    """What made a layer, on a line: where it stands, and its text."""
    if origin.base:
        return f"FROM {visible(origin.base)}"
    place = f"{visible(origin.stage)}:{origin.line} " if origin.stage else ""
    return place + cut(origin.text or "?")


def cut(text: str) -> str:
    """On one line, and not too long for a table."""
    return clip(visible(" ".join(text.split())), _TEXT)


def visible(text: str) -> str:
    """What names and texts of others are for a terminal: characters, and nothing that moves, colours or turns what is around."""
    return _TURNING.sub("\ufffd", printable(text))


def harmless(listed: Iterable[Row]) -> Iterator[Row]:
    """The same rows for a terminal."""
    for row in listed:
        yield {key: visible(value) if isinstance(value, str) else value for key, value in row.items()}


def _fields(weight: Weight) -> dict[str, Value]:
    """What every row has: for people, and exact."""
    return {
        "Files": weight.files,
        "Size": table.size(weight.size),
        "Pulled": table.size(weight.blob),
        "Bytes": weight.size,
        "TarBytes": weight.tar,
        "PulledBytes": weight.blob,
    }


View: TypeAlias = Callable[[ImageSize], Iterator[Row]]
HEADS = {
    "Files": "FILES", "Size": "ON DISK", "Pulled": "PULLED", "Bytes": "BYTES", "TarBytes": "TAR BYTES", "PulledBytes": "PULLED BYTES",
    "Layer": "LAYER", "Step": "STEP", "Line": "LINE", "Stage": "STAGE", "Base": "BASE", "Digest": "DIGEST", "Waste": "WASTE",
    "WasteBytes": "WASTE BYTES", "Directory": "DIRECTORY", "Kind": "KIND", "Package": "PACKAGE", "Version": "VERSION",
    "Own": "OWN", "Total": "TOTAL", "Carried": "CARRIED", "OwnBytes": "OWN BYTES", "TotalBytes": "TOTAL BYTES",
    "CarriedBytes": "CARRIED BYTES", "Place": "PLACE", "Path": "PATH", "By": "BY", "Because": "BECAUSE", "Copies": "COPIES",
}  # fmt: skip
TABLES = {
    "stage": "{{.Own}}\t{{.Total}}\t{{.Carried}}\t{{.Stage}}\t{{.Base}}",
    "step": "{{.Pulled}}\t{{.Size}}\t{{.Waste}}\t{{.Files}}\t{{.Step}}",
    "directory": "{{.Size}}\t{{.Pulled}}\t{{.Files}}\t{{.Directory}}",
    "package": "{{.Size}}\t{{.Pulled}}\t{{.Files}}\t{{.Kind}}\t{{.Package}}\t{{.Version}}",
    "file": "{{.Size}}\t{{.Pulled}}\t{{.Path}}\t{{.Step}}",
    "waste": "{{.Pulled}}\t{{.Size}}\t{{.Kind}}\t{{.Path}}\t{{.Step}}\t{{.By}}",
    "duplicate": "{{.Size}}\t{{.Pulled}}\t{{.Copies}}\t{{.Path}}",
}


def view(by: str, size: ImageSize, *, depth: int) -> Iterator[Row]:
    """The rows of a view by its name in `TABLES`, but for stages, which an image has not."""
    match by:
        case "directory":
            return directories(size, depth)
        case "package":
            return packages(size)
        case "file":
            return files(size)
        case "waste":
            return wasted(size)
        case "duplicate":
            return copies(size)
        case _:
            return steps(size)
