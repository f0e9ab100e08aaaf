"""`Filter`: what of a store somebody means, as buildx's `--filter` has it: by id, name, kind, and what is true of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

from stagemill.values import dataclass

Kind: TypeAlias = Literal["step", "base", "mount", "image", "other"]
Operator: TypeAlias = Literal["=", "!=", "~="]
_KINDS: Mapping[Kind, frozenset[str]] = {
    "step": frozenset({"step", "regular"}),
    "mount": frozenset({"mount", "exec.cachemount"}),
    "base": frozenset({"base"}),
    "image": frozenset({"image"}),
    "other": frozenset({"other"}),
}
KINDS = frozenset().union(*_KINDS.values())
"""What a thing may be called by `type`: BuildKit's words too, where it has one for the same."""
NOT_HERE = frozenset({"internal", "frontend", "source.local", "source.git.checkout"})
"""Kinds of BuildKit that no store of ours has any of."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something in a store. `inuse` is whether a process holds it now, `shared` whether files of it are in other layers, too.

    What is asked for may take long to find out.
    """

    kind: Kind
    id: str
    name: str
    inuse: Callable[[], bool]
    parents: Callable[[], Iterable[str]]
    shared: Callable[[], bool]


_Texts: TypeAlias = Callable[[Thing], Iterable[str]]
_Truth: TypeAlias = Callable[[Thing], bool]
TEXTS: Mapping[str, _Texts] = {
    "id": lambda thing: (thing.id,),
    "parents": lambda thing: thing.parents(),
    "description": lambda thing: (thing.name,),
    "name": lambda thing: (thing.name,),
    "type": lambda thing: _KINDS[thing.kind],
}
TRUTHS: Mapping[str, _Truth] = {
    "inuse": lambda thing: thing.inuse(),
    "mutable": lambda thing: thing.kind == "mount",
    "immutable": lambda thing: thing.kind != "mount",
    "shared": lambda thing: thing.shared(),
    "private": lambda thing: not thing.shared(),
}
_PART_OF = frozenset({"id", "name"})  # fields of which `=` means a part


@dataclass(frozen=True, slots=True)
class Filter:
    """`field` is one of TEXTS, with a value, or one of TRUTHS, with the value "true" or "false".

    `=` and `!=` compare the whole text, but for an id and a name, in which they look for a part; `~=` is a regular expression
    that is found anywhere.
    """

    field: str
    operator: Operator
    value: str

    def means(self, thing: Thing) -> bool:
        if self.field in TRUTHS:
            return (TRUTHS[self.field](thing) == (self.value == "true")) == (self.operator == "=")
        found = any(map(self._fits, TEXTS[self.field](thing)))
        return not found if self.operator == "!=" else found

    def _fits(self, text: str) -> bool:
        if self.operator == "~=":
            return re.search(self.value, text) is not None
        return self.value in text if self.field in _PART_OF else self.value == text
