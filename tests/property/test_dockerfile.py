"""The Dockerfile language on texts that nobody would write."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from stagemill.dockerfile import patterns
from stagemill.dockerfile.expansion import ExpansionError, expand, expand_raw, expand_words, unquote, variables
from stagemill.dockerfile.parser import parse, parse_trigger
from stagemill.dockerfile.printer import render
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import DockerfileError

KEYWORDS = (
    "FROM x,FROM x AS b,ARG,ENV,LABEL,RUN,COPY,ADD,CMD,ENTRYPOINT,EXPOSE,VOLUME,USER,WORKDIR,SHELL,HEALTHCHECK,"
    "HEALTHCHECK CMD,STOPSIGNAL,ONBUILD,ONBUILD RUN,MAINTAINER,# escape=`,# syntax=x,#"
)
PIECES = st.sampled_from([
    *KEYWORDS.split(","), "a", "a=b", "a b", "=", "--from=x", "--link", "--mount=a", "--", "'", '"', "\\", "`", "\\\n", "\n",
    "\n", "\r\n", "\r", " ", "\t", "<<E", "<<-E", "\nE\n", "<<", '["a"]', '["a", "b"]', "[1]", "[", "$x", "${x:-y}", "#",
    "\ufeff", "\x85", "\x00", "\u2028", "é", "\udcff", "--interval=1s",
])  # fmt: skip
DOCKERFILES = st.lists(PIECES, max_size=40).map("".join)
WORDS = st.lists(
    st.sampled_from([*"$${}:-+?#%/*\\`'\"ab1 \n", "${", "${a", ":-", "${b/"]), max_size=25
).map("".join)  # fmt: skip
NOTHING: dict[str, str] = {}


def parsed(text: str | bytes) -> Dockerfile | None:
    try:
        return parse(text)
    except DockerfileError as error:
        failure = error
    assert failure.at is not None
    for shown in (failure.message, failure.hint or "", failure.at.render()):
        shown.encode()
    return None


@given(DOCKERFILES)
def test_a_parsed_text_prints_as_it_was(text: str) -> None:
    for whole in (text, "FROM x\n" + text):
        tree = parsed(whole)
        assert tree is None or render(tree) == whole


@given(st.text() | DOCKERFILES)
def test_any_text_parses_or_has_an_error_with_a_place(text: str) -> None:
    parsed(text)
    with contextlib.suppress(DockerfileError):
        parse_trigger(text, "trigger")


@given(st.binary())
def test_any_bytes_parse_or_have_an_error_with_a_place(data: bytes) -> None:
    tree = parsed(data)

    assert tree is None or render(tree).encode("utf-8", "surrogateescape") == data


@given(DOCKERFILES)
def test_every_place_lies_in_the_file(text: str) -> None:
    tree = parsed("FROM x\n" + text)
    lines = ("FROM x\n" + text).split("\n")

    for instruction in tree.instructions if tree else ():
        for span in (instruction.span, *(flag.span for flag in instruction.flags)):
            assert (span.line, span.column) <= (span.end_line, span.end_column)
            assert span.end_column <= len(lines[span.end_line - 1]) + 1


def offset_of_error(verb: Callable[[], object]) -> int:
    try:
        verb()
    except ExpansionError as error:
        return error.offset
    return 0


@given(WORDS | st.text(), st.sampled_from("\\`"), st.dictionaries(st.sampled_from("ab"), st.text()))
def test_any_word_expands_or_has_an_error_in_it(text: str, escape: str, values: dict[str, str]) -> None:
    for verb in (
        lambda: expand(text, values.get, escape=escape),
        lambda: expand_words(text, values.get, escape=escape),
        lambda: unquote(text, escape=escape),
        lambda: expand_raw(text, values.get),
    ):
        assert 0 <= offset_of_error(verb) <= len(text)
    for _, offset in variables(text, escape=escape):
        assert text[offset] == "$"


@given(st.text(alphabet="ab '\"\\", max_size=12))
def test_words_are_the_pieces_of_the_whole(text: str) -> None:
    try:
        whole = expand(text, NOTHING.get)
    except ExpansionError:
        return

    assert "".join(expand_words(text, NOTHING.get)).replace(" ", "") == whole.replace(" ", "")


def naive_ends(tokens: list[str], value: str) -> set[int]:
    """Every length of a prefix that the pattern matches, found by trying all."""
    ends = {0}
    for token in tokens:
        following: set[int] = set()
        for end in ends:
            if token == "*":
                following.update(range(end, len(value) + 1))
            elif end < len(value) and token in ("?", "\\" + value[end]):
                following.add(end + 1)
        ends = following
    return ends


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=12))
def test_patterns_match_as_by_trying(pattern: str, value: str) -> None:
    tokens = patterns.parse(pattern)
    ends = naive_ends(tokens, value)
    tails = naive_ends(tokens[::-1], value[::-1])

    assert patterns.without_prefix(tokens, value, longest=False) == value[min(ends, default=0) :]
    assert patterns.without_prefix(tokens, value, longest=True) == value[max(ends, default=0) :]
    assert patterns.without_suffix(tokens, value, longest=False) == value[: len(value) - min(tails, default=0)]
    assert patterns.without_suffix(tokens, value, longest=True) == value[: len(value) - max(tails, default=0)]
