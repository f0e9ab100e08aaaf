"""`ShellCheck`: what ShellCheck says of the commands of RUN, with the real program."""

from __future__ import annotations

import pytest

from fakes.linting import findings, shell_checked

RULE = "ShellCheck"


def found(text: str) -> list[tuple[str, int, int]]:
    return [(f.rule, f.span.line, f.span.column) for f in findings(RULE, text, known=shell_checked())]


def test_a_remark_stands_at_its_place_in_a_continued_line() -> None:
    text = "FROM debian:12\nRUN true && \\\n    # a comment\n    cp $A /b && \\\n    echo $C\n"

    assert found(text) == [("SC2086", 4, 8), ("SC2086", 5, 10)]
    assert findings(RULE, text, known=shell_checked())[0].level == "info"


def test_a_heredoc_is_read_line_by_line() -> None:
    assert found("FROM debian:12\nRUN <<EOF\ntrue\ncp $A /b\nEOF\n") == [("SC2086", 4, 4)]
    assert found("FROM debian:12\nRUN <<-EOF\n\ttrue\n\t\tcp $A /b\n\tEOF\n") == [("SC2086", 4, 6)]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("FROM debian:12\nRUN [[ $A == b ]]", ["SC3010", "SC3014"]),
        ("FROM fedora:41\nRUN [[ $A == b ]]", []),
        ("FROM x\nRUN [[ $A == b ]]", []),
        ('FROM debian:12\nSHELL ["/bin/bash", "-c"]\nRUN [[ $A == b ]]', []),
        ("FROM debian:12\n# hadolint shell=/bin/bash\nRUN [[ $A == b ]]", []),
        ("FROM debian:12\nRUN <<EOF\n#!/usr/bin/env bash\n[[ $A == b ]]\nEOF", []),
        ("FROM debian:12 AS a\nFROM a\nRUN source b", ["SC3046"]),
    ],
)  # fmt: skip
def test_the_shell_is_the_one_that_runs_the_step(text: str, codes: list[str]) -> None:
    assert sorted({rule for rule, _, _ in found(text + "\n")}) == codes


@pytest.mark.parametrize(
    "text",
    [
        'SHELL ["pwsh", "-c"]\nRUN cp $A b', "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN cp $A b", 'RUN ["cp", "$A", "b"]', "RUN <<EOF\n#!/usr/bin/python3\nprint($A)\nEOF",
        'RUN . ./missing && echo "$missing"', "RUN python <<EOF\ncp $A\nEOF", 'SHELL ["cmd", "/S", "/C"]\nRUN cp $A b',
    ],
)  # fmt: skip
def test_other_shells_and_what_only_the_image_knows_are_left_alone(text: str) -> None:
    assert found(f"FROM debian:12\n{text}\n") == []


def test_the_platform_of_a_build_has_no_blanks() -> None:
    assert found("FROM debian:12\nARG TARGETARCH\nRUN make -a $TARGETARCH\n") == []
    assert found("FROM debian:12\nARG TARGET\nRUN make -a $TARGET\n") == [("SC2086", 3, 13)]


def test_a_variable_of_other_shells_that_the_file_sets_and_a_list_of_one_are_fine() -> None:
    assert found("FROM alpine:3.20\nARG UID=5\nRUN adduser -u ${UID} a\n") == []
    assert found("FROM alpine:3.20\nRUN adduser -u ${UID} a\n")[0][0] == "SC3028"
    assert found('FROM debian:12\nRUN for key in \\\n  94AE \\\n  ; do echo "$key"; done\n') == []


@pytest.mark.parametrize(
    "comment",
    ["# hadolint ignore=SC2086", "# shellcheck disable=SC2086", "# check=skip=ShellCheck", "# check=skip=SC2086"],
)
def test_a_comment_leaves_a_number_out(comment: str) -> None:
    assert found(f"FROM debian:12\n{comment}\nRUN cp $A b\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ENV A=1.2\nRUN cp a-$A b", []),
        ("ARG A=/usr\nRUN cp ${A} b", []),
        ("ENV A='1 2'\nRUN cp $A b", ["SC2086"]),
        ("ARG A\nRUN cp $A b", ["SC2086"]),
        ("RUN deps='a b' && cp $deps c", []),
    ],
)
def test_a_variable_whose_value_is_harmless_needs_no_quotes(text: str, expected: list[str]) -> None:
    assert [rule for rule, _, _ in found(f"FROM debian:12\n{text}\n")] == expected


def test_without_the_program_nothing_is_said() -> None:
    assert findings(RULE, "FROM debian:12\nRUN cp $A b\n") == []
