"""Composing: one index of the images of several sources, or of another's with changes. Source: buildx, util/imagetools/create.go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import NotFoundError, StagemillError
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.platform import Platform
from stagemill.places.node import Node
from stagemill.places.rewriting import SUBJECT, annotated, changed, renamed, serialize
from stagemill.places.source import Several, Source, small
from stagemill.values import dataclass

_DOCKERS = frozenset({media_types.DOCKER_MANIFEST, media_types.DOCKER_INDEX})


class Marks(Protocol):
    """Annotations, and what they are given to."""

    def manifest(self, platform: Platform, /) -> Iterable[tuple[str, str]]: ...

    def descriptor(self, platform: Platform, /) -> Iterable[tuple[str, str]]:
        """Those of the entry of an image in the index."""
        ...

    @property
    def index(self) -> Iterable[tuple[str, str]]: ...

    @property
    def index_descriptor(self) -> Iterable[tuple[str, str]]:
        """Those of what names the index, where something does: a layout."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """What was read of one source; `origins` are references of registries that have blobs of it."""

    node: Node
    source: Source
    origins: Mapping[Digest, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Composed:
    """An index as a source; of the blobs in `origins` a registry has the bytes."""

    node: Node
    source: Several
    origins: Mapping[Digest, str]


def compose(parts: Sequence[Part], marks: Marks, *, platforms: Sequence[Platform] = (), index: bool = True) -> Composed:
    """One index of all their images, in this order, each once, with what is said about them; or those for some platforms.

    One source that is changed in nothing stays as it is, and a manifest alone too where no `index` is preferred. Raises
    NotFoundError where a platform is missing, StagemillError for what is no image.
    """
    entries = list(_once(child for part in parts for child in _children(part)))
    chosen = _of_platforms(entries, platforms) if platforms else entries
    first = parts[0].node if len(parts) == 1 else None
    if first and chosen == list(first.children or entries) and (first.is_index or not index):
        made = first
    else:
        made = _index(chosen, parts, marks)
    made = marked(made, marks)
    return _composed(made, parts)


def _composed(node: Node, parts: Sequence[Part]) -> Composed:
    of_blob: dict[Digest, Source] = {}
    origins: dict[Digest, str] = {}
    for part in parts:
        origins = {**part.origins, **origins}
        for each in part.node.walk():
            for blob in each.blobs:
                of_blob.setdefault(blob.digest, part.source)
    documents = {each.digest: each.data for each in node.walk()}
    return Composed(node, Several(node.entry, documents, of_blob), origins)


def _children(part: Part) -> Iterator[Node]:
    """The manifests of an index, or the manifest, with the platform that its config says."""
    if part.node.is_index:
        yield from part.node.children
    elif part.node.is_image and not part.node.entry.get("platform"):
        yield replace(part.node, entry={**part.node.entry, "platform": _platform(part).to_json()})
    else:
        yield part.node


def _platform(part: Part) -> Platform:
    try:
        return Platform.from_json(json.parse_object(small(part.source, part.node.config), "the config"))
    except ValueError as error:
        hint = "push or make the image again"
        raise StagemillError(f"the config {part.node.config.digest} cannot be read: {error}", hint=hint) from error


def _once(nodes: Iterable[Node]) -> Iterator[Node]:
    """Each digest once, at its first place; what a later one says of it counts, and of its annotations all are kept."""
    found: dict[Digest, Node] = {}
    for node in nodes:
        before = found.get(node.digest)
        if before:
            entry = annotated({**before.entry, **node.entry}, before.descriptor.annotations)
            node = replace(node, entry=annotated(entry, node.descriptor.annotations))  # noqa: PLW2901 - what it is now
        found[node.digest] = node
    yield from found.values()


def _of_platforms(nodes: Sequence[Node], wanted: Sequence[Platform]) -> list[Node]:
    """The images for the platforms, and what is said about them."""
    images = [node for node in nodes if node.descriptor.platform in wanted]
    there = {node.descriptor.platform for node in images}
    if missing := [str(platform) for platform in wanted if platform not in there]:
        known = ", ".join(dict.fromkeys(str(node.descriptor.platform) for node in nodes if node.is_image)) or "none"
        raise NotFoundError(f"there is no image for {', '.join(missing)}", hint=f"there are images for {known}")
    kept = {node.digest for node in images}
    return [node for node in nodes if node.digest in kept or _subject(node) in kept]


def _subject(node: Node) -> str:
    return json.string_map(node.entry, "annotations").get(SUBJECT, "")


def _index(children: Sequence[Node], parts: Sequence[Part], marks: Marks) -> Node:
    """A new index; it is one of docker's where all that is in it is, and nothing that docker's have no place for."""
    docker = bool(children) and not list(marks.index) and all(_is_dockers(child, marks) for child in children)
    kind = media_types.DOCKER_INDEX if docker else media_types.INDEX
    document: json.JsonObject = {
        "schemaVersion": 2,
        "mediaType": kind,
        "manifests": [child.entry for child in children],
    }
    for part in parts:
        document = annotated(document, json.string_map(part.node.document, "annotations") if part.node.is_index else {})
    return Node.of(serialize(document), kind, children=tuple(children))


def _is_dockers(node: Node, marks: Marks) -> bool:
    platform = node.descriptor.platform
    has_annotations = bool(node.descriptor.annotations or (platform and list(marks.descriptor(platform))))
    return node.media_type in _DOCKERS and not has_annotations


def marked(node: Node, marks: Marks) -> Node:
    """An image or an index with annotations; what is in docker's format has none. Raises StagemillError."""

    def mark(each: Node, document: json.JsonObject) -> json.JsonObject:
        if not each.is_image:
            return document
        return _annotated(each, document, marks.manifest(each.descriptor.platform or Platform.local()))

    made = changed(node, mark)
    assert made is not None, "nothing is left out"
    children = tuple(
        _entered(child, marks.descriptor(child.descriptor.platform))
        if child.is_image and child.descriptor.platform
        else child
        for child in made.children
    )
    made = with_children(made, children)
    if made.is_index:
        made = renamed(made, _annotated(made, made.document, marks.index), made.children)
    return _entered(made, marks.index_descriptor)


def with_children(node: Node, children: tuple[Node, ...]) -> Node:
    """An index with other entries."""
    if children == node.children:
        return node
    return renamed(node, {**node.document, "manifests": [child.entry for child in children]}, children)


def entered(node: Node, digest: Digest, change: Callable[[json.JsonObject], json.JsonObject]) -> Node:
    """An index in which the entry of a manifest is changed."""
    return with_children(
        node,
        tuple(
            replace(child, entry=change(child.entry)) if child.digest == digest else child for child in node.children
        ),
    )


def without(node: Node, digest: Digest) -> Node:
    """An index without a manifest, and without what is said about it."""
    return with_children(node, tuple(each for each in node.children if digest not in {each.digest, _subject(each)}))


def _entered(node: Node, pairs: Iterable[tuple[str, str]]) -> Node:
    return replace(node, entry=annotated(node.entry, dict(pairs)))


def _annotated(node: Node, document: json.JsonObject, pairs: Iterable[tuple[str, str]]) -> json.JsonObject:
    more = dict(pairs)
    if more and node.media_type in _DOCKERS:
        hint = "stagemill copy --format oci makes an image of it that can have some"
        raise StagemillError(f"{node.digest} is in docker's format, which has no annotations", hint=hint)
    return annotated(document, more)
