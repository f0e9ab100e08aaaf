"""Labels from git; tests/integration/test_build_flags.py has them in an image."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stagemill.cli.given.git_labels import commit_time, git_labels
from stagemill.errors import UsageError

REVISION = "org.opencontainers.image.revision"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "1"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize("value", ["", "0", "no"])
def test_nobody_gets_them_unasked(repository: Path, value: str) -> None:
    assert git_labels(str(repository), None, {"BUILDX_GIT_LABELS": value}) == {}


@pytest.mark.parametrize(("given", "told"), [("true", True), ("full", True), ("false", False), (None, False)])
def test_the_flag_counts_before_the_environment(repository: Path, given: str | None, told: bool) -> None:
    for value in ("0", "1") if given else ("0",):
        assert (REVISION in git_labels(str(repository), None, {"BUILDX_GIT_LABELS": value}, given=given)) is told


def test_what_the_flag_cannot_have_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as outside:
        git_labels(str(tmp_path), None, {}, given="true")
    with pytest.raises(UsageError) as other:
        git_labels(str(tmp_path), None, {}, given="all")

    assert outside.value.message == f"--git-labels: nothing tells which commit {tmp_path} is of"
    assert outside.value.hint == "give a directory of a git repository that has a commit, or leave it out"
    assert (other.value.message, other.value.hint) == (
        "invalid --git-labels=all",
        "write --git-labels, or --git-labels=full",
    )


def test_outside_of_a_repository_there_are_none(tmp_path: Path) -> None:
    assert git_labels(str(tmp_path), None, {"BUILDX_GIT_LABELS": "1"}) == {}
    assert git_labels("-", None, {"BUILDX_GIT_LABELS": "1"}) == {}


def test_a_dockerfile_from_a_pipe_or_from_elsewhere_has_no_place(repository: Path) -> None:
    for file in ("-", "/elsewhere/Dockerfile"):
        assert list(git_labels(str(repository), file, {"BUILDX_GIT_LABELS": "true"})) == [REVISION]


def test_changes_that_are_not_committed_are_told_where_that_is_asked_for(repository: Path) -> None:
    (repository / "new").write_text("")
    asked = {"BUILDX_GIT_LABELS": "1"}

    assert not git_labels(str(repository), None, asked)[REVISION].endswith("-dirty")
    assert git_labels(str(repository), None, {**asked, "BUILDX_GIT_CHECK_DIRTY": "1"})[REVISION].endswith("-dirty")


def test_the_time_of_a_commit_is_that_of_the_directory_and_of_those_below(repository: Path) -> None:
    below = repository / "below"
    below.mkdir()
    command = ["git", "log", "-1", "--format=%ct"]
    expected = int(subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout)

    assert [commit_time(str(path)) for path in (repository, below)] == [expected] * 2


def test_outside_of_a_repository_there_is_no_time(tmp_path: Path) -> None:
    assert [commit_time(context) for context in (str(tmp_path), "-", "https://h/r.git")] == [None] * 3
