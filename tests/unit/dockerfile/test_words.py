from __future__ import annotations

import pytest

from stagemill.dockerfile.lines import LogicalLine
from stagemill.dockerfile.words import json_array, json_words, split, split_quoted


def line(text: str) -> LogicalLine:
    return LogicalLine(text, (0,), ((1, 1),), 0, ())


def test_words_split_at_blanks_whatever_is_quoted() -> None:
    assert [w.text for w in split(line('a\t "b c" \rd'), 0, 11)] == ["a", '"b', 'c"', "d"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", ["a", "b"]),
        ('a="b c" d', ['a="b c"', "d"]),
        ("a='b \\' c", ["a='b \\'", "c"]),
        ('a="b \\" c" d', ['a="b \\" c"', "d"]),
        ("a\\ b c", ["a\\ b", "c"]),
        ('""', ['""']),
        ('a="open b', ['a="open b']),
        ("a\\", ["a"]),
        ("a \\", ["a"]),
        ('"a\\', ['"a']),
        ("a\u00a0b", ["a", "b"]),
        ("a\x1cb", ["a\x1cb"]),
        ("", []),
    ],
)
def test_quoted_blanks_do_not_split(text: str, expected: list[str]) -> None:
    assert [w.text for w in split_quoted(line(text), 0, len(text), escape="\\")] == expected


def test_the_escape_character_matters_for_blanks() -> None:
    assert [w.text for w in split_quoted(line("a` b\\ c"), 0, 7, escape="`")] == ["a` b\\", "c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", []),
        (' [ "a" , "b c" ] ', ["a", "b c"]),
        (r'["\"\u00e9\n"]', ['"é\n']),
        (r'["\ud800x"]', ["\ufffdx"]),
        ("['a']", None),
        ('["a"] x', None),
        ('["a",]', None),
        ('["a"', None),
        ("[NaN]", None),
        ("[" * 100_000, None),
        ("[" + "1" * 10_000 + "]", None),
        ('{"a": 1}', None),
        ("echo", None),
        ("", None),
    ],
)
def test_a_json_array_is_recognised(text: str, expected: list[str] | None) -> None:
    assert json_array(text) == expected


@pytest.mark.parametrize("text", ["[1]", '["a", null]', '[["a"]]', '["a", {}]'])
def test_a_json_array_of_other_things_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a member of the JSON array is no string"):
        json_array(text)


def test_the_character_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        json_array(r'["a\u0000"]')


def test_json_words_have_their_places() -> None:
    found = json_words(line(r'x ["a\"", "b"]'), 2, 14)

    assert found is not None
    assert [(w.text, w.span.column, w.span.end_column) for w in found] == [('a"', 4, 9), ("b", 11, 14)]
