"""Trees as values, and as the JSON of cache records."""

from __future__ import annotations

import json

import pytest

from stagemill.digest import Digest
from stagemill.execute.tree import Tree, TreeLayer

BASE = TreeLayer("chain", Digest.of(b"base"))
OWN = TreeLayer("layer", Digest.of(b"own"), "2023-11-14T22:13:20.000000Z")


def test_a_layer_on_top_makes_another_tree() -> None:
    below = Tree((BASE,))

    tree = below.on_top(OWN)

    assert (below, tree) == (Tree((BASE,)), Tree((BASE, OWN)))


@pytest.mark.parametrize("tree", [Tree(), Tree((BASE,)), Tree((BASE, OWN))])
def test_a_tree_comes_back_from_json(tree: Tree) -> None:
    assert Tree.from_json(json.loads(json.dumps(tree.to_json()))) == tree


@pytest.mark.parametrize("value", [None, {}, "text", 1])
def test_what_is_no_array_is_no_tree(value: object) -> None:
    with pytest.raises(TypeError):
        Tree.from_json(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "item", [1, [], ["layer"], ["layer", "sha256:x", ""], ["other", Digest.of(b""), ""], ["layer", Digest.of(b""), 1]]
)
def test_what_is_no_layer_is_refused(item: object) -> None:
    with pytest.raises(ValueError):
        Tree.from_json([item])  # type: ignore[list-item]
