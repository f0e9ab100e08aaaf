"""BuildKit's forms."""

from __future__ import annotations

from stagemill.dockerfile.source import Source, Span
from stagemill.subrequests import form


def test_a_place_is_a_range_for_each_line() -> None:
    assert form.location(Span(2, 5, 3, 1)) == {
        "ranges": [{"start": {"line": 2}, "end": {"line": 2}}, {"start": {"line": 3}, "end": {"line": 3}}]
    }
    assert form.location(None) == {}


def test_what_is_empty_is_left_out() -> None:
    assert form.present({"a": "", "b": False, "c": [], "d": 1}) == {"d": 1}


def test_the_file_is_in_base64_whatever_its_bytes() -> None:
    assert form.data(Source("D", b"a\xff".decode("utf-8", "surrogateescape"))) == "Yf8="


def test_columns_of_a_table_stand_below_each_other() -> None:
    assert form.table([("A", "B", "C"), ("long", "", "x")], padding=2) == "A     B  C\nlong     x\n"


def test_a_comment_describes_what_its_first_word_is() -> None:
    comments = ["something", "foo is it", "foo again", "bar"]

    assert form.comment(comments, "foo") == "is it"
    assert form.comment(comments, "bar") == ""
    assert form.comment(comments, "") == ""


def test_a_document_is_indented_by_two() -> None:
    assert form.document({"a": ["ä"]}) == '{\n  "a": [\n    "ä"\n  ]\n}\n'
