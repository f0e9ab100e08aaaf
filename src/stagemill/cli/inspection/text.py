"""An image at its place, for people. Source: buildx, `imagetools inspect`, whose lines begin the same, so that scripts find them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.cli.frame import table
from stagemill.cli.inspection.seen import Seen, SeenImage
from stagemill.dockerfile.source import printable
from stagemill.oci import document as json
from stagemill.places.node import Node

_WIDTH = 13


def text(seen: Seen) -> str:
    """Lines `Key: value`, and below them a block for each manifest of an index."""
    name = seen.name.removeprefix("docker://")
    lines = [*_line("Name", name), *_line("MediaType", seen.node.media_type), *_line("Digest", seen.node.digest)]
    lines += _annotations(json.string_map(seen.node.document, "annotations"))
    if not seen.node.is_index:
        lines += _about(seen.node, seen.single)
        return "\n".join(map(printable, lines))
    known = {image.node.digest: image for image in seen.images}
    lines += ["", "Manifests:"]
    for child in seen.node.children:
        block = [*_line("Name", f"{_repository(name)}@{child.digest}"), *_line("MediaType", child.media_type)]
        block += _about(child, known.get(child.digest))
        block += _annotations(json.string_map(child.entry, "annotations"))
        lines += [*(f"  {line}" for line in block), ""]
    return "\n".join(map(printable, lines)).rstrip("\n")


def _about(node: Node, image: SeenImage | None) -> Iterator[str]:
    platform = image.platform if image else node.descriptor.platform
    if platform:
        yield from _line("Platform", platform.full)
    if image is None:
        if not node.is_index:
            yield from _line("Config", node.config.media_type)
        return
    count = len(image.layers)
    yield from _line("Layers", f"{count} layer{'' if count == 1 else 's'}, {table.size(image.size)}")
    if created := json.text(image.config, "created", ""):
        yield from _line("Created", created)
    for predicate in dict.fromkeys(statement.predicate for statement in image.statements):
        yield from _line("Attestation", predicate)


def _annotations(annotations: Mapping[str, str]) -> Iterator[str]:
    if annotations:
        yield "Annotations:"
        width = max(map(len, annotations)) + 2
        yield from (f"  {f'{key}:'.ljust(width)}{value}" for key, value in sorted(annotations.items()))


def _line(key: str, value: str) -> Iterator[str]:
    yield f"{f'{key}:'.ljust(_WIDTH)}{value}"


def _repository(name: str) -> str:
    """The name without its tag."""
    head, slash, last = name.partition("@")[0].rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
