"""What is no template, and where."""

from __future__ import annotations

import pytest

from stagemill.errors import TemplateError
from stagemill.template.nodes import (
    Block,
    Chain,
    Command,
    Constant,
    Function,
    Leave,
    Pipe,
    Show,
    Template,
    Text,
    Variable,
)
from stagemill.template.parser import parse


def test_text_and_actions_become_nodes() -> None:
    found = parse('a{{printf "%s" .A.B}}')

    chain = Chain(None, ("A", "B"), (15, 17), 15)
    command = Command((Function("printf", 3), Constant("%s", '"%s"', 10), chain), 3)
    assert found == Template('a{{printf "%s" .A.B}}', (Text("a"), Show(Pipe((command,), 3))))


def test_a_block_has_two_branches() -> None:
    (block,) = parse("{{range $i, $x := .}}{{break}}{{else}}b{{end}}").nodes

    pipe = Pipe((Command((Chain(None, (), (), 18),), 18),), 8, ("$i", "$x"))
    assert block == Block("range", pipe, (Leave("break"),), (Text("b"),))


def test_a_variable_is_known_after_it_was_declared() -> None:
    _, show = parse("{{$x := 1}}{{$x}}").nodes

    assert show == Show(Pipe((Command((Variable("$x", 13),), 13),), 13))


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("{{.Id", 1, 1, "the action does not end"),
        ("a\nb{{.Id", 2, 2, "the action does not end"),
        ("{{/* a", 1, 1, "the comment does not end"),
        ("{{/* a */ .Os}}", 1, 1, "the comment does not end"),
        ('{{"a}}', 1, 3, "the text in quotes does not end"),
        ('{{"a\nb"}}', 1, 3, "the text in quotes does not end"),
        ("{{`a}}", 1, 3, "the text in backticks does not end"),
        ("{{'ab'}}", 1, 3, "the character does not end"),
        ("{{.A ? .B}}", 1, 6, "'?' has no meaning here"),
        ("{{}}", 1, 3, "a value is missing here"),
        ("{{.A | }}", 1, 8, "a value is missing here"),
        ("{{if}}{{end}}", 1, 5, "a value is missing here"),
        ("{{if .A}}x{{else if}}{{end}}", 1, 20, "a value is missing here"),
        ("{{foo .Id}}", 1, 3, "there is no function foo"),
        ("{{upper .Id", 1, 1, "the action does not end"),
        ("{{end}}", 1, 3, "there is no block that this end belongs to"),
        ("{{else}}", 1, 3, "there is no block that this else belongs to"),
        ("x{{if .Os}}", 1, 2, "if has no end"),
        ("{{if .A}}a{{else}}b{{else}}c{{end}}", 1, 22, "a block has one else"),
        ("{{if .A}}{{end .B}}", 1, 16, "end takes nothing"),
        ("{{if .A}}{{else .B}}{{end}}", 1, 17, "else takes nothing"),
        ("{{range .A}}{{break 1}}{{end}}", 1, 21, "break takes nothing"),
        ("{{break}}", 1, 3, "break is for a range, and there is none around it"),
        ("{{range .A}}{{else}}{{continue}}{{end}}", 1, 23, "continue is for a range, and there is none around it"),
        ('{{template "x"}}', 1, 3, "template is not supported: there is one template, --format"),
        ("{{$y}}", 1, 3, "there is no variable $y"),
        ("{{$y = 1}}", 1, 3, "there is no variable $y"),
        ("{{if true}}{{$x := 1}}{{end}}{{$x}}", 1, 32, "there is no variable $x"),
        ("{{$a, $b := .A}}", 1, 5, "there is one variable to set"),
        ("{{range $a, $b, $c := .A}}{{end}}", 1, 15, "there is one variable or two to set"),
        ("{{range $a, .b := .A}}{{end}}", 1, 13, "a variable is needed here"),
        ("{{nil}}", 1, 3, "nil has no value to show"),
        ("{{.A .B}}", 1, 3, ".A is no function"),
        ('{{"a" "b"}}', 1, 3, '"a" is no function'),
        ('{{.A | "x"}}', 1, 8, "what stands behind a | has to be a function"),
        ("{{.A.}}", 1, 5, ". cannot stand here"),
        ("{{.$x}}", 1, 4, "$x cannot stand here"),
        ("{{len(.A)}}", 1, 6, "( cannot stand here"),
        ("{{.A)}}", 1, 5, ") cannot stand here"),
        ("{{(.A}}", 1, 3, "the parenthesis does not end"),
        ("{{print end}}", 1, 9, "end cannot stand here"),
        ("{{print |}}", 1, 10, "a value is missing here"),
        ('{{"\\q"}}', 1, 3, '"\\q" cannot be read'),
        ("{{0x_}}", 1, 3, "0x_ cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_template_is_told_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text)

    assert caught.value.message == f"invalid --format, column {column}: {message}"
    assert (caught.value.at.line, caught.value.at.column) == (line, column)
    assert caught.value.at.text == text.split("\n")[line - 1]


def test_a_function_that_there_is_not_is_answered_with_a_near_one() -> None:
    with pytest.raises(TemplateError) as caught:
        parse("{{uper .Os}}")

    assert caught.value.hint == "did you mean upper?"
