"""`undeclared-arg`: variables in FROM that no global ARG declares."""

from __future__ import annotations

from fakes.linting import findings, lines_found, meaning, mended

RULE = "undeclared-arg"
PAGE = "FROM node:22 AS base\nFROM base AS deps-dev\nFROM base AS deps-prod\nFROM deps-${BUILD_ENV:-prod} AS deps\n"


def test_a_variable_without_arg_is_found_where_it_stands() -> None:
    found = findings(RULE, PAGE)

    assert [(f.span.line, f.span.column, f.span.end_column) for f in found] == [(4, 11, 22)]
    assert found[0].message == "FROM reads $BUILD_ENV, but no ARG before the first FROM declares it"
    assert found[0].hint == (
        "write ARG BUILD_ENV above the first FROM; without it the variable is never set, whatever --build-arg says"
    )


def test_a_build_argument_without_effect_is_told() -> None:
    found = findings(RULE, PAGE, build_args={"BUILD_ENV": "dev"})

    assert found[0].message == (
        "--build-arg BUILD_ENV is given, but has no effect on FROM: no ARG before the first FROM declares it"
    )


def test_a_declared_variable_is_fine() -> None:
    assert lines_found(RULE, "ARG BUILD_ENV\n" + PAGE) == []


def test_platform_arguments_need_no_declaration() -> None:
    text = "FROM --platform=$BUILDPLATFORM node:22-$TARGETARCH AS a\n"

    assert lines_found(RULE, text) == []


def test_a_variable_in_platform_is_found() -> None:
    assert lines_found(RULE, "FROM --platform=$HOST node:22\n") == [1]


def test_an_arg_inside_of_a_stage_does_not_count_and_is_named() -> None:
    found = findings(RULE, "FROM node:22 AS base\nARG V\nFROM node:$V AS b\n")

    assert found[0].hint == (
        "the ARG V in line 2 belongs to `base`, and FROM does not see it; write ARG V above the first FROM"
    )


def test_the_fix_declares_it_above_the_first_from_and_changes_nothing_else() -> None:
    new = mended(RULE, PAGE)

    assert new == "ARG BUILD_ENV\n\n" + PAGE
    assert meaning(new)[1:] == meaning(PAGE)


def test_the_fix_stays_below_directives_and_comments_of_the_file() -> None:
    text = "# syntax=docker/dockerfile:1\n# About this file.\n\n# Stage 1\nFROM node:$V\n"

    assert mended(RULE, text) == (
        "# syntax=docker/dockerfile:1\n# About this file.\n\nARG V\n\n# Stage 1\nFROM node:$V\n"
    )


def test_comments_at_the_very_top_stay_at_the_top() -> None:
    assert mended(RULE, "# About\nFROM node:$V\n") == "# About\nARG V\n\nFROM node:$V\n"


def test_the_fix_comes_after_the_args_there_are_and_keeps_the_line_end() -> None:
    text = "ARG A=1\r\n\r\nFROM x:$A-$B\r\n"

    assert mended(RULE, text) == "ARG A=1\r\nARG B\r\n\r\nFROM x:$A-$B\r\n"


def test_several_variables_are_declared_one_below_the_other() -> None:
    assert mended(RULE, "FROM x:$A-$B\n") == "ARG A\nARG B\n\nFROM x:$A-$B\n"


def test_a_byte_order_mark_stays_first() -> None:
    assert mended(RULE, "\ufeffFROM x:$A\n") == "\ufeffARG A\n\nFROM x:$A\n"
