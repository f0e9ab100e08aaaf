"""`Settings`, what a project and a command line want of a lint: rules, levels, what fails, registries, labels, a baseline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import Literal, TypeAlias, TypeVar

from stagemill.cli.given.project import Project
from stagemill.errors import UsageError
from stagemill.lint.choice import find
from stagemill.lint.finding import LEVELS, Finding, Level
from stagemill.lint.policy import FORMS, Form, Policy
from stagemill.values import dataclass

Threshold: TypeAlias = "Level | Literal['none']"
T = TypeVar("T")

THRESHOLDS: tuple[Threshold, ...] = (*LEVELS, "none")
_KEYS = (
    "ignore", "experimental", "fail-on", "severity", "trusted-registries", "labels", "only-labels", "disable-ignore-pragma",
    "baseline", "evidence",
)  # fmt: skip
_LEVELS = f"levels are {', '.join(LEVELS)}"
_FORMS = f"forms are {', '.join(FORMS)}"


@dataclass(frozen=True, slots=True)
class Settings:
    """`ignore` and `experimental` are names of rules, `levels` those of findings by rule; `fail_on` is the lightest that fails.

    `evidence` says whether what builds have shown is demanded, or left out; None uses it where there is any. `form` is
    the format where none is asked for, and one that is `plain` has no colours.
    """

    ignore: tuple[str, ...] = ()
    experimental: tuple[str, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=dict)
    fail_on: Threshold = "style"
    policy: Policy = field(default_factory=Policy)
    baseline: str | None = None
    evidence: bool | None = None
    form: str = "text"
    plain: bool = False

    @classmethod
    def of_project(cls, project: Project) -> Settings:
        """Those of the table `lint` of stagemill.toml. Raises UsageError."""
        table = project.table("lint")
        for key in table:
            if key not in _KEYS:
                project.wrong(f"lint has no key {key}", f"it has {', '.join(_KEYS)}")
        where = f"{project.path}: lint"
        levels = {
            name: _level(value, f"{where}.severity.{name}") for name, value in project.table("lint", "severity").items()
        }
        labels = {
            name: _form(value, f"{where}.labels.{name}") for name, value in project.table("lint", "labels").items()
        }
        only = _switch(table.get("only-labels", False), f"{where}.only-labels")
        pragmas = not _switch(table.get("disable-ignore-pragma", False), f"{where}.disable-ignore-pragma")
        evidence = _switch(table.get("evidence", True), f"{where}.evidence")
        threshold = _one_of(table.get("fail-on", "style"), THRESHOLDS, f"{where}.fail-on")
        baseline = table.get("baseline")
        if baseline is not None and not isinstance(baseline, str):
            project.wrong("lint.baseline is no string", "write the path of a file")
        return cls(
            ignore=_names(table.get("ignore", []), f"{where}.ignore"),
            experimental=_names(table.get("experimental", []), f"{where}.experimental"),
            levels=_known(levels, f"{where}.severity"),
            fail_on=threshold,
            policy=Policy(
                _texts(table.get("trusted-registries", []), f"{where}.trusted-registries"), labels, only, pragmas
            ),
            baseline=os.path.join(os.path.dirname(project.path), baseline) if baseline is not None else None,
            evidence=None if evidence else False,
        )

    def over(
        self,
        *,
        ignore: Iterable[str] = (),
        severity: Iterable[str] = (),
        fail_on: Threshold | None = None,
        registries: tuple[str, ...] = (),
        labels: Iterable[str] = (),
        only_labels: bool = False,
        pragmas: bool = True,
        baseline: str | None = None,
        evidence: bool | None = None,
    ) -> Settings:
        """With what a command line says. Raises UsageError."""
        levels = dict(_pair(text, "--severity", _level, _LEVELS) for text in severity)
        forms = dict(_pair(text, "--require-label", _form, _FORMS, sign=":", alone="text") for text in labels)
        old = self.policy
        policy = Policy(
            registries or old.registries,
            {**old.labels, **forms},
            only_labels or old.only_labels,
            pragmas and old.pragmas,
        )
        return replace(
            self,
            ignore=(*self.ignore, *ignore),
            levels={**self.levels, **_known(levels, "--severity")},
            fail_on=fail_on or self.fail_on,
            policy=policy,
            baseline=baseline if baseline is not None else self.baseline,
            evidence=evidence if evidence is not None else self.evidence,
        )

    def fails(self, findings: Iterable[Finding]) -> bool:
        """Whether one of the findings weighs enough to fail."""
        if self.fail_on == "none":
            return False
        heavy = LEVELS[: LEVELS.index(self.fail_on) + 1]
        return any((finding.level or "warning") in heavy for finding in findings)


def _pair(
    text: str, what: str, read: Callable[[object, str], T], hint: str, *, sign: str = "=", alone: str = ""
) -> tuple[str, T]:
    name, found, value = text.rpartition(sign) if sign in text else (text, "", alone)
    if not name or not (found or alone):
        raise UsageError(f"{what} {text} is not NAME{sign}VALUE", hint=hint)
    return name, read(value, f"{what} {text}")


def _level(value: object, where: str) -> Level:
    return _one_of(value, LEVELS, where)


def _form(value: object, where: str) -> Form:
    return _one_of(value, FORMS, where)


def _switch(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{where} is neither true nor false", hint="write true or false")
    return value


def _one_of(value: object, choices: tuple[T, ...], where: str) -> T:
    for choice in choices:
        if choice == value:
            return choice
    raise UsageError(f"{where}: there is no {value!r}", hint=f"it is one of {', '.join(map(str, choices))}")


def _known(levels: dict[str, Level], where: str) -> dict[str, Level]:
    """The levels, once each name is one of a rule."""
    for name in levels:
        _check(name, where)
    return levels


def _names(value: object, where: str) -> tuple[str, ...]:
    names = _texts(value, where)
    for name in names:
        if name != "all":
            _check(name, where)
    return names


def _check(name: str, where: str) -> None:
    try:
        find(name)
    except UsageError as error:
        raise UsageError(f"{where}: {error.message}", hint=error.hint) from error


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise UsageError(f"{where} is no list of strings", hint='write ["one", "two"]')
    return tuple(str(text) for text in value)
