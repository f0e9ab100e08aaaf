"""`Node`: a manifest or an index with all that it reaches, as bytes: what is copied is never written anew.

Nothing here asks what a manifest is of. Attestations, signatures and charts are copied as images are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field, replace
from functools import partial
from threading import Event

from stagemill.digest import Digest
from stagemill.errors import NotFoundError, StagemillError
from stagemill.execute.parallel import threads
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.choice import candidates, choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

DEEPEST = 4
_PARALLEL = 4
Fetch = Callable[[Descriptor], bytes]
"""The bytes of the document that a descriptor names, checked."""


@dataclass(frozen=True, slots=True)
class Node:
    """`entry` is what names it: the descriptor as JSON, with keys that we do not know; of an index `children` are its manifests."""

    entry: json.JsonObject = field(hash=False)
    data: bytes
    children: tuple[Node, ...] = ()

    @classmethod
    def of(cls, data: bytes, media_type: str, *, children: tuple[Node, ...] = ()) -> Node:
        """One that nothing names yet."""
        return cls(Descriptor(media_type, Digest.of(data), len(data)).to_json(), data, children)

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor.from_json(self.entry)

    @property
    def digest(self) -> Digest:
        return self.descriptor.digest

    @property
    def media_type(self) -> str:
        return self.descriptor.media_type

    @property
    def is_index(self) -> bool:
        return self.media_type in media_types.INDEXES

    @property
    def document(self) -> json.JsonObject:
        return json.parse_object(self.data, "the index" if self.is_index else "the manifest")

    @property
    def config(self) -> Descriptor:
        """Of a manifest."""
        return Descriptor.from_json(json.obj(self.document, "config"))

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """The layers and the config of a manifest, but for layers that are not to be handed on (of Windows)."""
        if self.is_index:
            return ()
        layers = [Descriptor.from_json(layer) for layer in json.objects(self.document, "layers")]
        return (*(layer for layer in layers if layer.media_type not in media_types.FOREIGN), self.config)

    @property
    def is_image(self) -> bool:
        """Whether it can be run: neither an attestation nor an index."""
        return (
            not self.is_index and bool(candidates((self.descriptor,))) and self.config.media_type in media_types.CONFIGS
        )

    def walk(self) -> Iterator[Node]:
        """Itself and all below, what is named before what names it, each once."""
        found: dict[Digest, Node] = {}
        for child in self.children:
            for node in child.walk():
                found.setdefault(node.digest, node)
        yield from found.values()
        if self.digest not in found:
            yield self

    def images(self) -> tuple[Node, ...]:
        """The images in it, or itself."""
        return tuple(node for node in self.walk() if node.is_image)

    def pick(self, platform: Platform | None) -> Node | None:
        """The image for a platform, of those at hand; None: this machine's, or the only one there is."""
        if not self.is_index:
            return self
        chosen = choose([child.descriptor for child in self.children], platform)
        found = next((child for child in self.children if chosen and child.digest == chosen.digest), None)
        return found.pick(platform) if found else None


def read(entry: json.JsonObject, fetch: Fetch, *, platform: Platform | None = None, where: str) -> Node:
    """What a descriptor names, whole; with a platform only the image for that, and nothing else is asked for.

    Raises NotFoundError where there is none for the platform, StagemillError for what cannot be read, what `fetch` raises.
    """
    try:
        return _read(entry, fetch, platform=platform, where=where, depth=DEEPEST)
    except ValueError as error:
        hint = "push or make the image again"
        raise StagemillError(f"{where} holds no image that can be read: {error}", hint=hint) from error


def _read(entry: json.JsonObject, fetch: Fetch, *, platform: Platform | None, where: str, depth: int) -> Node:
    data = fetch(Descriptor.from_json(entry))
    node = Node({**entry, "mediaType": _kind(entry, data)}, data)
    _check(node)
    if not node.is_index:
        return node
    if not depth:
        raise json.MalformedError("it is an index in an index in an index ...")
    entries = json.objects(node.document, "manifests")
    if platform is None:
        below = partial(_read, fetch=fetch, platform=None, where=where, depth=depth - 1)
        with threads(_PARALLEL, name="read", stopped=Event()) as pool:
            return replace(node, children=tuple(pool.map(below, entries)))
    chosen = _chosen(entries, platform, where)
    return _read(chosen, fetch, platform=platform, where=where, depth=depth - 1)


def _check(node: Node) -> None:
    """Raises MalformedError here for what nobody looks at before it is too late."""
    json.string_map(node.document, "annotations")
    list(node.blobs)


def _chosen(entries: tuple[json.JsonObject, ...], platform: Platform, where: str) -> json.JsonObject:
    named = [Descriptor.from_json(each) for each in entries]
    chosen = choose(named, platform)
    if chosen is None:
        there = ", ".join(sorted({str(each.platform) for each in candidates(named) if each.platform}))
        hint = f"it has {there}: choose one with --platform" if there else "it has no image at all"
        raise NotFoundError(f"{where} has no image for {platform}", hint=hint)
    return entries[named.index(chosen)]


def _kind(entry: json.JsonObject, data: bytes) -> str:
    """The media type of a document: what it says itself, else what names it, else what its shape tells.

    One that could be read as both is refused. Source: OCI image-spec's advisory GHSA-77vh-xpmg-72qh.
    """
    document = json.parse_object(data, "the manifest")
    if json.integer(document, "schemaVersion", 2) != 2:
        raise json.MalformedError("it is in Docker's old format (schema 1), which is no longer read")
    said = (json.text(document, "mediaType", ""), json.text(entry, "mediaType", ""))
    shape = media_types.INDEX if "manifests" in document else media_types.MANIFEST if "config" in document else ""
    kind = next((each for each in said if each in media_types.MANIFESTS | media_types.INDEXES), shape)
    if not kind:
        raise json.MalformedError(f"{said[1] or 'a file'} is no manifest")
    others = {"config", "layers"} if kind in media_types.INDEXES else {"manifests"}
    if others & document.keys():
        raise json.MalformedError("it is a manifest and an index at once")
    return kind
