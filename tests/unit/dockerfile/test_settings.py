from __future__ import annotations

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import (
    Arg,
    Env,
    Expose,
    InstructionNode,
    Label,
    Maintainer,
    Pair,
    StopSignal,
    User,
    Volume,
    Word,
    Workdir,
)
from stagemill.errors import DockerfileError


def second(text: str) -> InstructionNode:
    return parse("FROM x\n" + text).instructions[1]


def refused(text: str) -> tuple[str, str, str | None]:
    with pytest.raises(DockerfileError) as caught:
        second(text)
    at = caught.value.at
    assert at is not None
    return caught.value.message, at.text[at.column - 1 : at.column - 1 + at.length], caught.value.hint


def pairs(text: str) -> list[tuple[str, str | None]]:
    found = second(text)
    assert isinstance(found, Arg | Env | Label)
    return [(pair.key, pair.value) for pair in found.items]


@pytest.mark.parametrize("keyword", ["ENV", "LABEL"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", [("a", "1")]),
        ('a=1 b=\'2 3\' "c d"="4 $x"', [("a", "1"), ("b", "'2 3'"), ('"c d"', '"4 $x"')]),
        ("a=b=c d=", [("a", "b=c"), ("d", "")]),
        ("a=x\\ y", [("a", "x\\ y")]),
    ],
)
def test_pairs_keep_their_quotes(keyword: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(f"{keyword} {text}") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ENV a b", ("a", "b")),
        ("LABEL a   b  c=d  ", ("a", "b  c=d")),
        ("ENV a =b", ("a", "=b")),
    ],
)
def test_without_an_equals_sign_one_variable_takes_the_rest(text: str, expected: tuple[str, str]) -> None:
    found = second(text)

    assert isinstance(found, Env | Label)
    assert pairs(text) == [expected]
    assert found.legacy


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ENV", ("ENV needs at least one argument", "ENV", "write ENV NAME=value")),
        ("ENV a", ("ENV `a` has no value", "a", 'write ENV a=value; an empty value is ""')),
        (
            "LABEL a=1 b",
            ("`b` lacks its `=`", "b", "write NAME=value, and put a value with blanks in double quotes"),
        ),
        ("ENV =1", ("the name before `=` is missing", "=1", "write ENV NAME=value, without a blank before the `=`")),
        ("ARG", ("ARG needs at least one argument", "ARG", "write ARG NAME or ARG NAME=default")),
        ("ARG a =1", ("the name before `=` is missing", "=1", "write ARG NAME=default")),
    ],
)
def test_a_bad_pair_is_refused(text: str, problem: tuple[str, str, str | None]) -> None:
    assert refused(text) == problem


def test_an_argument_may_lack_its_value() -> None:
    assert pairs("ARG a b= c='1 2'") == [("a", None), ("b", ""), ("c", "'1 2'")]


def test_a_pair_has_a_place() -> None:
    env = second('ENV a=1 b="2 \\\n 3"')

    assert isinstance(env, Env)
    assert env.items[1] == Pair("b", '"2  3"', Span(2, 9, 3, 4))


def test_ports_split_at_blanks() -> None:
    expose = second("EXPOSE 80 $P  53/udp")

    assert isinstance(expose, Expose)
    assert [p.text for p in expose.ports] == ["80", "$P", "53/udp"]


def test_the_rest_of_the_line_is_one_word() -> None:
    workdir, user, signal, author = (
        second("WORKDIR /a b "),
        second("USER $U : g"),
        second("STOPSIGNAL ${S}"),
        second("MAINTAINER A B <a@b>"),
    )

    assert isinstance(workdir, Workdir)
    assert workdir.path == Word("/a b", Span(2, 9, 2, 13))
    assert isinstance(user, User)
    assert user.user.text == "$U : g"
    assert isinstance(signal, StopSignal)
    assert signal.signal.text == "${S}"
    assert isinstance(author, Maintainer)
    assert author.name.text == "A B <a@b>"


@pytest.mark.parametrize("example", ["WORKDIR /app", "USER app", "STOPSIGNAL SIGINT", "MAINTAINER me@example.com"])
def test_one_argument_is_needed(example: str) -> None:
    keyword = example.split(maxsplit=1)[0]

    assert refused(f"{keyword}  ") == (f"{keyword} needs an argument", keyword, f"for example: {example}")


@pytest.mark.parametrize(("text", "json"), [("VOLUME /a /b", False), ('VOLUME ["/a", " /b "]', True)])
def test_volumes_are_a_list(text: str, json: bool) -> None:
    volume = second(text)

    assert isinstance(volume, Volume)
    assert ([p.text for p in volume.paths], volume.json) == (["/a", "/b"], json)


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("VOLUME", "VOLUME needs at least one argument", "VOLUME"),
        ("VOLUME []", "VOLUME needs at least one argument", "[]"),
        ('VOLUME ["/a", " "]', "the path of a VOLUME is empty", '" "'),
        ('VOLUME ["/a", 1]', "a member of the JSON array is no string", '["/a", 1]'),
        ("EXPOSE", "EXPOSE needs at least one argument", "EXPOSE"),
    ],
)
def test_a_bad_list_is_refused(text: str, message: str, marked: str) -> None:
    assert refused(text)[:2] == (message, marked)
