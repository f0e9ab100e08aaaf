"""`stagemill lint --target STAGE`: only what a build of that stage would need is looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stagemill.cli.main import run

TEXT = (
    "FROM golang:1.23 AS build\nRUN sudo make\n"
    "FROM build AS test\nRUN sudo make test\n"
    "FROM alpine:3 AS debug\nRUN apk add --no-cache gdb\nCMD sh\n"
    "FROM alpine:3 AS app\nRUN sudo id\nCOPY --from=build /go/app /app\nUSER root\n"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(TEXT)
    return tmp_path


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, int]]:
    run(["lint", "--format", "json", *arguments])
    return [(one["rule"], one["line"]) for one in json.loads(capsys.readouterr().out)["findings"]]


@pytest.mark.usefixtures("project")
def test_the_stages_that_the_target_begins_from_or_reads_are_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, "--rule", "SudoUsed") == [("SudoUsed", 2), ("SudoUsed", 4), ("SudoUsed", 9)]
    assert found(capsys, "--rule", "SudoUsed", "--target", "app") == [("SudoUsed", 2), ("SudoUsed", 9)]
    assert found(capsys, "--rule", "SudoUsed", "--target", "TEST") == [("SudoUsed", 2), ("SudoUsed", 4)]
    assert found(capsys, "--rule", "SudoUsed", "--target", "2") == []


@pytest.mark.usefixtures("project")
def test_the_target_is_the_image_for_rules_about_what_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, "--rule", "RootUser", "--target", "debug") == []
    assert found(capsys, "--rule", "RootUser", "--target", "app") == [("RootUser", 11)]
    assert found(capsys, "--rule", "CompilerInImage") == []
    assert found(capsys, "--rule", "JSONArgsRecommended", "--target", "debug") == [("JSONArgsRecommended", 7)]


def test_what_is_only_left_over_where_it_is_shipped_counts_for_a_build_stage_that_is_the_target(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "Dockerfile").write_text("FROM debian:12 AS tools\nRUN apt-get install -y make\nFROM alpine:3\n")

    assert found(capsys, "--rule", "NoInstallRecommends") == []
    assert found(capsys, "--rule", "NoInstallRecommends", "--target", "tools") == [("NoInstallRecommends", 2)]


def test_a_stage_that_is_waited_for_is_needed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Dockerfile").write_text(
        "FROM a:1 AS checks\nRUN sudo x\nFROM --after=checks b:1 AS app\nRUN y\nFROM c:1\n"
    )

    assert found(capsys, "--rule", "SudoUsed", "--target", "app") == [("SudoUsed", 2)]


@pytest.mark.usefixtures("project")
def test_a_stage_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "--target", "ap"]) == 1
    assert capsys.readouterr().err == (
        "error: target stage 'ap' could not be found\nhint: did you mean app? the stages are build, test, debug, app\n"
    )


def test_fixes_are_made_in_what_the_target_needs_only(project: Path) -> None:
    (project / "Dockerfile").write_text("FROM a:1 AS one\nRUN apt update\nFROM b:1 AS two\nRUN apt update\n")

    run(["lint", "--fix", "--rule", "AptInsteadOfAptGet", "--target", "one"])

    assert (
        project / "Dockerfile"
    ).read_text() == "FROM a:1 AS one\nRUN apt-get update\nFROM b:1 AS two\nRUN apt update\n"
