"""`inputs`: what the inputs of a step counted with in its key."""

from __future__ import annotations

import json
from collections.abc import Sequence

from stagemill.oci.document import Json


def read(ingredients: str) -> Sequence[str]:
    """The same of a key's ingredients as they are kept; empty for what are none."""
    try:
        return inputs(json.loads(ingredients))
    except ValueError:
        return ()


def inputs(ingredients: Json) -> Sequence[str]:
    found: list[str] = []
    given = ingredients.get("inputs") if isinstance(ingredients, dict) else None
    for item in given if isinstance(given, list) else ():
        match item:
            case {"key": str(digest)} | {"content": str(digest)}:
                found.append(digest)
    return found
