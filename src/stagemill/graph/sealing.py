"""`sealed`: the ingredients of a key as they may leave this machine, without the values of variables.

Build arguments are among the variables of a RUN, and people keep in them what nobody should read. What stands in place of a
value tells whether another one is equal, in all but one of 65,536 cases, and is too short to find a value by.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from stagemill.digest import Canonical, Digest, canonical

_TAG = 4  # hex digits


def sealed(ingredients: str) -> str:
    """Of `{"inputs": …, "op": …}`, as canonical JSON; empty where it is none, or says nothing of the operation."""
    try:
        value: Canonical = json.loads(ingredients)
    except ValueError:
        return ""
    op = value.get("op") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(op, Mapping):
        return ""
    env = op.get("env")
    if isinstance(env, Sequence) and not isinstance(env, str):
        op = {**op, "env": [_pair(pair) for pair in env]}
    return canonical({**value, "op": op}).decode("utf-8", "surrogateescape")


def sealed_pair(name: str, value: str) -> Canonical:
    """What stands in place of a value."""
    return {"tag": Digest.of_value([name, value]).hex[:_TAG]}


def _pair(pair: Canonical) -> Canonical:
    match pair:
        case [str(name), str(value)]:
            return [name, sealed_pair(name, value)]
        case _:
            return []
