"""How rows are printed. What is expected of tables is what docker 28.2 printed for such rows."""

from __future__ import annotations

import json

import pytest

from stagemill.cli.listing.form import Form
from stagemill.errors import TemplateError
from stagemill.template.values import Value

HEADS = {"ID": "IMAGE ID", "Tag": "TAG", "Size": "SIZE"}
ROWS: list[dict[str, Value]] = [
    {"ID": "ab12cd34ef56", "Tag": "latest", "Size": "77.8MB"},
    {"ID": "ff12cd34ef56", "Tag": "<none>", "Size": "5B"},
]
DEFAULT = "{{.ID}}\t{{.Tag}}\t{{.Size}}"


def printed(form: str, rows: list[dict[str, Value]] = ROWS) -> str:
    return Form.parse(form, default=DEFAULT).printed(rows, HEADS)


@pytest.mark.parametrize("form", ["", "table"])
def test_a_table_has_the_default_columns_under_their_heads(form: str) -> None:
    assert printed(form) == (
        "IMAGE ID       TAG       SIZE\n"
        "ab12cd34ef56   latest    77.8MB\n"
        "ff12cd34ef56   <none>    5B\n"
    )  # fmt: skip


@pytest.mark.parametrize("form", [r"table {{.Tag}}\t{{upper .ID}}", "table {{.Tag}}\t{{upper .ID}}"])
def test_a_table_may_have_columns_of_ones_own(form: str) -> None:
    assert printed(form) == "TAG       IMAGE ID\nlatest    AB12CD34EF56\n<none>    FF12CD34EF56\n"


def test_what_is_done_to_a_value_is_not_done_to_its_head() -> None:
    assert printed("table {{json .Tag}}\t{{truncate .ID 4}}\t{{lower .Size}}").splitlines()[:2] == [
        "TAG        IMAGE ID   SIZE",
        '"latest"   ab12       77.8mb',
    ]  # fmt: skip


def test_a_table_without_rows_is_its_heads() -> None:
    assert printed("", []) == "IMAGE ID   TAG       SIZE\n"


def test_no_line_ends_with_blanks() -> None:
    assert printed("table {{.Tag}}\t{{.Size}}\t", ROWS[:1]) == "TAG       SIZE\nlatest    77.8MB\n"


def test_a_template_makes_a_line_of_each_row() -> None:
    assert printed(r"{{.ID}}:\t{{.Tag}}") == "ab12cd34ef56:\tlatest\nff12cd34ef56:\t<none>\n"
    assert printed("x", []) == ""


@pytest.mark.parametrize("form", ["json", "{{json .}}"])
def test_json_is_one_object_for_each_row(form: str) -> None:
    assert [json.loads(line) for line in printed(form).splitlines()] == ROWS


def test_json_has_its_keys_sorted() -> None:
    assert printed("json", ROWS[:1]) == '{"ID":"ab12cd34ef56","Size":"77.8MB","Tag":"latest"}\n'


def test_a_field_that_there_is_not_is_told_also_where_there_are_no_rows() -> None:
    with pytest.raises(TemplateError) as caught:
        printed("table {{.Tags}}", [])

    assert caught.value.hint == "did you mean .Tag?"
