"""Steps against the expression that they stand for, on paths so short that it does not matter how that is matched."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from stagemill.files.steps import DEEP, REST, STAR, Steps, count

PARTS = st.sampled_from([STAR, DEEP, REST, "a", "b", "/", "[^/]", "[ab]", "[^a]", r"\.", "^", "\\\n"])
PATHS = st.text("ab/.\n", max_size=10)


@given(st.lists(PARTS, max_size=8), PATHS)
def test_steps_match_what_their_expression_matches(parts: list[str], path: str) -> None:
    assert Steps.of(parts).match(path) == bool(re.fullmatch("".join(parts), path))


@given(st.lists(PARTS, max_size=8), PATHS)
def test_what_is_needed_is_in_all_that_matches(parts: list[str], path: str) -> None:
    if re.fullmatch("".join(parts), path):
        assert Steps.of(parts).needed in path


def test_neighbours_without_a_star_are_one_step() -> None:
    found = Steps.of(["a", "b", STAR, r"\.", "[ab]", "c", DEEP, "x"])

    assert found == Steps(("ab", STAR, r"\.[ab]c", DEEP, "x"), "ab")
    assert count(found.parts) == 2
