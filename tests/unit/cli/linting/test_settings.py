"""What a project and a command line want of a lint."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.linting import findings
from stagemill.cli.given.project import Project
from stagemill.cli.linting.settings import Settings
from stagemill.errors import UsageError
from stagemill.lint.policy import Policy


def of(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "stagemill.toml").write_text(text)
    return Settings.of_project(Project.of(str(tmp_path)))


def test_every_key_of_the_table_counts(tmp_path: Path) -> None:
    settings = of(
        tmp_path,
        '[lint]\nignore = ["DL3008"]\nexperimental = ["all"]\nfail-on = "error"\ntrusted-registries = ["docker.io"]\n'
        'only-labels = true\nbaseline = "known.json"\ndisable-ignore-pragma = true\nevidence = false\n[lint.severity]\nSudoUsed = "info"\n[lint.labels]\na = "url"\n',
    )

    assert settings == Settings(
        ignore=("DL3008",),
        experimental=("all",),
        levels={"SudoUsed": "info"},
        fail_on="error",
        policy=Policy(("docker.io",), {"a": "url"}, only_labels=True, pragmas=False),
        evidence=False,
        baseline=str(tmp_path / "known.json"),
    )


def test_without_a_file_or_a_table_nothing_is_wanted(tmp_path: Path) -> None:
    assert Settings.of_project(Project.of(str(tmp_path))) == Settings()
    assert of(tmp_path, "[size]\nmax = '1MB'\n") == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[lint]\nfoo = 1", "lint has no key foo"),
        ("lint = 1", "lint is no table"),
        ("[lint]\nignore = 'a'", "lint.ignore is no list of strings"),
        ("[lint]\nignore = ['Nothing']", "lint.ignore: there is no rule 'Nothing'"),
        ("[lint]\nfail-on = 'often'", "lint.fail-on: there is no 'often'"),
        ("[lint.severity]\nSudoUsed = 'high'", "lint.severity.SudoUsed: there is no 'high'"),
        ("[lint.severity]\nNothing = 'error'", "lint.severity: there is no rule 'Nothing'"),
        ("[lint.labels]\na = 'b'", "lint.labels.a: there is no 'b'"),
        ("[lint]\nonly-labels = 'yes'", "lint.only-labels is neither true nor false"),
        ("[lint]\nbaseline = 1", "lint.baseline is no string"),
        ("[lint", "cannot be read"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        of(tmp_path, text + "\n")

    assert message in caught.value.message
    assert "stagemill.toml" in caught.value.message
    assert caught.value.hint


def test_a_command_line_adds_and_replaces() -> None:
    base = Settings(ignore=("A",), levels={"SudoUsed": "info"}, policy=Policy(("a",), {"x": "url"}), baseline="old")

    settings = base.over(
        ignore=["B"], severity=["SudoUsed=error", "DL3007=style"], fail_on="none", registries=("b",),
        labels=["y", "z:semver"], only_labels=True, pragmas=False, baseline="new", evidence=True,
    )  # fmt: skip

    assert settings == Settings(
        ignore=("A", "B"),
        levels={"SudoUsed": "error", "DL3007": "style"},
        fail_on="none",
        policy=Policy(("b",), {"x": "url", "y": "text", "z": "semver"}, only_labels=True, pragmas=False),
        baseline="new",
        evidence=True,
    )


@pytest.mark.parametrize("text", ["SudoUsed", "=error", "SudoUsed=bad", "Nothing=error"])
def test_a_wrong_severity_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--severity"):
        Settings().over(severity=[text])


@pytest.mark.parametrize(
    ("threshold", "fails"), [("error", False), ("warning", True), ("style", True), ("none", False)]
)
def test_what_weighs_less_than_the_threshold_does_not_fail(threshold: str, *, fails: bool) -> None:
    found = findings("ImageTagMissing", "FROM x\n")

    assert Settings(fail_on=threshold).fails(found) is fails  # type: ignore[arg-type]
    assert not Settings().fails([])
