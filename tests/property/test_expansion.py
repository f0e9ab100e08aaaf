"""Expansion against a reference that never reads: texts are put together beside what they mean.

Each strategy gives pairs of a text and its meaning, None where expanding it is an error. What the operators do is in POSIX's
shell language, section 2.6.2, and in BuildKit's reference, "Environment replacement".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from stagemill.dockerfile.expansion import ExpansionError, expand, expand_raw, unquote

VALUES = {"a": "", "b": "b.bab", "ab": "x yx", "_x": "ab*?", "v1": "é", "1": "one", "12": "twelve", "@": "all"}
NAMES = st.sampled_from([*VALUES, "c", "nosuch", "2"])
PLAIN = st.text("ab1 .é:-+%#", max_size=3)
Pair = tuple[str, str | None]


def joined(pairs: Iterable[Pair]) -> Pair:
    texts, meanings = [], []
    for text, meaning in pairs:
        texts.append(text)
        meanings.append(meaning)
    known = [meaning for meaning in meanings if meaning is not None]
    return "".join(texts), "".join(known) if len(known) == len(meanings) else None


def defaulted(name: str, operator: str, word: Pair) -> Pair:
    """`${name:-word}` and its like; a word is looked at whether it is needed or not."""
    text, meaning = word
    value = VALUES.get(name)
    given_ = bool(value) if operator.startswith(":") else value is not None
    match operator[-1]:
        case "-":
            found = value if given_ else meaning
        case "+":
            found = meaning if given_ else ""
        case _:
            found = value if given_ else None
    return f"${{{name}{operator}{text}}}", None if meaning is None else found


def expression(pattern: str) -> str:
    """A pattern as a regular expression: `*` is any text, `?` any character, a backslash takes a meaning away."""
    tokens = re.findall(r"\\.|.", pattern, re.DOTALL)
    signs = {"*": ".*", "?": "."}
    return "".join(signs.get(token) or re.escape(token[-1]) for token in tokens)


def trimmed(name: str, operator: str, pattern: str) -> Pair:
    """`${name#pattern}` and its like, by trying every length."""
    value = VALUES.get(name, "")
    whole = re.compile(expression(pattern))
    lengths = range(len(value) + 1) if len(operator) == 1 else range(len(value), -1, -1)
    for length in lengths:
        piece, rest = (value[:length], value[length:])
        if operator[0] == "%":
            piece, rest = value[len(value) - length :], value[: len(value) - length]
        if whole.fullmatch(piece):
            return f"${{{name}{operator}{pattern}}}", rest
    return f"${{{name}{operator}{pattern}}}", value


def replaced(name: str, operator: str, pattern: str, new: str) -> Pair:
    """`${name/pattern/new}`, the longest match from the left; `//` all, none of them nothing at the end of another."""
    value, whole = VALUES.get(name, ""), re.compile(expression(pattern))
    found, at, last = "", 0, -1
    while at <= len(value):
        ends = [end for end in range(len(value), at - 1, -1) if whole.fullmatch(value[at:end])]
        if ends and ends[0] > last:
            found, last = found + new, ends[0]
            if operator == "/":
                return f"${{{name}{operator}{pattern}/{new}}}", found + value[last:]
        if ends and ends[0] > at:
            at = ends[0]
        else:
            found, at = found + value[at : at + 1], at + 1
    return f"${{{name}{operator}{pattern}/{new}}}", found


def in_double_quotes(text: str) -> Pair:
    return f'"{text}"', text


VARIABLES = NAMES.map(lambda name: (f"${{{name}}}", VALUES.get(name, "")))
# No pattern begins with a sign that the operator may double, or is empty, which `#` and `/` each have their own mind about.
PATTERNS = st.lists(st.sampled_from(["*", "?", "a", "b", ".", "x", r"\*", r"\?"]), min_size=1, max_size=4).map("".join)
WORDS: st.SearchStrategy[Pair] = st.deferred(
    lambda: st.lists(
        st.one_of(
            PLAIN.map(lambda text: (text, text)),
            VARIABLES,
            st.text('ab"$\\` {}', max_size=3).map(lambda text: (f"'{text}'", text)),
            st.text("ab' {}/", max_size=3).map(in_double_quotes),
            st.sampled_from("ab'\"$\\}{/").map(lambda char: (f"\\{char}", char)),
            st.sampled_from('"$\\').map(lambda char: (f'"\\{char}"', char)),
            st.sampled_from("ab'/}").map(lambda char: (f'"\\{char}"', f"\\{char}")),
            INSIDE,
            INSIDE.map(lambda pair: (f'"{pair[0]}"', pair[1])),
        ),
        max_size=4,
    ).map(joined)
)
INSIDE: st.SearchStrategy[Pair] = st.deferred(
    lambda: st.one_of(
        st.builds(defaulted, NAMES, st.sampled_from([":-", "-", ":+", "+", ":?", "?"]), WORDS),
        st.builds(trimmed, NAMES, st.sampled_from(["#", "##", "%", "%%"]), PATTERNS),
        st.builds(replaced, NAMES, st.sampled_from(["/", "//"]), PATTERNS, st.text("abx. ", max_size=3)),
    )
)


def expanded(text: str, *, escape: str = "\\") -> str | None:
    try:
        return expand(text, VALUES.get, escape=escape)
    except ExpansionError:
        return None


@settings(max_examples=400)
@given(WORDS)
def test_a_word_means_what_its_pieces_mean(pair: Pair) -> None:
    text, meaning = pair

    assert expanded(text) == meaning


@given(st.lists(VARIABLES | PLAIN.map(lambda text: (text, text)), max_size=6).map(joined))
def test_in_a_heredoc_quotes_are_like_other_characters(pair: Pair) -> None:
    text, meaning = pair
    assert meaning is not None

    assert expand_raw(f"'{text}\" {text}'", VALUES.get) == f"'{meaning}\" {meaning}'"


@given(WORDS)
def test_with_another_escape_character_a_backslash_is_like_other_characters(pair: Pair) -> None:
    text, _ = pair
    plain = text.replace("`", "").replace("\\", "`")
    if re.search("[#%/]", plain):
        return  # the escapes of patterns are backslashes whatever the directive says

    other = expanded(plain, escape="`")
    assert other == (None if (same := expanded(text.replace("`", ""))) is None else same.replace("\\", "`"))


@given(st.text("ab'\"\\ ", max_size=10))
def test_without_variables_only_quotes_and_escapes_count(text: str) -> None:
    try:
        without: str | None = unquote(text)
    except ExpansionError:
        without = None

    assert without == expanded(text)


@given(NAMES, st.sampled_from(["", " ", ".", "-", "/", "$", "'q'"]))
def test_a_name_ends_where_no_name_goes_on(name: str, after: str) -> None:
    assert expanded(f"${name}{after}") == VALUES.get(name, "") + after.strip("'")
