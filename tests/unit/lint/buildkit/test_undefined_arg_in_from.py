"""`UndefinedArgInFrom`: variables of FROM that nothing declares."""

from __future__ import annotations

from fakes.linting import findings, lines_found, lint_file
from stagemill.lint import check

RULE = "UndefinedArgInFrom"


def test_it_is_found_with_the_name_that_is_near() -> None:
    text = "ARG MY_ARCH=amd64\nFROM --platform=$BULIDPLATFORM busybox:${tag:-1}\nFROM x:$MYARCH\n"

    assert [f.message for f in findings(RULE, text)] == [
        "FROM argument 'BULIDPLATFORM' is not declared (did you mean BUILDPLATFORM?)",
        "FROM argument 'tag' is not declared",
        "FROM argument 'MYARCH' is not declared (did you mean MY_ARCH?)",
    ]


def test_what_is_declared_without_a_value_and_platforms_are_fine() -> None:
    assert lines_found(RULE, "ARG A\nFROM --platform=$BUILDPLATFORM x$A\nFROM y-${TARGETARCH}\n") == []


def test_an_argument_of_a_stage_does_not_count() -> None:
    assert lines_found(RULE, "FROM scratch\nARG A=1\nFROM x:$A\n") == [3]


def test_where_our_own_rule_speaks_it_is_silent() -> None:
    found = check(lint_file("FROM x:$A\n"))

    assert [f.rule for f in found if f.rule in {RULE, "undeclared-arg"}] == ["undeclared-arg"]
