"""Entries of an index: which one is meant, and what a command line changes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from stagemill.cli.frame.environment import Workplace
from stagemill.cli.given.annotations import Annotations
from stagemill.digest import Digest
from stagemill.errors import NotFoundError, StagemillError, UsageError
from stagemill.events import Listener
from stagemill.oci import document as json
from stagemill.oci.platform import Platform
from stagemill.places.address import Address, InRegistry, InStore
from stagemill.places.node import Node
from stagemill.regex import regex
from stagemill.values import dataclass

_DIGITS = regex(r"(?:sha256:)?([0-9a-f]{4,64})")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of an entry: keys of its platform, and annotations; `annotations` are those of the whole."""

    platform: dict[str, json.Json] = field(default_factory=dict, hash=False)
    entry: dict[str, str] = field(default_factory=dict, hash=False)
    annotations: Annotations = Annotations()

    def applied(self, node: Node, digest: Digest | None) -> Node:
        """The index with the change; without a digest only what is annotated by its place. Raises StagemillError."""
        from stagemill.places.composing import entered, marked
        from stagemill.places.rewriting import annotated

        def change(entry: json.JsonObject) -> json.JsonObject:
            platform = {**json.obj(entry, "platform"), **self.platform}
            if platform and not {"os", "architecture"} <= platform.keys():
                raise UsageError("a platform has an os and an architecture", hint="give --os and --arch")
            return annotated({**entry, "platform": platform} if platform else entry, self.entry)

        return marked(entered(node, digest, change) if digest else node, self.annotations)


@dataclass(frozen=True, slots=True)
class Editing:
    """An index at an address, which is written there again."""

    place: Workplace
    listener: Listener
    address: Address

    def edit(self, change: Callable[[Node], Node]) -> Digest:
        """The index's digest afterwards. Raises StagemillError; then it is as it was."""
        from stagemill.cli.named.sending import Sending, opened, origins, read
        from stagemill.places.source import Several

        if isinstance(self.address, InRegistry) and self.address.reference.digest:
            raise UsageError(f"{self.address} cannot be changed: it is named by its digest", hint="name it by a tag")
        with opened(self.address, self.place) as source:
            node = read(source, self.address)
            if not node.is_index:
                hint = "stagemill index create makes an index of it"
                raise StagemillError(f"{self.address} is no index, but one image", hint=hint)
            made = change(node)
            if made != node:
                documents = {each.digest: each.data for each in made.walk()}
                blobs = {blob.digest: source for each in node.walk() for blob in each.blobs}
                changed = Several(made.entry, documents, blobs)
                later = origins(self.address, node, self.place)
                Sending(self.place, changed, str(self.address), self.listener, later=later).send(made, [self.address])
                if isinstance(self.address, InStore):
                    self.place.store.images.forget(node.digest)  # what it was before needs no name of its own
            return made.digest


def find(node: Node, text: str, *, named: Callable[[str], Digest]) -> Digest:
    """The manifest of an index that is meant: by its digest, the beginning of that, its platform, or by a name elsewhere.

    Raises NotFoundError, and UsageError where several are meant.
    """
    match = _DIGITS.fullmatch(text)
    found = [child.digest for child in node.children if match and child.digest.hex.startswith(match[1])]
    found = found or [child.digest for child in node.children if _is_platform(child, text)]
    if not found:
        digest = None if match else named(text)
        found = [child.digest for child in node.children if child.digest == digest]
    if len(found) > 1:
        raise UsageError(f"{text} means several manifests", hint=f"give a digest: {', '.join(found)}")
    if not found:
        there = ", ".join(f"{child.digest} ({child.descriptor.platform or 'no platform'})" for child in node.children)
        raise NotFoundError(
            f"{text} is not in the index", hint=f"it has {there}" if there else "it has no image at all"
        )
    return found[0]


def _is_platform(node: Node, text: str) -> bool:
    try:
        return "/" in text and Platform.parse(text) == node.descriptor.platform
    except ValueError:
        return False
