"""`Policy`: rules that say which sources a build may have, and which ones it has instead of others.

Source: BuildKit, sourcepolicy/engine.go, matcher.go, formatter.go and mutate.go. A source is an identifier such as
`docker-image://docker.io/library/alpine:3.20` with attributes. All rules are looked at in their order. ALLOW and DENY: the last
one that fits decides; without any a source is allowed. CONVERT: the first one that changes something does, and all rules are
looked at again for what it makes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Literal, Protocol, TypeAlias

from stagemill.errors import SourceError
from stagemill.oci.platform import Platform
from stagemill.regex import regex
from stagemill.values import dataclass

Action: TypeAlias = Literal["ALLOW", "DENY", "CONVERT"]
Match: TypeAlias = Literal["WILDCARD", "EXACT", "REGEX"]
Condition: TypeAlias = Literal["EQUAL", "NOTEQUAL", "MATCHES"]

_MOST_CHANGES = 20
_PLACEHOLDER = regex(r"\$(?:(?P<dollar>\$)|(?P<plain>\w+)|\{(?P<braced>\w+)\})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source that a build asks for; an image for a platform, None for this machine's. With `later` whoever asks asks again,
    by `confirm`, when more is known.
    """

    identifier: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    platform: Platform | None = None
    later: bool = False


@dataclass(frozen=True, slots=True)
class Constraint:
    """What an attribute must be; one that is not there is empty. `value` is a pattern for MATCHES."""

    key: str
    value: str
    condition: Condition = "EQUAL"

    def holds(self, attributes: Mapping[str, str]) -> bool:
        found = attributes.get(self.key, "")
        match self.condition:
            case "EQUAL":
                return found == self.value
            case "NOTEQUAL":
                return found != self.value
            case "MATCHES":
                return re.search(self.value, found) is not None


@dataclass(frozen=True, slots=True)
class Selector:
    """Which sources a rule is for. In a WILDCARD `*` stands for anything, and counts as a group."""

    identifier: str
    match: Match = "WILDCARD"
    constraints: tuple[Constraint, ...] = ()

    def fits(self, wanted: Wanted) -> bool:
        if not all(constraint.holds(wanted.attributes) for constraint in self.constraints):
            return False
        if wanted.identifier == self.identifier:
            return True
        return self.match != "EXACT" and self._pattern.search(wanted.identifier) is not None

    def rewritten(self, identifier: str, template: str) -> str:
        """The template with `$1`, `${1}` and `${name}` replaced by what the groups of the pattern are in the identifier."""
        if self.match == "EXACT":
            return template
        parts, end, last = [], 0, -1
        for found in self._pattern.finditer(identifier):
            if found.end() > last:  # as in Go, nothing right behind a match is no match
                parts += [identifier[end : found.start()], _expanded(template, found)]
                end = last = found.end()
        return "".join((*parts, identifier[end:]))

    @property
    def _pattern(self) -> re.Pattern[str]:
        if self.match == "REGEX":
            return re.compile(self.identifier)
        return re.compile("(.*)".join(map(re.escape, self.identifier.split("*"))).join((r"\A", r"\Z")), re.DOTALL)


def _expanded(template: str, found: re.Match[str]) -> str:
    """Source: Go's regexp.Expand; a name that no group has is empty."""

    def value(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        name = match["plain"] or match["braced"]
        try:
            return found[int(name) if name.isdigit() else name] or ""
        except IndexError:
            return ""

    return _PLACEHOLDER.sub(value, template)


@dataclass(frozen=True, slots=True)
class Updates:
    """What a source becomes: an `identifier`, empty where it keeps its own, and attributes beside those that it has."""

    identifier: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `name` says which one, for people."""

    name: str
    action: Action
    selector: Selector
    updates: Updates = field(default_factory=Updates)

    def converted(self, wanted: Wanted) -> Wanted:
        identifier = wanted.identifier
        if self.updates.identifier:
            identifier = self.selector.rewritten(identifier, self.updates.identifier)
        return Wanted(identifier, {**wanted.attributes, **self.updates.attributes}, wanted.platform, wanted.later)

    def __str__(self) -> str:
        return f'{self.name}, {self.action} "{self.selector.identifier}"'


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a build gets for what it asked for, and the rules that made it that, in their order."""

    source: Wanted
    because: tuple[Rule, ...] = ()


class Judge(Protocol):
    """Whoever says what a build may have: rules, or a program."""

    def verdict(self, wanted: Wanted) -> Verdict:
        """Raises SourceError for a source that is denied."""
        ...

    def confirm(self, wanted: Wanted) -> None:
        """Of a source that was asked for, with what was found out about it. Raises SourceError for one that is denied."""
        ...


@dataclass(frozen=True, slots=True)
class Judges:
    """Several, each of whom is asked for what the one before it makes of a source; all must allow it."""

    each: tuple[Judge, ...]

    def verdict(self, wanted: Wanted) -> Verdict:
        verdict = Verdict(wanted)
        for judge in self.each:
            next_ = judge.verdict(verdict.source)
            verdict = Verdict(next_.source, (*verdict.because, *next_.because))
        return verdict

    def confirm(self, wanted: Wanted) -> None:
        for judge in self.each:
            judge.confirm(wanted)


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in their order; without any everything is allowed as it is."""

    rules: tuple[Rule, ...] = ()

    def verdict(self, wanted: Wanted) -> Verdict:
        """Raises SourceError for a source that is denied, and for rules that change it for ever."""
        verdict = Verdict(wanted)
        while changed := self._changed(verdict):
            verdict = changed
            if len(verdict.because) > _MOST_CHANGES:
                message = f"source {wanted.identifier!r} is changed by the source policy again and again"
                raise SourceError(f"{message}, at last by {verdict.because[-1]}", hint="let no rules undo each other")
        return verdict

    def confirm(self, wanted: Wanted) -> None:
        """Rules know all that they look at from the beginning."""

    def _changed(self, verdict: Verdict) -> Verdict | None:
        """What the first CONVERT makes of the source; None where none does anything. Raises SourceError where it is denied."""
        source, last = verdict.source, None
        for rule in self.rules:
            if not rule.selector.fits(source):
                continue
            if rule.action != "CONVERT":
                last = rule
            elif (converted := rule.converted(source)) != source:
                return Verdict(converted, (*verdict.because, rule))
        if last and last.action == "DENY":
            became = f", which {verdict.because[-1]} makes of another," if verdict.because else ""
            hint = "use another source, or have a rule that allows this one after that"
            raise SourceError(f"source {source.identifier!r}{became} is denied by the source policy: {last}", hint=hint)
        return None
