"""Which rules a file wants to be asked."""

from __future__ import annotations

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.errors import DockerfileError, UsageError
from stagemill.lint.options import ARGUMENT, Options


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Options()),
        ("skip=A", Options(skip=frozenset({"A"}))),
        (" skip = A , B ; error = true ", Options(skip=frozenset({"A", "B"}), error=True)),
        ("error=0;experimental=all", Options(experimental=frozenset({"all"}))),
        ("skip=all;error=T", Options(skip=frozenset({"all"}), error=True)),
    ],
)
def test_options_are_read(text: str, expected: Options) -> None:
    assert Options.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("skip", "invalid check option 'skip'"),
        ("skips=A", "invalid check option 'skips'"),
        ("error=maybe", "the check option error is true or false, not 'maybe'"),
        ("skip=A;;", "invalid check option ''"),
    ],
)
def test_what_is_wrong_is_told(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Options.parse(text)


def test_the_directive_counts_up_to_its_first_blank() -> None:
    dockerfile = parse("# check=skip=A // for now\nFROM scratch\n")

    assert Options.of(dockerfile, {}) == Options(skip=frozenset({"A"}))
    assert Options.of(parse("FROM scratch\n"), {}) == Options()


def test_the_build_argument_takes_its_place_also_where_it_is_empty() -> None:
    dockerfile = parse("# check=skip=A\nFROM scratch\n")

    assert Options.of(dockerfile, {ARGUMENT: "error=true"}) == Options(error=True)
    assert Options.of(dockerfile, {ARGUMENT: ""}) == Options()


def test_a_wrong_directive_is_shown_with_its_place() -> None:
    with pytest.raises(DockerfileError) as caught:
        Options.of(parse("# check=skop=A\nFROM scratch\n"), {})

    assert caught.value.message == "invalid check option 'skop'"
    assert caught.value.at
    assert caught.value.at.line == 1
    assert caught.value.hint
    assert caught.value.hint.startswith("write skip=RULE,RULE or skip=all")


def test_a_wrong_argument_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--build-arg BUILDKIT_DOCKERFILE_CHECK: invalid check option 'x'"):
        Options.of(parse("FROM scratch\n"), {ARGUMENT: "x=1"})


def test_a_comment_adds_to_them_and_a_wrong_one_adds_nothing() -> None:
    options = Options(skip=frozenset({"A"}))

    assert options.above(["check=skip=B // words"]).skip == {"A", "B"}
    assert options.above(["a comment", "Check = experimental=X"]).experimental == {"X"}
    assert options.above(["check=nothing", "check=skip=B"]) == options
    assert options.above([]) == options


def test_a_rule_is_asked_unless_it_is_skipped() -> None:
    assert Options().allow(["A"], experimental=False)
    assert not Options(skip=frozenset({"A"})).allow(["A"], experimental=False)
    assert not Options(skip=frozenset({"all"})).allow(["A"], experimental=False)
    assert Options(skip=frozenset({"B"})).allow(["A"], experimental=False)


def test_an_experimental_rule_is_asked_only_by_name_and_then_in_any_case() -> None:
    assert not Options().allow(["A"], experimental=True)
    assert Options(experimental=frozenset({"A"}), skip=frozenset({"all"})).allow(["A"], experimental=True)
    assert Options().with_experimental(["all"]).allow(["A"], experimental=True)
