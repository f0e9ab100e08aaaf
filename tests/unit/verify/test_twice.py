"""How the second build differs from the first."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.disk import write
from fakes.stats import MemoryStats
from fakes.tree import file
from stagemill.context.directory import DirectoryContext
from stagemill.errors import StagemillError
from stagemill.files.view import FileView
from stagemill.verify.twice import Context, Twice, failed, same_user
from stagemill.verify.variation import NAMES

QUIET = "it is a test"


@pytest.fixture
def filled() -> list[tuple[Path, bool]]:
    """The stores that were filled, and whether they share no files."""
    return []


@pytest.fixture
def view(tmp_path: Path) -> FileView:
    folder = write(tmp_path / "context", {"a": file("A", mode=0o640), "Dockerfile": "FROM x\n"})
    return DirectoryContext(folder, ignore=None, stats=MemoryStats(), started_ns=0)


@pytest.fixture
def twice(tmp_path: Path, view: FileView, filled: list[tuple[Path, bool]]) -> Twice:
    def fill(store: Path, *, own: bool) -> None:
        filled.append((store, own))

    context = Context(str(tmp_path / "context"), view, tmp_path / "context/Dockerfile")
    return Twice(context, ("--reproducible",), {"PATH": "/bin"}, tmp_path / "config.toml", fill, same_user=QUIET)


def test_the_first_is_as_the_user_would_build(twice: Twice, tmp_path: Path, filled: list[tuple[Path, bool]]) -> None:
    first = twice.first(tmp_path / "one")

    assert (first.context, first.seen) == (str(tmp_path / "context"), tmp_path / "one")
    assert first.arguments == ("--reproducible", "--file", str(tmp_path / "context/Dockerfile"))
    assert (first.start.umask, first.start.processors, first.environment["TZ"]) == (0o022, (), "UTC")
    assert filled == [(tmp_path / "one/store", False)]


def test_the_second_has_all_otherwise(twice: Twice, tmp_path: Path) -> None:
    with twice.second(tmp_path / "other") as second:
        copy = Path(second.context)
        assert copy == tmp_path / "other/elsewhere/files"
        assert (copy / "a").read_text() == "A"
        assert (copy / "a").stat().st_mode & 0o777 == 0o640
        assert (copy / "a").stat().st_mtime == 1_000_000_000
        assert second.arguments[-4:] == ("--file", str(tmp_path / "other/elsewhere/Dockerfile"), "--jobs", "1")
        assert (tmp_path / "other/elsewhere/Dockerfile").read_text() == "FROM x\n"
        assert (second.start.umask, len(second.start.processors)) == (0o077, 1)
        assert second.environment["TZ"] == "Pacific/Apia"


def test_only_what_is_wanted_varies(twice: Twice, tmp_path: Path) -> None:
    with replace(twice, wanted=frozenset({"clock"})).second(tmp_path / "other") as second:
        first = twice.first(tmp_path / "one")
        assert (second.context, second.arguments, second.start) == (first.context, first.arguments, first.start)
        assert second.environment == first.environment


def test_what_is_fetched_is_not_copied(twice: Twice, tmp_path: Path) -> None:
    with replace(twice, context=Context("https://h/r.git")).second(tmp_path / "other") as second:
        assert second.context == "https://h/r.git"
        assert "--file" not in second.arguments


def test_the_second_waits_until_no_time_is_the_same(twice: Twice) -> None:
    waited: list[float] = []

    for wanted in (frozenset(NAMES), frozenset({"path"})):
        replace(twice, wanted=wanted).pause(100.0, clock=lambda: 101.0, wait=waited.append)

    assert [round(seconds, 3) for seconds in waited] == [1.1]


def test_every_variation_is_told_and_why_one_is_not(twice: Twice) -> None:
    told = {each.name: each.why for each in replace(twice, wanted=frozenset({"path", "user"})).variations()}

    assert list(told) == list(NAMES)
    assert (told["path"], told["user"], told["umask"]) == ("", QUIET, "--vary leaves it out")
    url = {each.name: each.why for each in replace(twice, context=Context("https://h/x")).variations()}
    assert (url["path"], url["times"], url["umask"]) == ("the context is no directory",) * 2 + ("",)


def test_another_user_needs_a_copy(view: FileView) -> None:
    context = Context("/x", view)

    assert same_user(context, frozenset(), {}) == "--vary leaves it out"
    if os.geteuid() == 0:
        assert same_user(context, frozenset({"user"}), {}) in {
            "another user may not read the directory", "only root can be somebody else too",
        }  # fmt: skip


def test_a_build_that_fails_says_which_it_was(twice: Twice) -> None:
    why = StagemillError("the build ended with status 1")

    first, second = (failed(why, which, twice.variations()) for which in ("the first build", "the second build"))

    assert first.message == "the first build failed"
    assert second.message == "the second build failed, which the first did not: the build ended with status 1"
    assert second.hint == (
        "something that must not matter does: path, times, umask, locale, jobs, clock; leave one out with --vary=-NAME to find which"
    )
