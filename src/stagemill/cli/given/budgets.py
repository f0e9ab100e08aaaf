"""The budget of a command line and of `stagemill.toml`.

[size]
max-size = "120MB"      # of what is pulled
max-growth = "5%"       # against the image of the same name, or `against`
max-waste = "2MB"
against = "docker://registry.example/app:latest"

[size.stages]
builder = "1.2GB"       # of its files on disk
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from stagemill.cli.frame.command import Option, under
from stagemill.cli.frame.values import Values
from stagemill.cli.given.project import NAME, Project
from stagemill.errors import UsageError

if TYPE_CHECKING:  # few builds have one
    from stagemill.insight.budget import Budget

T = TypeVar("T")
_KEYS = ("max-size", "max-growth", "max-waste", "against", "stages")
_SIZE = "write 120MB, 1.5GB or 100MiB"
_SHARE = "write 5MB or 2%"


def options() -> Iterator[Option]:
    """The flags of a budget."""
    yield from under("Budget, for CI", _options())


def _options() -> Iterator[Option]:
    yield Option(
        ["--max-size"], multiple=True, metavar="[STAGE=]SIZE",
        help="Fail where more is to be pulled than this, or a stage's files take more on disk: 120MB, builder=1.2GB.",
    )  # fmt: skip
    yield Option(
        ["--max-growth"], metavar="SIZE|PERCENT",
        help="Fail where so much more is to be pulled than of the image before: 5MB, 2%.",
    )  # fmt: skip
    yield Option(["--max-waste"], metavar="SIZE|PERCENT", help="Fail where more of what is pulled is waste: 1MB, 3%.")
    yield Option(
        ["--against"], metavar="IMAGE",
        help="The image before: NAME, docker://NAME, oci:DIR, …; else the one that had the name until now.",
    )  # fmt: skip


def of(values: Values, context: str) -> Budget | None:
    """That of the command line, and what it does not say as `stagemill.toml` has it; None where there is none at all.

    Raises UsageError.
    """
    flags = any(values.given[name] not in {None, ()} for name in ("max_size", "max_growth", "max_waste", "against"))
    if not flags and not os.path.exists(os.path.join(context, NAME)):
        return None
    budget = given(values).over(of_project(Project.of(context)))
    _check(values, budget)
    return budget or None


def of_image(values: Values) -> Budget:
    """That of the command line for an image, which has no project. Raises UsageError."""
    budget = given(values)
    _check(values, budget)
    return budget


def _check(values: Values, budget: Budget) -> None:
    """Raises UsageError for a flag that would have no effect."""
    if values.text("against") and not budget.growth:
        raise UsageError("--against is what growth is measured from", hint="give --max-growth too, such as 5%")


def given(values: Values) -> Budget:
    """That of the command line alone. Raises UsageError."""
    from stagemill.insight.budget import Budget, Share, amount

    most: int | None = None
    stages: dict[str, int] = {}
    for text in values.texts("max_size"):
        title, equals, size = text.rpartition("=")
        parsed = _parsed(amount, size, "--max-size", _SIZE)
        if equals:
            stages[title.lower()] = parsed
        else:
            most = parsed
    growth, waste = values.text("max_growth"), values.text("max_waste")
    return Budget(
        most,
        _parsed(Share.parse, growth, "--max-growth", _SHARE) if growth is not None else None,
        _parsed(Share.parse, waste, "--max-waste", _SHARE) if waste is not None else None,
        stages,
        values.text("against") or "",
    )


def _parsed(parse: Callable[[str], T], text: str, what: str, hint: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{what}: {error}", hint=hint) from error


def of_project(project: Project) -> Budget:
    """That of `stagemill.toml`. Raises UsageError."""
    from stagemill.insight.budget import Budget, Share, amount

    table = project.table("size")
    for key in table:
        if key not in _KEYS:
            project.wrong(f"size has no key {key}", f"it has {', '.join(_KEYS)}")

    def text(key: str) -> str | None:
        value = table.get(key)
        if value is not None and not isinstance(value, str):
            project.wrong(f"size.{key} is no string", _SIZE)
        return value

    def parsed(key: str, parse: Callable[[str], T], hint: str) -> T | None:
        value = text(key)
        return None if value is None else _parsed(parse, value, f"{project.path}: size.{key}", hint)

    stages: dict[str, int] = {}
    for title, value in project.table("size", "stages").items():
        if not isinstance(value, str):
            project.wrong(f"size.stages.{title} is no string", _SIZE)
        stages[title.lower()] = _parsed(amount, value, f"{project.path}: size.stages.{title}", _SIZE)
    return Budget(
        parsed("max-size", amount, _SIZE),
        parsed("max-growth", Share.parse, _SHARE),
        parsed("max-waste", Share.parse, _SHARE),
        stages,
        text("against") or "",
    )
