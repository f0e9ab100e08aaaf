from __future__ import annotations

import pytest

from stagemill.dockerfile.expansion import ExpansionError, expand, expand_raw, expand_words, unquote, variables

ENV = {"PWD": "/home", "NULL": "", "V": "v1.2.3", "S": "red.blue.red", "WORDS": " 80  443/tcp "}
NOTHING: dict[str, str] = {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("'a b'c", "a bc"),
        ("\"a 'b'\"", "a 'b'"),
        ("'\\$PWD'", "\\$PWD"),
        (r"it\'s", "it's"),
        (r'"a\tb"', r"a\tb"),
        (r'"a\\b\"c\$d"', r'a\b"c$d'),
        (r"a\tb", "atb"),
        ("end\\", "end"),
        ("end\\\\", "end\\"),
    ],
)
def test_quotes_and_escapes_are_processed(text: str, expected: str) -> None:
    assert expand(text, ENV.get) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$PWD", "/home"),
        ("${PWD}x", "/homex"),
        ("$PWDx", ""),
        ('"$PWD"', "/home"),
        ("'$PWD'", "$PWD"),
        (r"\$PWD", "$PWD"),
        (r"\\$PWD", "\\/home"),
        ("a$NOPE.b", "a.b"),
        ("$.", "$."),
        ("$", "$"),
        ("$1x$@$$y", "xy"),
        ("$12ab", "ab"),
        ("한$PWD국", "한"),
        ("${한}", ""),
    ],
)
def test_a_variable_is_replaced_and_an_unset_one_is_empty(text: str, expected: str) -> None:
    assert expand(text, ENV.get) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${NOPE:-def}", "def"),
        ("${NULL:-def}", "def"),
        ("${NULL-def}", ""),
        ("${NOPE-def}", "def"),
        ("${PWD:+set}", "set"),
        ("${NULL:+set}", ""),
        ("${NULL+set}", "set"),
        ("${NOPE+set}", ""),
        ("${PWD:?no}", "/home"),
        ("${NULL?no}", ""),
        ("${NOPE:-${PWD:+${V}}}", "v1.2.3"),
        ("${NOPE:-'a}b'}", "a}b"),
        ('"${NOPE:-"a b"}"', "a b"),
        ("${NOPE:-http://h:8/p}", "http://h:8/p"),
        (r"${NOPE:-\$PWD:}", "$PWD:"),
        ("${1:-one}", "one"),
        ("${@:-all}", "all"),
    ],
)
def test_defaults_alternatives_and_demands_nest(text: str, expected: str) -> None:
    assert expand(text, ENV.get) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${V#v}", "1.2.3"),
        ("${S#r*.}", "blue.red"),
        ("${S##r*.}", "red"),
        ("${S%.*}", "red.blue"),
        ("${S%%.*}", "red"),
        ("${S/red/tan}", "tan.blue.red"),
        ("${S//red/tan}", "tan.blue.tan"),
        ("${S//r?d/}", ".blue."),
        ("${PWD//\\//-}", "-home"),
        ("${PWD/home/\\/}", "/\\/"),
        ("${NOPE#x}", ""),
        ("${PWD#$NULL}", "/home"),
        ("${S/$NULL/x}", "xred.blue.red"),
    ],
)
def test_patterns_trim_and_replace(text: str, expected: str) -> None:
    assert expand(text, ENV.get) == expected


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("a'b", "a single quote is not closed", 1),
        ('a"b', "a double quote is not closed", 1),
        ("x${PWD", "`}` is missing", 1),
        ("${", "`}` is missing", 0),
        ("${NOPE:-x", "`}` is missing", 0),
        ("${V/x}", "`/` is missing", 0),
        ("${V/x/y", "`}` is missing", 0),
        ("${}", "a name is missing after `${`", 0),
        ("${:-x}", "a name is missing after `${`", 0),
        ("${{x}}", "a name is missing after `${`", 0),
        ("${V:#p}", "`:#` is no operator of `${V…}`", 0),
        ("${V:%p}", "`:%` is no operator of `${V…}`", 0),
        ("${V^}", "`^` is no operator of `${V…}`", 0),
        ("${V:=x}", "`:=` is no operator of `${V…}`", 0),
        ("${NOPE?}", "NOPE: is not set", 0),
        ("${NULL:?}", "NULL: is empty", 0),
        ("${NOPE:?give it $PWD}", "NOPE: give it /home", 0),
        ("ab${NOPE:-${V#\\x}}", "`\\x` is no escape of a pattern", 10),
    ],
)
def test_a_mistake_says_what_and_where(text: str, message: str, offset: int) -> None:
    with pytest.raises(ExpansionError) as caught:
        expand(text, ENV.get)

    assert (caught.value.message, caught.value.offset) == (message, offset)


def test_nesting_has_an_end() -> None:
    text = "${a:-" * 2000 + "x" + "}" * 2000

    with pytest.raises(ExpansionError, match="more than 50 variables within each other"):
        expand(text, NOTHING.get)


def test_a_message_can_always_be_printed() -> None:
    with pytest.raises(ExpansionError) as caught:
        expand("${A:?\udcff\x1b}", NOTHING.get)

    assert caught.value.message == "A: \ufffd\ufffd"


def test_the_escape_character_can_be_a_backtick() -> None:
    assert expand(r"C:\dir`$PWD`\$PWD", ENV.get, escape="`") == r"C:\dir$PWD\/home"


def test_words_split_at_blanks_of_values_but_not_of_quotes() -> None:
    assert expand_words('1${WORDS}2 "$WORDS" a\\ b', ENV.get) == ["1", "80", "443/tcp", "2", " 80  443/tcp ", "a b"]


def test_words_are_none_where_nothing_is_left() -> None:
    assert expand_words("$NOPE ''", ENV.get) == []


def test_a_word_that_is_begun_goes_on_after_a_default() -> None:
    assert expand_words("4${NOPE:-43}/tcp", ENV.get) == ["443/tcp"]


def test_a_heredoc_keeps_its_quotes() -> None:
    text = "x=${V} y=\\$V q=\"$V\" s='$V' it's \\\\ end"

    assert expand_raw(text, ENV.get) == "x=v1.2.3 y=$V q=\"v1.2.3\" s='v1.2.3' it's \\ end"


def test_unquote_leaves_variables_alone() -> None:
    assert unquote("\"a $B\"'c'\\d${e") == "a $Bcd${e"


def test_the_names_that_a_text_reads_are_listed_with_their_places() -> None:
    assert variables("a$X \"${Y:-$Z}\" '$n' \\$m $. ${W:?}") == [("X", 1), ("Y", 5), ("Z", 10), ("W", 27)]


def test_the_names_before_a_mistake_are_listed() -> None:
    assert variables("$A ${B} ${} $C") == [("A", 0), ("B", 3)]
