"""Two texts as one."""

from __future__ import annotations

import pytest

from stagemill.insight.why.words import changed_words


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("RUN npm install", "RUN npm ci", "RUN npm [-install-] {+ci+}"),
        ("RUN a", "RUN a b", "RUN a {+b+}"),
        ("RUN a b", "RUN b", "RUN [-a-] b"),
        ("RUN 1 2 3 4 5 6 old", "RUN 1 2 3 4 5 6 new", "RUN … 5 6 [-old-] {+new+}"),
        ("RUN old 1 2 3 4", "RUN new 1 2 3 4", "RUN [-old-] {+new+} 1 2 …"),
        ("RUN a 1 2 3 4 5 6 b", "RUN x 1 2 3 4 5 6 y", "RUN [-a-] {+x+} 1 2 … 5 6 [-b-] {+y+}"),
    ],
)
def test_words_that_went_and_words_that_came_stand_between_signs(before: str, now: str, told: str) -> None:
    assert changed_words(before, now) == told


def test_a_long_one_is_cut() -> None:
    assert len(changed_words("RUN a", "RUN " + "b" * 500)) == 160
