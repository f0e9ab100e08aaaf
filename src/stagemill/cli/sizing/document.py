"""The report of `size` as JSON: bytes everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict

from stagemill.insight.contents import Weight
from stagemill.insight.image import ImageSize, LayerSize
from stagemill.insight.leftovers import Leftover
from stagemill.insight.mending import ADVICE
from stagemill.insight.size import SizeReport
from stagemill.insight.waste import Kind, Waste
from stagemill.oci.document import Json, whole

_DEPTH = 3


def of_build(report: SizeReport, size: ImageSize) -> dict[str, Json]:
    """What is built: each stage, and the image."""
    saving = report.saving
    return {
        "stages": [asdict(stage) for stage in report.stages],
        "total": report.total,
        "saving": {**asdict(saving), "percent": saving.percent} if saving else None,
        "image": of_image(size),
    }


def of_image(size: ImageSize) -> dict[str, Json]:
    """An image. `pulled` is the sum of its blobs, and `pulled` of its layers add up to that."""
    return {
        "name": size.name,
        "digest": size.digest,
        "pulled": size.blob,
        "tar": sum(layer.tar for layer in size.layers),
        "size": size.shown.size,
        "files": size.shown.files,
        "layers": [_layer(layer) for layer in size.layers],
        "directories": list(_directories(size)),
        "packages": [
            {"kind": each.ecosystem, "name": whole(each.name), "version": whole(each.version), "place": whole(each.place), **_weight(weight)}
            for each, weight in size.packages
        ],
        "waste": {**_weight(size.wasted), "kinds": _kinds(size), "entries": [_waste(each) for each in size.waste]},
    }  # fmt: skip


def _weight(weight: Weight) -> dict[str, Json]:
    return {"files": weight.files, "size": weight.size, "tar": weight.tar, "pulled": weight.blob}


def _layer(layer: LayerSize) -> Json:
    origin = layer.origin
    return {
        "digest": origin.digest,
        "step": whole(origin.text),
        "line": origin.line,
        "stage": origin.stage,
        "base": origin.base,
        "files": layer.weight.files,
        "size": layer.weight.size,
        "tar": layer.tar,
        "pulled": layer.blob,
        "waste": _weight(layer.waste),
    }


def _directories(size: ImageSize) -> Iterator[Json]:
    pending = [("", size.tree(), 0)]
    while pending:
        path, directory, depth = pending.pop()
        if path:
            yield {"path": whole(path), **_weight(directory.weight)}
        if depth < _DEPTH:
            below = [(f"{path}/{each.name}" if path else each.name, each, depth + 1) for each in directory.children]
            pending += reversed(below)


def _kinds(size: ImageSize) -> list[Json]:
    groups: defaultdict[Kind | Leftover, list[Waste]] = defaultdict(list)
    for each in size.waste:
        groups[each.kind].append(each)
    weighed = [(kind, Weight.of(each.placed.part for each in group)) for kind, group in groups.items()]
    return [
        {"kind": kind, "advice": ADVICE[kind], **_weight(weight)}
        for kind, weight in sorted(weighed, key=lambda item: (-item[1].blob, item[0]))
    ]


def _waste(each: Waste) -> Json:
    part = each.placed.part
    return {
        "kind": each.kind,
        "path": whole(part.path),
        "size": part.entry.size,
        "tar": part.tar,
        "pulled": part.blob,
        "layer": each.placed.layer,
        "by": each.by,
        "because": whole(each.because),
    }
