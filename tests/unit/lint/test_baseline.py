"""Findings that are known of already."""

from __future__ import annotations

import pytest

from fakes.linting import findings
from stagemill.errors import UsageError
from stagemill.lint.baseline import Baseline

TEXT = "FROM x\nRUN sudo a\n"


def test_what_is_known_is_not_new_wherever_its_line_moves() -> None:
    baseline = Baseline.of(findings("SudoUsed", TEXT))

    moved = findings("SudoUsed", "# a comment\n" + TEXT.replace("RUN", "RUN  "))
    changed = findings("SudoUsed", TEXT.replace("sudo a", "sudo b"))

    assert baseline.new(moved) == []
    assert baseline.new(changed) == changed


def test_one_more_of_the_same_is_new() -> None:
    baseline = Baseline.of(findings("SudoUsed", TEXT))
    twice = findings("SudoUsed", TEXT + "RUN sudo a\n")

    assert [finding.span.line for finding in baseline.new(twice)] == [3]


def test_it_is_read_as_it_was_written() -> None:
    baseline = Baseline.of(findings("SudoUsed", TEXT + "RUN sudo a\n"))

    assert Baseline.parse(baseline.render(), name="known.json") == baseline
    assert '"count": 2' in baseline.render()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2, "findings": []}', '{"version": 1}', '{"version": 1, "findings": [{"file": "a"}]}'],
)
def test_what_is_none_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match=r"known\.json is no baseline of stagemill lint") as caught:
        Baseline.parse(text, name="known.json")

    assert caught.value.hint == "write it anew with --write-baseline"
