"""Which directories an output may empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.results.mirroring import check
from stagemill.errors import UsageError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, `work/here`, beside a home and a store."""
    for name in ("work/here/out", "home/alice", "data/store", "work/other"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home/alice"))
    monkeypatch.chdir(tmp_path / "work/here")
    return tmp_path / "work/here"


def told(here: Path, dest: str, *, allowed: bool) -> tuple[str, str | None] | None:
    """What is said of it, with message and hint."""
    try:
        check(dest, allowed=allowed, store=here.parents[1] / "data/store")
    except UsageError as error:
        return error.message, error.hint
    return None


@pytest.mark.parametrize("dest", ["out", "./out/", "new/deep", "out/../out"])
def test_one_below_the_current_directory_may_be_without_asking(here: Path, dest: str) -> None:
    assert told(here, dest, allowed=False) is None


@pytest.mark.parametrize("dest", [".", "../other", "link"])
def test_any_other_takes_permission(here: Path, dest: str) -> None:
    (here / "link").symlink_to("../other")
    path = (here / dest).resolve()

    assert told(here, dest, allowed=True) is None
    assert told(here, dest, allowed=False) == (
        f"--output mode=delete removes what the build does not have from {path}, which is not below this directory",
        "add --allow buildx.local.delete, or name a directory below: dest=out",
    )


@pytest.mark.parametrize(
    ("dest", "why"),
    [
        ("/", "it is the whole machine"),
        ("../../home/alice", "it is your home directory"),
        ("../../home", "it has your home directory in it"),
        ("home", "it is your home directory"),
        ("../../data/store", "it is the store"),
        ("../../data", "it has the store in it"),
        ("..", "it has the current directory in it"),
    ],
)
def test_some_may_never_be(here: Path, dest: str, why: str) -> None:
    (here / "home").symlink_to("../../home/alice")

    message, hint = told(here, dest, allowed=True) or ("", "")

    assert message == f"--output mode=delete may not empty {(here / dest).resolve()}: {why}"
    assert hint == "name a directory of its own for what is built: dest=out"
