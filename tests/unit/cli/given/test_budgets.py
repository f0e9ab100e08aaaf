"""Budgets of a command line and of stagemill.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.frame.values import Values
from stagemill.cli.given import budgets
from stagemill.errors import UsageError
from stagemill.insight.budget import Budget, Share

FLAGS: dict[str, object] = {"max_size": (), "max_growth": None, "max_waste": None, "against": None}


def of(context: Path, **flags: object) -> Budget | None:
    return budgets.of(Values({**FLAGS, **flags}), str(context))


def test_without_flags_and_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert of(tmp_path) is None


def test_flags_are_of_the_image_or_of_a_stage(tmp_path: Path) -> None:
    found = of(tmp_path, max_size=("1MB", "Build=2kB", "1kB"), max_growth="3%", max_waste="4B", against="app:1")

    assert found == Budget(1000, Share.parse("3%"), Share.parse("4B"), {"build": 2000}, "app:1")


def test_a_project_says_what_the_command_line_does_not(tmp_path: Path) -> None:
    (tmp_path / "stagemill.toml").write_text(
        '[size]\nmax-size = "1MB"\nmax-growth = "1%"\nmax-waste = "2%"\nagainst = "app"\n[size.stages]\nbuild = "1kB"\n[other]\n'
    )

    assert of(tmp_path, max_size=("2MB",)) == Budget(
        2_000_000, Share.parse("1%"), Share.parse("2%"), {"build": 1000}, "app"
    )


def test_a_project_that_says_nothing_of_sizes_has_no_budget(tmp_path: Path) -> None:
    (tmp_path / "stagemill.toml").write_text("[other]\nx = 1\n")

    assert of(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("size = 3", "size is no table", "write [size]"),
        ("[size]\nstages = 3", "size.stages is no table", "write [size.stages]"),
        ("[size]\nmaximum = '3'", "size has no key maximum", "it has max-size, max-growth, max-waste, against, stages"),
        ("[size]\nmax-size = 3", "size.max-size is no string", "write 120MB, 1.5GB or 100MiB"),
        ("[size]\nmax-size = '3x'", "size.max-size: '3x' is no size", "write 120MB, 1.5GB or 100MiB"),
        ("[size]\nmax-waste = '3x'", "size.max-waste: '3x' is no size", "write 5MB or 2%"),
        ("[size.stages]\na = 3", "size.stages.a is no string", "write 120MB, 1.5GB or 100MiB"),
        ("[size.stages]\na = ''", "size.stages.a: '' is no size", "write 120MB, 1.5GB or 100MiB"),
    ],
)
def test_what_is_wrong_in_a_project_is_named(tmp_path: Path, text: str, message: str, hint: str) -> None:
    (tmp_path / "stagemill.toml").write_text(text)

    with pytest.raises(UsageError) as error:
        of(tmp_path)

    assert (error.value.message, error.value.hint) == (f"{tmp_path}/stagemill.toml: {message}", hint)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"max_size": ("x",)}, "--max-size: 'x' is no size"),
        ({"max_size": ("build=",)}, "--max-size: '' is no size"),
        ({"max_growth": ""}, "--max-growth: '' is no size"),
        ({"max_waste": "-1%"}, "--max-waste: '-1%' is no size"),
        ({"against": "app"}, "--against is what growth is measured from"),
    ],
)
def test_what_is_wrong_on_a_command_line_is_named(tmp_path: Path, flags: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as error:
        of(tmp_path, **flags)

    assert error.value.message == message
