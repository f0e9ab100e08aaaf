"""Text and actions by turns."""

from __future__ import annotations

from stagemill.template.lexer import Action, Token, pieces


def test_an_action_is_tokens_with_their_places() -> None:
    before, action, after = pieces('a {{index .A.B $x "c"|len}} d')

    assert (before, after) == ("a ", " d")
    assert action == Action(
        (
            Token("word", "index", 4),
            Token("field", ".A", 10),
            Token("field", ".B", 12, glued=True),
            Token("variable", "$x", 15),
            Token("string", '"c"', 18),
            Token("sign", "|", 21, glued=True),
            Token("word", "len", 22, glued=True),
            Token("end", "}}", 25),
        ),
        2,
    )


def test_braces_in_quotes_end_nothing() -> None:
    _, action, rest = pieces('{{"}}"}}x')

    assert isinstance(action, Action)
    assert (action.tokens[0].text, rest) == ('"}}"', "x")


def test_comments_leave_nothing_and_trim_as_actions_do() -> None:
    assert list(pieces("a {{- /* x */ -}} b")) == ["a", "b"]
    assert list(pieces("a {{/* x */}} b")) == ["a ", " b"]


def test_a_minus_with_a_number_is_the_numbers() -> None:
    _, action, _ = pieces(" {{-3}} ")

    assert isinstance(action, Action)
    assert action.tokens[0] == Token("number", "-3", 3)
