"""A source policy as JSON, the form that EXPERIMENTAL_BUILDKIT_SOURCE_POLICY names a file of.

Source: BuildKit, sourcepolicy/pb/policy.proto and json.go: values of enumerations are names or numbers, the first one is meant
where there is none. What BuildKit passes over, a key or an attribute that is not known, is an error here: it was meant to
protect.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar, get_args

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.sources.policed import ATTRIBUTES
from stagemill.sources.policy import Action, Condition, Constraint, Match, Policy, Rule, Selector, Updates
from stagemill.values import dataclass

T = TypeVar("T")


def parse(text: str, name: str) -> Policy:
    """The policy of a file's text. Raises UsageError with the place of what is wrong."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UsageError(f"the source policy {name} is no JSON: {error}", hint="correct the file") from error
    top = _Object.of(document, f"the source policy {name}", ("version", "rules"))
    top.get("version", int, 1)
    rules = top.get("rules", list, [])
    return Policy(tuple(_rule(item, f"rule {number} of {name}") for number, item in enumerate(rules, 1)))


def _rule(value: object, name: str) -> Rule:
    found = _Object.of(value, name, ("action", "selector", "updates"))
    action: Action = found.choice("action", get_args(Action))
    if "selector" not in found.values:
        raise found.error("it has no selector")
    if (action == "CONVERT") != ("updates" in found.values):
        raise found.error("updates are for CONVERT, which needs them")
    selector = _selector(found.values["selector"], f"the selector of {name}")
    return Rule(name, action, selector, _updates(found.values["updates"], name) if action == "CONVERT" else Updates())


def _selector(value: object, name: str) -> Selector:
    found = _Object.of(value, name, ("identifier", "match_type", "constraints"))
    identifier = found.get("identifier", str, "")
    match: Match = found.choice("match_type", get_args(Match))
    if match == "WILDCARD" and "**" in identifier:
        raise found.error(f'invalid wildcard {identifier!r}: "**"', hint="write *, which stands for anything")
    if match == "REGEX":
        found.check_pattern(identifier)
    constraints = [_constraint(item, name) for item in found.get("constraints", list, [])]
    return Selector(identifier, match, tuple(constraints))


def _constraint(value: object, of: str) -> Constraint:
    found = _Object.of(value, f"a constraint of {of}", ("key", "value", "condition"))
    condition: Condition = found.choice("condition", get_args(Condition))
    text = found.get("value", str, "")
    if condition == "MATCHES":
        found.check_pattern(text)
    return Constraint(found.get("key", str, ""), text, condition)


def _updates(value: object, of: str) -> Updates:
    found = _Object.of(value, f"the updates of {of}", ("identifier", "attrs"))
    attributes = _Object.of(
        found.get("attrs", dict, {}), f"the attributes in the updates of {of}", ATTRIBUTES, exact=True
    )
    return Updates(found.get("identifier", str, ""), {key: attributes.get(key, str, "") for key in attributes.values})


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of JSON; `name` is what people call it."""

    name: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, value: object, name: str, known: Sequence[str], *, exact: bool = False) -> _Object:
        """Keys are known in any case and, as Go has it, with or without the underscore."""
        if not isinstance(value, dict):
            raise UsageError(f"{name} is no object", hint="write {…}")
        spellings = {key if exact else _plain(key): key for key in known}
        values: dict[str, object] = {}
        for key, inner in value.items():
            meant = spellings.get(key if exact else _plain(key))
            if meant is None:
                near = nearest(key, known)
                hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}"
                raise UsageError(f"{name}: {key!r} is not known", hint=hint)
            if inner is not None:
                values[meant] = inner
        return cls(name, values)

    def get(self, key: str, kind: type[T], default: T) -> T:
        found = self.values.get(key, default)
        if not isinstance(found, kind) or isinstance(found, bool):
            raise self.error(f"{key} is {json.dumps(found)}", hint=f"write a {_KINDS[kind]}")
        return found

    def choice(self, key: str, names: Sequence[T]) -> T:
        """By name or by number; without any the first."""
        found = self.values.get(key, 0)
        for number, name in enumerate(names):
            if found == name or (found == number and not isinstance(found, bool)):
                return name
        raise self.error(f"{key} is {json.dumps(found)}", hint=f"write one of {', '.join(map(str, names))}")

    def check_pattern(self, text: str) -> None:
        try:
            re.compile(text)
        except re.error as error:
            raise self.error(f"invalid regex {text!r}: {error}") from error

    def error(self, message: str, *, hint: str | None = None) -> UsageError:
        return UsageError(f"{self.name}: {message}", hint=hint)


_KINDS: Mapping[type, str] = {int: "number", str: "text in quotes", list: "list", dict: "object"}


def _plain(key: str) -> str:
    return key.lower().replace("_", "")
