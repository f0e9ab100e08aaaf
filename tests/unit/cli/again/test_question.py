from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill.cli.again.question import name, question

COMMAND = ("build", "-t", "app", ".")


def asked(*arguments: str, version: str = "1", **environment: str) -> str:
    return question(arguments or COMMAND, environment, version)


def test_it_is_the_same_for_the_same() -> None:
    assert asked(HOME="/root") == asked(HOME="/root")
    assert len(name(asked())) == 64


@pytest.mark.parametrize("variable", ["_", "SHLVL", "OLDPWD", "PWD"])
def test_what_a_shell_counts_is_not_asked(variable: str) -> None:
    assert asked(**{variable: "1"}) == asked()


def test_another_word_variable_version_or_directory_is_another_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked()
    others = [asked("build", "-t", "other", "."), asked(ANYTHING="1"), asked(version="2")]
    monkeypatch.chdir(tmp_path)
    others.append(asked())
    mask = os.umask(0o077)
    try:
        others.append(asked())
    finally:
        os.umask(mask)

    assert len({first, *others}) == 6


@pytest.mark.parametrize(
    "arguments",
    [
        ("images",),
        (),
        ("build", "--secret", "id=a", "."),
        ("build", "--no-cache", "."),
        ("build", "--host-ca=ca.pem", "."),
        ("build", "--build-context=a=b", "."),
        ("build", "--push", "."),
        ("build", "-"),
        ("build", "-f", "-", "."),
        ("build", "-o", "-", "."),
        ("build", "-tapp", "."),
    ],
)
def test_what_may_have_another_answer_each_time_is_no_question(arguments: tuple[str, ...]) -> None:
    assert question(arguments, {}, "1") == ""


@pytest.mark.parametrize("variable", ["SOURCE_DATE_EPOCH", "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", "BUILDX_GIT_LABELS"])
def test_nor_is_it_with_a_variable_that_stands_for_more(variable: str) -> None:
    assert asked(**{variable: "1"}) == ""


def test_bytes_that_are_no_text_are_asked_as_they_are() -> None:
    assert name(asked("build", "-t", "a\udcff", ".")) != name(asked("build", "-t", "a\udcfe", "."))


def test_in_a_directory_that_is_gone_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert asked() == ""
