"""`stagemill init`: two files, where there were none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.program import Call
from fakes.projects import PROJECTS


def test_both_files_are_written_and_said(stagemill: Call) -> None:
    Path("main.go").write_text("package main\n")
    Path("go.mod").write_text("module a.test/tool\n\ngo 1.23\n")

    said = stagemill("init")

    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(
        "Go: Dockerfile and .dockerignore were written; the image runs /tool\nbuild it: stagemill build -t "
    )
    assert Path("Dockerfile").read_text().startswith("FROM golang:1.23 AS builder\n")
    assert ".git" in Path(".dockerignore").read_text().splitlines()


def test_nothing_is_overwritten(stagemill: Call) -> None:
    Path("Dockerfile").write_text("mine\n")
    Path("index.html").write_text("")

    said = stagemill("init")

    assert (said.status, said.err) == (
        1,
        "error: Dockerfile is there already\nhint: stagemill split makes its one stage into two, stagemill lint finds mistakes; --force writes over it\n",
    )
    assert Path("Dockerfile").read_text() == "mine\n"
    assert not Path(".dockerignore").exists()


def test_an_ignore_file_is_not_overwritten_either(stagemill: Call) -> None:
    Path(".dockerignore").write_text("")
    Path("index.html").write_text("")

    assert "hint: see --dry-run, or write over it: --force" in stagemill("init").err
    assert not Path("Dockerfile").exists()


def test_a_dry_run_shows_them_and_writes_none(stagemill: Call) -> None:
    Path("app").mkdir()
    Path("app/index.html").write_text("")

    said = stagemill("init", "--dry-run", "app")

    assert said.out.startswith("# --- Dockerfile\n# Nothing is built")
    assert "# --- .dockerignore\n" in said.out
    assert [path.name for path in Path("app").iterdir()] == ["index.html"]


def test_what_runs_may_be_said(stagemill: Call) -> None:
    Path("requirements.txt").write_text("")

    assert stagemill("init", "--run", "python -m app").status == 0
    assert 'CMD ["python", "-m", "app"]' in Path("Dockerfile").read_text()


def test_a_file_is_no_folder(stagemill: Call) -> None:
    assert stagemill("init", "none").err == "error: none is no folder\nhint: name the folder of a project\n"


def test_force_writes_over_both(stagemill: Call) -> None:
    Path("Dockerfile").write_text("mine\n")
    Path(".dockerignore").write_text("mine\n")
    Path("index.html").write_text("")

    assert stagemill("init", "--force").status == 0
    assert "FROM busybox:1.37 AS runtime" in Path("Dockerfile").read_text().splitlines()
    assert ".git" in Path(".dockerignore").read_text().splitlines()


def test_of_several_projects_one_is_said(stagemill: Call) -> None:
    Path("go.mod").write_text("module a.test/tool\n")
    Path("main.go").write_text("package main\n")
    Path("main.py").write_text("")
    Path("requirements.txt").write_text("")

    said = stagemill("init")
    assert (
        said.err
        == "error: several projects are seen in .: Python, Go\nhint: say which one: --kind python or --kind go\n"
    )
    assert stagemill("init", "--kind", "cobol").err.startswith(
        "error: --kind 'cobol' is not known\nhint: it is one of node,"
    )
    assert stagemill("init", "--kind", "go").out.startswith("Go: ")


@pytest.mark.parametrize("name", PROJECTS)
def test_lint_has_nothing_to_say_of_what_is_written(name: str, stagemill: Call) -> None:
    for path, text in PROJECTS[name][0].items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)

    assert stagemill("init").status == 0
    linted = stagemill("lint", ".")
    assert (linted.status, linted.out) == (0, "no findings\n")
