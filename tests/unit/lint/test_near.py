"""Names that may have been meant."""

from __future__ import annotations

import pytest

from stagemill.lint.near import closest, did_you_mean


@pytest.mark.parametrize(
    ("word", "names", "expected"),
    [
        ("BULIDPLATFORM", ["BUILDOS", "BUILDPLATFORM"], "BUILDPLATFORM"),
        ("MYARCH", ["MY_ARCH", "MY_OS"], "MY_ARCH"),
        ("abc", ["abd", "abcd", "ab"], "ab"),
        ("abc", ["xyz", "abcdef"], None),
        ("path", ["PATH"], None),
        ("", ["a"], "a"),
        ("a", [], None),
    ],
)
def test_the_one_with_the_fewest_differences_at_most_two(word: str, names: list[str], expected: str | None) -> None:
    assert closest(word, names) == expected


def test_it_is_proposed_in_brackets() -> None:
    assert did_you_mean("PAHT", ["PATH"], sign="$") == " (did you mean $PATH?)"
    assert did_you_mean("nothing", ["PATH"]) == ""
