"""Errors about a place in a template."""

from __future__ import annotations

import pytest

from stagemill.errors import Excerpt, TemplateError
from stagemill.template.failure import failed, within_reason


def test_an_error_has_the_line_and_a_caret() -> None:
    error = failed("one\ntwo {{.X}}\nthree", 10, "there is no field .X", length=2, hint="did you mean .Y?")

    assert error.message == "invalid --format, column 7: there is no field .X"
    assert error.hint == "did you mean .Y?"
    assert error.at == Excerpt("--format", 2, 7, 2, "two {{.X}}")
    assert error.at.render() == " --> --format:2\n2 | two {{.X}}\n  |       ^^"


def test_a_place_behind_the_end_is_the_end() -> None:
    assert failed("ab", 10, "x").at.column == 3


def test_too_deep_a_nesting_is_an_error_of_the_template() -> None:
    with pytest.raises(TemplateError) as caught, within_reason("text"):
        raise RecursionError

    assert caught.value.message == "invalid --format, column 1: it is nested too deeply"
