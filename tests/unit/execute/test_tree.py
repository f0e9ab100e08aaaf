"""Trees as values, and as the text of cache records."""

from __future__ import annotations

import json

import pytest

from stagemill.digest import Digest
from stagemill.execute.tree import Tree, TreeLayer, Trees

BASE = TreeLayer("chain", Digest.of(b"base"))
OWN = TreeLayer("layer", Digest.of(b"own"), "2023-11-14T22:13:20.000000Z")


def test_a_layer_on_top_makes_another_tree() -> None:
    below = Tree((BASE,))

    tree = below.on_top(OWN)

    assert (below, tree) == (Tree((BASE,)), Tree((BASE, OWN)))


@pytest.mark.parametrize("tree", [Tree(), Tree((BASE,)), Tree((BASE, OWN))])
def test_a_tree_comes_back_from_its_text(tree: Tree) -> None:
    assert Trees().parse(tree.serialize()) == tree


def test_the_text_of_a_tree_is_json_with_the_time_of_each_layer() -> None:
    assert json.loads(Tree((BASE, OWN)).serialize()) == [
        ["chain", BASE.digest, ""],
        ["layer", OWN.digest, "2023-11-14T22:13:20.000000Z"],
    ]
    assert Trees().parse(Tree((OWN,)).serialize()).layers[0].created == OWN.created


def test_a_layer_that_several_trees_have_is_one_object() -> None:
    trees = Trees()

    below, above = trees.parse(Tree((BASE,)).serialize()), trees.parse(Tree((BASE, OWN)).serialize())

    assert below.layers[0] is above.layers[0]


def test_pairs_are_the_form_and_the_name_of_each_layer() -> None:
    assert Trees().pairs(Tree((BASE, OWN)).serialize()) == [("chain", BASE.digest), ("layer", OWN.digest)]


@pytest.mark.parametrize("text", ["", "null", "{}", '"text"', "1", "[", "[[", "[[]", "[[]]", "[[[]]]", "[1]"])
def test_what_is_no_array_of_arrays_is_no_tree(text: str) -> None:
    with pytest.raises(ValueError):
        Trees().parse(text)


@pytest.mark.parametrize(
    "item", [["layer"], ["layer", "sha256:x", ""], ["other", Digest.of(b""), ""], ["layer", Digest.of(b""), 1]]
)
def test_what_is_no_layer_is_refused(item: object) -> None:
    with pytest.raises(ValueError):
        Trees().parse(json.dumps([item], separators=(",", ":")))
