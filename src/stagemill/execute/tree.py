"""`Tree`, the result of an operation: layers on top of each other, by name; and `ContextFiles`, what the user sent."""

from __future__ import annotations

import json as json_module
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

    def serialize(self) -> str:
        """As the store keeps it: JSON, an array for each layer."""
        rows = [[layer.form, layer.digest, layer.created] for layer in self.layers]
        return json_module.dumps(rows, separators=(",", ":"))


class Trees:
    """Reads trees as the store keeps them. A layer that several have is made once: of five hundred steps, the results have
    a hundred and twenty-five thousand.
    """

    def __init__(self) -> None:
        self._known: dict[str, TreeLayer] = {}

    def parse(self, text: str) -> Tree:
        """The tree that was serialized. Raises ValueError for what is no tree."""
        if text == "[]":
            return Tree()
        if not (text.startswith("[[") and text.endswith("]]")):
            raise ValueError("a tree is an array of arrays")
        # No name, digest or time has a bracket in it, so that the rows can be told apart without reading them.
        rows = text[2:-2].split("],[")
        known = self._known
        return Tree(tuple([known.get(row) or self._read(row) for row in rows]))

    def pairs(self, text: str) -> list[tuple[str, Digest]]:
        """The form and the name of each layer. Raises ValueError."""
        return [(layer.form, layer.digest) for layer in self.parse(text).layers]

    def _read(self, row: str) -> TreeLayer:
        layer = self._known[row] = _layer(json_module.loads(f"[{row}]"))
        return layer


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
