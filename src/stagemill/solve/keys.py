"""`CacheKey`: what must be equal for a result to be reused, with the ingredients that explain a miss.

A vertex has two keys. Its *definition key* is `vertex.digest` and costs nothing. Its *canonical key* is made once its
inputs have results: an input whose edge selects paths counts with their content, any other with its own canonical key.
So a stage that was rebuilt to the same output disturbs nothing after it. Source: DESIGN.md 4.
"""

from __future__ import annotations

from collections.abc import Sequence

from stagemill.digest import Canonical, Digest
from stagemill.graph.vertex import Vertex
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class CacheKey:
    """`digest` is `Digest.of_value(ingredients)`; the form of the ingredients is pinned by a golden test."""

    digest: Digest
    ingredients: Canonical


def cache_key(vertex: Vertex, inputs: Sequence[Digest]) -> CacheKey:
    """The canonical key of a vertex.

    `inputs` go with `vertex.inputs`: the content of what an edge selects, or the input's canonical key where it
    selects nothing.
    """
    parts: list[Canonical] = [
        {"content": digest} if edge.select else {"key": digest}
        for edge, digest in zip(vertex.inputs, inputs, strict=True)
    ]
    ingredients: Canonical = {"op": vertex.op.canonical(), "inputs": parts}
    return CacheKey(Digest.of_value(ingredients), ingredients)
