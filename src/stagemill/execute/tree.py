"""`Tree`, the result of an operation: layers on top of each other, by name; and `ContextFiles`, what the user sent."""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from stagemill.digest import Digest
from stagemill.files.view import FileView
from stagemill.oci import document as json
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class TreeLayer:
    """A layer by its name: a `layer` of the store by its index, or a base's layer by its `chain` id.

    A base's layer need not be on this machine; `created` (RFC 3339) is empty for it, its time stands in its image. Two that
    differ only in it are the same layer.
    """

    form: Literal["layer", "chain"]
    digest: Digest
    created: str = field(default="", compare=False)


def timestamp(seconds: float) -> str:
    """RFC 3339, in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class Tree:
    """A file tree as a stack of layers, the lowest first."""

    layers: tuple[TreeLayer, ...] = ()

    def on_top(self, layer: TreeLayer) -> Tree:
        return Tree((*self.layers, layer))

    def to_json(self) -> json.Json:
        return [[layer.form, layer.digest, layer.created] for layer in self.layers]

    @classmethod
    def from_json(cls, value: json.Json) -> Tree:
        """Raises ValueError for what is no tree."""
        if not isinstance(value, list):
            raise TypeError("a tree is an array")
        return cls(tuple(_layer(item) for item in value))


@dataclass(frozen=True, slots=True, eq=False)
class ContextFiles:
    """The files of a context, where they lie."""

    view: FileView


Result: TypeAlias = Tree | ContextFiles


def _layer(item: json.Json) -> TreeLayer:
    match item:
        case ["layer", str(digest), str(created)]:
            return TreeLayer("layer", Digest(digest), created)
        case ["chain", str(digest), str(created)]:
            return TreeLayer("chain", Digest(digest), created)
        case _:
            raise ValueError(f"no layer of a tree: {item!r}")
