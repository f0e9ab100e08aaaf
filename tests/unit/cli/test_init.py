"""`stagemill init`: two files, where there were none."""

from __future__ import annotations

from pathlib import Path

from fakes.program import Call


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
        "error: Dockerfile is there already\nhint: stagemill split makes its one stage into two, stagemill lint finds mistakes\n",
    )
    assert Path("Dockerfile").read_text() == "mine\n"
    assert not Path(".dockerignore").exists()


def test_an_ignore_file_is_not_overwritten_either(stagemill: Call) -> None:
    Path(".dockerignore").write_text("")
    Path("index.html").write_text("")

    assert "hint: move it away, or see --dry-run" in stagemill("init").err
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
