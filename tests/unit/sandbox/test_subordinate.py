"""Subordinate ids and the maps made of them."""

from __future__ import annotations

from stagemill.sandbox import subordinate
from stagemill.sandbox.subordinate import Range

TEXT = "ann:100000:65536\nbob:165536:65536\n1001:300000:10\nbroken\nann:x:y\nann:400000:1000\nann:1:0\n"


def test_all_lines_of_a_user_count_by_name_or_number() -> None:
    assert subordinate.ranges(TEXT, user="ann", uid=1000) == (Range(100000, 65536), Range(400000, 1000))
    assert subordinate.ranges(TEXT, user="carl", uid=1001) == (Range(300000, 10),)
    assert subordinate.ranges(TEXT, user="bob", uid=1001) == (Range(165536, 65536), Range(300000, 10))


def test_a_user_without_lines_has_no_ranges() -> None:
    assert subordinate.ranges(TEXT, user="dora", uid=5) == ()
    assert subordinate.ranges("", user="ann", uid=1000) == ()


def test_zero_is_the_user_and_the_rest_follows_without_gaps() -> None:
    arguments = subordinate.mapping(1000, (Range(100000, 65536), Range(400000, 1000)))

    assert " ".join(arguments) == "0 1000 1 1 100000 65536 65537 400000 1000"


def test_a_line_to_add_takes_nobody_else_s_ids() -> None:
    assert subordinate.line_to_add("", user="ann") == "ann:100000:65536"
    assert subordinate.line_to_add("bob:165536:65536\n", user="ann") == "ann:231072:65536"
    assert subordinate.line_to_add("bob:1:10\n", user="ann") == "ann:100000:65536"
