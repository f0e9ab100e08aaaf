"""Flags for the date of what is built."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stagemill.cli.frame.values import Values
from stagemill.cli.given.dates import Dates
from stagemill.errors import UsageError
from stagemill.graph.operations import STILL


def dates(context: object = "-", **given: object) -> Dates:
    usual = {"reproducible": False, "source_date_epoch": None, "timestamp": None, "rewrite_timestamp": False}
    return Dates.of(Values({"context": context, **usual, **given}))


def test_nothing_is_changed_unasked() -> None:
    assert dates() == Dates("kept", None, STILL)


def test_a_flag_wins_over_the_build_argument_and_that_over_the_environment() -> None:
    name, here = "SOURCE_DATE_EPOCH", {"SOURCE_DATE_EPOCH": "9"}

    assert dates(source_date_epoch="5").added({name: "7", "A": "b"}, here) == {name: "5", "A": "b"}
    assert dates().added({name: "7"}, here) == {name: "7"}
    assert dates().added({}, here) == here
    assert dates().added({}, {}) == {}


def test_each_says_what_becomes_of_the_times_of_files() -> None:
    assert dates(rewrite_timestamp=True, source_date_epoch="5") == Dates("clamped", "5", STILL)
    assert dates(timestamp="5") == Dates("exact", "5", STILL)
    assert dates(reproducible=True) == Dates("still", None, STILL)


def test_a_command_that_writes_no_images_has_not_all_of_them() -> None:
    values = Values({"context": "-", "reproducible": False, "source_date_epoch": "5"})

    assert Dates.of(values) == Dates("kept", "5", STILL)


def test_what_is_reproducible_has_the_date_of_its_commit(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    when = {"GIT_COMMITTER_DATE": "1500000000 +0000"}
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "1"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, env={**os.environ, **when})

    assert dates(str(tmp_path), reproducible=True).reserve == 1_500_000_000


@pytest.mark.parametrize(
    ("given", "other"),
    [({"reproducible": True}, "--reproducible"), ({"source_date_epoch": "1"}, "--source-date-epoch")],
)
def test_flags_that_say_different_things_are_wrong_usage(given: dict[str, object], other: str) -> None:
    with pytest.raises(UsageError) as caught:
        dates(timestamp="5", **given)

    assert caught.value.message == f"--timestamp and {other} say different things"
    assert (
        caught.value.hint == "--timestamp gives every file the date, the other only those that are newer: leave one out"
    )


@pytest.mark.parametrize("flag", ["timestamp", "source_date_epoch"])
def test_what_is_no_date_is_wrong_usage(flag: str) -> None:
    with pytest.raises(UsageError) as caught:
        dates(**{flag: "now"})

    assert caught.value.message == f"invalid --{flag.replace('_', '-')} 'now'"
    assert caught.value.hint == "give seconds since 1970, such as 1700000000"
