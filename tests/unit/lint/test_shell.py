"""Commands in the text of a RUN."""

from __future__ import annotations

import pytest

from fakes.linting import lint_file
from stagemill.dockerfile.tree import Cmd, Run
from stagemill.lint import shell
from stagemill.lint.place import written
from stagemill.lint.ran import ran
from stagemill.lint.shell import ShellCommand


def commands(line: str) -> list[ShellCommand]:
    file = lint_file(f"FROM x\n{line}\n")
    step = file.stages[0].steps[-1]
    assert isinstance(step.node, Run)
    return shell.of_run(step, step.node, escape=file.escape)


def texts(line: str) -> list[tuple[str, ...]]:
    return [command.texts for command in commands(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RUN a b && c || d; e | f & g", [("a", "b"), ("c",), ("d",), ("e",), ("f",), ("g",)]),
        ("RUN (cd x && a) ; { b; }", [("cd", "x"), ("a",), ("b",), ("}",)]),
        ('RUN a \'b  c\' "d \\"e\\"" f\\ g', [("a", "b  c", 'd "e"', "f g")]),
        ("RUN a $(b c; d) `e f` $X ${Y:-z}", [("a", "$(b c; d)", "`e f`", "$X", "${Y:-z}")]),
        ("RUN a >out 2>&1 <in b", [("a", "b")]),
        ("RUN a # b && c", [("a",)]),
        ("RUN a#b", [("a#b",)]),
        ("RUN if ! a; then b; fi", [("a",), ("b",), ("fi",)]),
        ("RUN sudo env A=b c", [("c",)]),
        ('RUN ["a", "b c"]', [("a", "b c")]),
        ('RUN ["/bin/sh", "-ec", "a && b"]', [("a",), ("b",)]),
        ("RUN a 'open", [("a", "open")]),
        ("RUN <<EOF\na \\\n  b\nc\nEOF", [("a", "b"), ("c",)]),
        ("RUN bash <<EOF\na\nEOF", [("bash",), ("a",)]),
        ("RUN cat <<EOF >f\na\nEOF", [("cat",)]),
        ("RUN <<EOF\n#!/bin/bash -e\na\nEOF", [("a",)]),
        ("RUN <<EOF\n#!/usr/bin/python3\na\nEOF", []),
        ('SHELL ["pwsh", "-c"]\nRUN a', []),
        ('SHELL ["/bin/bash", "-c"]\nRUN a', [("a",)]),
        ("RUN free() { a; } && b", [("a",), ("}",), ("b",)]),
        ("RUN free ( ) ( a ) ; free b", [("a",), ("free", "b")]),
        ("RUN case $X in a) b;; esac", [("case", "$X", "in", "a"), ("b",), ("esac",)]),
    ],
)
def test_commands_are_told_apart(line: str, expected: list[tuple[str, ...]]) -> None:
    assert texts(line) == expected


@pytest.mark.parametrize(
    "head",
    ["FROM mcr.microsoft.com/windows/servercore-insider", "FROM python:3-windowsservercore", "# escape=`\nFROM x"],
)
def test_the_shells_of_windows_are_not_read(head: str) -> None:
    file = lint_file(f'{head}\nRUN wget a ; rm b\nRUN ["wget", "a"]\n')

    assert [command.texts for command in ran(file)] == [("a",)]


def test_variables_before_a_command_are_its_own() -> None:
    assert commands("RUN A=1 B='2 3' c")[0].env == (("A", "1"), ("B", "2 3"))


def test_commands_within_if_and_case_are_conditional() -> None:
    found = commands("RUN a; if b; then c; else d; fi; e; case $X in f) g;; esac; h")

    assert [command.texts[0] for command in found if command.conditional] == ["b", "c", "d", "case", "g"]


@pytest.mark.parametrize(
    "line",
    [
        "RUN --network=none a bcd && e",
        "RUN a \\\n  # comment\n\n  bcd && \\\n e",
        "   run a bcd",
        'RUN ["a", "bcd"]',
        "RUN <<-EOF\n\ta bcd\n\tEOF",
    ],
)
def test_every_word_stands_in_the_file_where_it_is_said_to(line: str) -> None:
    file = lint_file(f"FROM x\n{line}\n")

    for command in commands(line):
        for word in command.words:
            assert word.exact
            assert written(file.dockerfile, word.span) == word.text


def test_words_with_quotes_are_not_exact() -> None:
    assert [word.exact for word in commands("RUN a 'b'")[0].words] == [True, False]


def test_the_commands_of_cmd_have_the_place_of_the_whole() -> None:
    node = lint_file("FROM x\nCMD a && b c\n").stages[0].steps[0].node
    assert isinstance(node, Cmd)

    found = shell.of_command(node.command)

    assert [command.texts for command in found] == [("a",), ("b", "c")]
    assert {word.span for command in found for word in command.words} == {node.command.span}
