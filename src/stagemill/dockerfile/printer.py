"""The printer: a `Dockerfile` in, its text out."""

from __future__ import annotations

from stagemill.dockerfile.tree import Dockerfile


def render(dockerfile: Dockerfile) -> str:
    """The text that was parsed, character for character: the tree's instructions with what stands before and after them."""
    pieces = [piece for instruction in dockerfile.instructions for piece in (instruction.leading, instruction.raw)]
    return "".join(pieces) + dockerfile.trailing
