from __future__ import annotations

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Copy, Flag, InstructionNode, Run
from stagemill.errors import DockerfileError


def second(text: str) -> InstructionNode:
    return parse("FROM x\n" + text).instructions[1]


def refused(text: str) -> tuple[str, str, str | None]:
    """The message, what the caret underlines, and the hint."""
    with pytest.raises(DockerfileError) as caught:
        second(text)
    at = caught.value.at
    assert at is not None
    return caught.value.message, at.text[at.column - 1 : at.column - 1 + at.length], caught.value.hint


def test_flags_have_their_places() -> None:
    flags = second("RUN --network=none  --mount=type=tmpfs,target=/a \\\n --device=b c").flags

    assert flags == (
        Flag("network", "none", Span(2, 5, 2, 19), Span(2, 15, 2, 19)),
        Flag("mount", "type=tmpfs,target=/a", Span(2, 21, 2, 49), Span(2, 29, 2, 49)),
        Flag("device", "b", Span(3, 2, 3, 12), Span(3, 11, 3, 12)),
    )


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('--chown="a b"', "a b"),
        ("--chown='a b'", "a b"),
        ('--"chown"=a', "a"),
        ("--chown=a\\ b", "a b"),
        ('--chown="a\\"b"', 'a"b'),
        ("--chown='a\\'b'", "a'b"),
        ("--chown='a\"b'c", 'a"bc'),
        ("--chown=é", "é"),
        ("--chown=$X:${Y:-1}", "$X:${Y:-1}"),
    ],
)
def test_quotes_of_a_flag_are_removed(written: str, value: str) -> None:
    copy = second(f"COPY {written} a b")

    assert isinstance(copy, Copy)
    assert copy.chown is not None
    assert copy.chown.text == value
    assert [w.text for w in (*copy.sources, copy.destination)] == ["a", "b"]


def test_two_hyphens_end_the_flags() -> None:
    run = second("RUN --network=host -- --network=none")

    assert isinstance(run, Run)
    assert [f.value for f in run.flags] == ["host"]
    assert run.command.text == "--network=none"


def test_what_follows_the_first_argument_is_no_flag() -> None:
    copy = second("COPY a --from=b c")

    assert isinstance(copy, Copy)
    assert copy.from_ is None
    assert [w.text for w in copy.sources] == ["a", "--from=b"]


@pytest.mark.parametrize(
    ("written", "value"),
    [("", None), ("--link", True), ("--link=true", True), ("--link=TRUE", True), ("--link=False", False)],
)
def test_a_switch_is_true_false_or_not_given(written: str, value: bool | None) -> None:
    copy = second(f"COPY {written} a b")

    assert isinstance(copy, Copy)
    assert copy.link is value


def test_a_flag_of_several_values_keeps_their_order() -> None:
    copy = second("COPY --exclude=b --exclude=a --exclude= . .")

    assert isinstance(copy, Copy)
    assert [w.text for w in copy.excludes] == ["b", "a", ""]


def test_an_empty_value_is_as_good_as_none() -> None:
    copy = second("COPY --from= --chown= a b")

    assert isinstance(copy, Copy)
    assert (copy.from_, copy.chown) == (None, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("COPY --form=a b c", ("unknown flag `--form` of COPY", "--form=a", "did you mean --from?")),
        (
            "FROM --quux a",
            ("unknown flag `--quux` of FROM", "--quux", "FROM takes --after, --platform"),
        ),
        (
            "ENV --a=b",
            ("unknown flag `--a` of ENV", "--a=b", "ENV takes no flags; `ENV -- --…` passes such a word on"),
        ),
        ("COPY --from=a --from=b c d", ("the flag --from stands here a second time", "--from=b", "keep one of them")),
        (
            "COPY --from a b",
            ("the flag --from lacks its value", "--from", "write --from=VALUE, without a blank around the `=`"),
        ),
        (
            "COPY --link=yes a b",
            (
                "the flag --link is true or false, not `yes`",
                "yes",
                "write --link, --link=true or --link=false",
            ),
        ),
        (
            "COPY --link= a b",
            ("the flag --link is true or false, not ``", " ", "write --link, --link=true or --link=false"),
        ),
        ("RUN --mount='a b", ("a quote in a flag is not closed", "'", "end it with '")),
    ],
)
def test_a_bad_flag_is_refused(text: str, problem: tuple[str, str, str]) -> None:
    assert refused(text) == problem


@pytest.mark.parametrize("text", ["ARG --anything=1 A", "STOPSIGNAL --x 9", "HEALTHCHECK --interval=x NONE"])
def test_some_instructions_never_look_at_their_flags(text: str) -> None:
    assert len(second(text).flags) == 1
