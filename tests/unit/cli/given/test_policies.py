"""What `--policy` says, and which files it makes policies of."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.frame.values import Values
from stagemill.cli.given.policies import Policies, Spec
from stagemill.errors import UsageError
from stagemill.sources.rego import Rego

ALLOWING = 'package docker\ndecision := {"allow": true}\n'


def judges(folder: Path, *given: str, file: str | None = None, context: str | None = None) -> tuple[Rego, ...]:
    policies = Policies.of(Values({"policy": given}))
    return policies.judges(
        context or str(folder), file, build_args={"A": "1"}, labels={"l": "2"}, target="app", say=lambda _text: None
    )


def names(found: tuple[Rego, ...]) -> list[list[str]]:
    return [[Path(file.name).name for file in policy.files] for policy in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Dockerfile", "app.Dockerfile"):
        (tmp_path / name).write_text("FROM scratch\n")
    for name in ("Dockerfile.rego", "app.Dockerfile.rego", "a.rego", "b.rego"):
        (tmp_path / name).write_text(ALLOWING if "." in name else "")
    return tmp_path


def test_all_that_one_flag_can_say() -> None:
    found = Spec.parse("filename=a,filename=b,reset=true,strict=1,log-level=WARNING,disabled=false")

    assert found == Spec(("a", "b"), reset=True, strict=True, level="warn")


@pytest.mark.parametrize(
    "text", ["", "a.rego", "filename=", "reset=yes", "strict=", "log-level=loud", "file=a", '"filename=a']
)
def test_what_means_nothing_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="--policy") as caught:
        Spec.parse(text)
    assert caught.value.hint


@pytest.mark.parametrize("given", [("disabled=true,reset=true",), ("disabled=true", "filename=a")])
def test_disabled_stands_alone(given: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="disabled=true cannot be combined"):
        Policies.of(Values({"policy": given}))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ((), [["Dockerfile.rego"]]),
        (("filename=a.rego",), [["Dockerfile.rego"], ["a.rego"]]),
        (("filename=a.rego,reset=true", "filename=b.rego"), [["a.rego"], ["b.rego"]]),
        (("reset=true",), []),
        (("disabled=true",), []),
    ],
)
def test_which_policies_there_are(folder: Path, given: tuple[str, ...], found: list[list[str]]) -> None:
    assert names(judges(folder, *given)) == found


def test_files_in_one_flag_are_one_policy(folder: Path) -> None:
    (folder / "b.rego").write_text("package docker\nx := 1\n")

    assert names(judges(folder, "reset=true,filename=a.rego,filename=b.rego")) == [["a.rego", "b.rego"]]


def test_settings_are_for_the_policy_before_them_or_for_those_after(folder: Path) -> None:
    own, other = judges(folder, "strict=true", "filename=a.rego,log-level=debug")
    assert (own.strict, own.level, other.strict, other.level) == (True, "warn", False, "debug")

    (only,) = judges(folder, "reset=true,strict=true,log-level=none", "filename=a.rego")
    assert (only.strict, only.level) == (True, "none")


@pytest.mark.parametrize(
    ("file", "found"), [("app.Dockerfile", [["app.Dockerfile.rego"]]), ("-", []), ("http://127.0.0.1/x", [])]
)
def test_the_file_is_beside_the_dockerfile_that_is_named(folder: Path, file: str, found: list[list[str]]) -> None:
    assert names(judges(folder, file=file)) == found


def test_a_context_from_elsewhere_has_only_what_is_beside_an_absolute_path(folder: Path) -> None:
    elsewhere = "http://127.0.0.1/x.git"

    assert judges(folder, context=elsewhere) == ()
    assert judges(folder, context="-") == ()
    assert names(judges(folder, context=elsewhere, file=str(folder / "app.Dockerfile"))) == [["app.Dockerfile.rego"]]


def test_the_working_directory_has_files_too(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(folder)

    assert names(judges(tmp_path / "empty", "filename=cwd://a.rego")) == [["a.rego"]]
    with pytest.raises(UsageError, match=r"cannot read the policy .*empty/a\.rego: no such file") as caught:
        judges(tmp_path / "empty", "filename=a.rego")
    assert "cwd://FILE" in (caught.value.hint or "")


def test_the_policy_knows_of_the_build(folder: Path) -> None:
    (policy,) = judges(folder, file=str(folder / "app.Dockerfile"))

    assert policy.environment.known() == {
        "args": {"A": "1"},
        "labels": {"l": "2"},
        "filename": "app.Dockerfile",
        "target": "app",
        "depth": 0,
    }
