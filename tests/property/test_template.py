"""Whatever somebody writes behind `--format`: it is a template, or an error with a place in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagemill.errors import TemplateError
from stagemill.template.evaluate import render
from stagemill.template.parser import parse
from stagemill.template.values import NilMap, Struct

DATA = Struct(
    {"A": "text", "B": [1, "two", None], "C": {"k": "v"}, "D": Struct({"E": 1.5, "F": True}), "G": NilMap(), "H": None}
)
WORDS = [
    ".", ".A", ".B", ".C.k", ".D.E", ".G.x", ".H", "$", "$x", "$x := .A", "$x = 1", "$i, $x := .B", ":=", "=", "|", "(", ")", ",",
    "if", "else", "end", "range", "with", "break", "continue", "else if", "index", "len", "eq", "and", "or", "not", "json", "printf",
    "println", "join", "split", "slice", "upper", "title", "pad", "1", "-2", "1.5", "true", "nil", '"s"', '"%s %d"', "`r`", "'c'", "/* c */",
]  # fmt: skip
actions = st.lists(st.sampled_from(WORDS), max_size=6).map(lambda words: f"{{{{{' '.join(words)}}}}}")
templates = st.lists(st.one_of(actions, st.sampled_from([" ", "x", "{{- 1 -}}", "{{end}}", "\n"])), max_size=8).map(
    "".join
)


def attempt(text: str) -> str | TemplateError:
    try:
        return render(parse(text), DATA)
    except TemplateError as error:
        return error


def check(text: str) -> None:
    """A text, or an error at a place that there is."""
    found = attempt(text)
    if isinstance(found, TemplateError):
        assert found.at.text == text.split("\n")[found.at.line - 1]
        assert 1 <= found.at.column <= len(found.at.text) + 1
        assert found.at.render().endswith("^")


@given(st.text())
def test_any_text_is_a_template_or_an_error(text: str) -> None:
    check(text)


@given(templates)
def test_so_is_what_looks_like_one(text: str) -> None:
    check(text)


@given(st.text(alphabet=st.characters(exclude_characters="{")))
def test_text_without_braces_is_written_as_it_is(text: str) -> None:
    assert render(parse(text), DATA) == text


@given(st.text())
def test_a_quoted_text_comes_out_as_it_went_in(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    assert render(parse(f'{{{{"{escaped}"}}}}'), DATA) == text


@pytest.mark.parametrize("text", ["", "{{", "}}", "{{}}", "{{{{}}}}"])
def test_the_least_that_can_be_written(text: str) -> None:
    check(text)
