"""Causes of paths that have the same bytes, and of those that only one image has."""

from __future__ import annotations

import pytest

from stagemill.verify.causes.facts import alone, changed


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["time"], "the time of the file"),
        (["mode"], "the mode of the file"),
        (["mode", "time"], "the mode of the file"),
        (["owner", "mode"], "the owner of the file"),
    ],
)
def test_a_fact_that_changed_has_its_cause(names: list[str], title: str) -> None:
    found = changed(names)

    assert found is not None
    assert found.title.startswith(title)


@pytest.mark.parametrize("names", [["kind"], ["size", "bytes"], ["link"]])
def test_other_facts_have_none(names: list[str]) -> None:
    assert changed(names) is None


def test_a_name_that_was_drawn_is_found_under_its_other_name() -> None:
    for one, other in (("w/tmp.OqKTg0", "w/tmp.jRSuAw"), ("tmp/pip-a1b2c3d4/x", "tmp/pip-z9y8x7w6/x")):
        found = alone(one, ["w/other", other])

        assert found.partner == other
        assert found.cause
        assert found.cause.title == "the name of a temporary file, which is drawn at random"


@pytest.mark.parametrize("other", ["w/tmp.OqKTg0x", "v/tmp.jRSuAw", "w/tmp.OqKTg1", "w/tmp.O/kTg1"])
def test_another_name_is_no_partner(other: str) -> None:
    assert alone("w/tmp.OqKTg0", [other]).partner == ""


def test_a_place_may_be_known_and_a_directory_for_temporary_files_says_enough() -> None:
    for path, title in (("var/log/x", "a log"), ("tmp/x", "something that a tool left")):
        cause = alone(path, []).cause
        assert cause
        assert cause.title.startswith(title)
    assert alone("app", []).cause is None
