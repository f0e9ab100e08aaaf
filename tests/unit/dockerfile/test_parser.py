from __future__ import annotations

import time

import pytest

from stagemill.dockerfile.parser import parse, parse_prefix, parse_trigger
from stagemill.dockerfile.printer import render
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Arg, Copy, From, OnBuild, Run, Word
from stagemill.errors import DockerfileError

HANGING = 20.0  # seconds of the processor; what is quadratic takes minutes


def refused(text: str | bytes) -> DockerfileError:
    with pytest.raises(DockerfileError) as caught:
        parse(text)
    return caught.value


def test_stages_and_global_arguments_are_told_apart() -> None:
    dockerfile = parse("ARG A\nARG B=1\nFROM x AS one\nARG C\nRUN a\nFROM one\nRUN b\n", "Some.Dockerfile")

    assert [a.items[0].key for a in dockerfile.global_args] == ["A", "B"]
    assert [(f.image.text, [i.keyword for i in body]) for f, body in dockerfile.stages()] == [
        ("x", ["ARG", "RUN"]),
        ("one", ["RUN"]),
    ]
    assert dockerfile.source.name == "Some.Dockerfile"
    assert dockerfile.directive("syntax") is None


def test_a_stage_has_image_platform_and_name() -> None:
    found = parse("from --platform=$BUILDPLATFORM node:22 as Build-1.x").instructions[0]

    assert isinstance(found, From)
    assert found.image == Word("node:22", Span(1, 32, 1, 39))
    assert found.platform == Word("$BUILDPLATFORM", Span(1, 17, 1, 31))
    assert found.name == Word("Build-1.x", Span(1, 43, 1, 52))
    assert found.keyword == "FROM"
    assert found.original == "from --platform=$BUILDPLATFORM node:22 as Build-1.x"


@pytest.mark.parametrize("name", ["1a", "_a", "a/b", "a$b", "é"])
def test_the_name_of_a_stage_has_a_form(name: str) -> None:
    error = refused(f"FROM x AS {name}")

    assert error.message == f"`{name}` cannot be the name of a stage"
    assert error.at is not None
    assert error.at.column == 11
    assert error.hint == "a name begins with a letter; letters, digits, `-`, `_` and `.` follow"


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("FROM", 1, "write FROM image or FROM image AS name"),
        ("FROM a b", 8, "write FROM a AS b, or FROM a:b for a tag"),
        ("FROM a is b", 8, "write FROM image or FROM image AS name; a comment has a line of its own"),
        ("FROM a AS b # c", 8, "write FROM image or FROM image AS name; a comment has a line of its own"),
    ],
)
def test_from_has_one_word_or_three(text: str, column: int, hint: str) -> None:
    error = refused(text)

    assert error.message == "FROM takes an image, and AS with the name of the stage"
    assert error.at is not None
    assert error.at.column == (column if column == 1 else 8)
    assert error.hint == hint


def test_an_error_shows_file_line_and_caret() -> None:
    error = refused("FROM x\n  FNTRYPOINT a\n")

    assert error.message == "unknown instruction `FNTRYPOINT`"
    assert error.hint == "did you mean ENTRYPOINT?"
    assert error.at is not None
    assert error.at.render() == " --> Dockerfile:2\n2 |   FNTRYPOINT a\n  |   ^^^^^^^^^^"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("&& make", "if it belongs to the instruction above, end that one's last line with `\\`"),
        ("// words", "a comment begins with `#`"),
        ("\\", "remove the line"),
    ],
)
def test_what_an_unknown_instruction_may_be_is_said(line: str, hint: str) -> None:
    assert refused(f"FROM x\n{line}").hint == hint


def test_an_instruction_like_no_other_lists_them_all() -> None:
    hint = refused("FROM x\nQQQQQQ").hint

    assert hint is not None
    assert hint.startswith("instructions are ADD, ARG, CMD, COPY")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "the Dockerfile is empty", "begin it with FROM"),
        (" \n\n", "the Dockerfile is empty", "begin it with FROM"),
        ("# words\n", "the Dockerfile has no instructions", "begin it with FROM"),
        ("ARG a\n", "the Dockerfile has no stage", "add a FROM after its ARGs"),
        ("ARG a\nRUN b\nFROM x", "RUN stands before the first FROM", "only ARG may; begin the stage with FROM"),
    ],
)
def test_a_file_without_stages_is_refused(text: str, message: str, hint: str) -> None:
    error = refused(text)

    assert (error.message, error.hint) == (message, hint)
    assert error.at is not None


def test_a_file_that_is_no_text_is_refused() -> None:
    error = refused("FROM x\nRUN a".encode("utf-16"))

    assert error.message == "the file holds the character NUL, so it is no text"
    assert error.hint == "save it as UTF-8"


def test_nul_within_a_text_has_a_place() -> None:
    error = refused("FROM x\nRUN a\0b")

    assert error.at is not None
    assert (error.at.line, error.at.column) == (2, 6)
    assert error.hint == "remove the character"


def test_bytes_that_are_no_utf8_travel_through() -> None:
    run = parse(b"FROM x\nRUN a\xff").instructions[1]

    assert isinstance(run, Run)
    assert run.command.text.encode("utf-8", "surrogateescape") == b"a\xff"


def test_a_trigger_is_an_instruction() -> None:
    found = parse("FROM x\n  OnBuild  copy --from=a b \\\n c  \nRUN d").instructions[1]

    assert isinstance(found, OnBuild)
    assert isinstance(found.trigger, Copy)
    assert found.trigger.original == "copy --from=a b  c"
    assert found.trigger_text == "copy --from=a b  c  "
    assert found.trigger.span == Span(2, 12, 3, 3)
    assert found.trigger.from_ is not None


@pytest.mark.parametrize("keyword", ["FROM", "MAINTAINER", "ONBUILD"])
def test_some_instructions_are_no_triggers(keyword: str) -> None:
    error = refused(f"FROM x\nONBUILD {keyword} x")

    assert error.message == f"{keyword} cannot be a trigger of ONBUILD"
    assert error.hint == "any instruction but FROM, MAINTAINER and ONBUILD can"
    assert error.at is not None
    assert (error.at.column, error.at.length) == (9, len(keyword))


def test_a_trigger_is_checked_where_it_is_written() -> None:
    assert refused("FROM x\nONBUILD COPPY a b").hint == "did you mean COPY?"
    assert refused("FROM x\nONBUILD").message == "ONBUILD needs an instruction"


def test_a_trigger_of_an_image_is_parsed() -> None:
    found = parse_trigger("RUN <<EOF\na\nEOF", "image x")

    assert isinstance(found, Run)
    assert found.shell_text == "a\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an ONBUILD trigger of the image is empty"),
        ("RUN a\nRUN b", "an ONBUILD trigger of the image has a second instruction"),
        ("FROM x", "FROM cannot be a trigger of ONBUILD"),
        ("FOO x", "unknown instruction `FOO`"),
    ],
)
def test_a_bad_trigger_of_an_image_is_refused(text: str, message: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse_trigger(text, "image x")

    assert caught.value.message == message
    assert caught.value.at is not None
    assert caught.value.at.file == "image x"


def test_instructions_have_any_case() -> None:
    assert isinstance(parse("arg A\nfrom x").instructions[0], Arg)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN " + "\\\n".join(["a"] * 50_000),
        "FROM a\nENV a='" + "x" * 1_000_000 + "\n",
        "FROM a\nENV " + "a=1 " * 50_000,
        "FROM a\nRUN " + "--mount=x " * 5_000,
        "FROM a\nRUN " + "<<A " * 5_000 + "\nA" * 5_000,
        "#\n" * 100_000 + "FROM a",
        "FROM a\nRUN " + "'" * 100_001 + " <<",
    ],
    ids=range(7),
)
def test_long_texts_do_not_hang(text: str) -> None:
    begin = time.process_time()

    parse(text)

    assert time.process_time() - begin < HANGING


def test_of_a_file_with_a_mistake_what_stands_above_it_can_be_had() -> None:
    found, error = parse_prefix("FROM scratch AS a\nUSER x\nBADCMD\nUSER y\n")

    assert [node.original for node in found.instructions] == ["FROM scratch AS a", "USER x"]
    assert error
    assert error.message == "unknown instruction `BADCMD`"


def test_without_a_mistake_all_of_it_is_there_and_without_a_stage_nothing_may_be() -> None:
    assert parse_prefix("FROM scratch\n") == (parse("FROM scratch\n"), None)
    found, error = parse_prefix("ARG A\n")
    assert (len(found.instructions), found.stages()) == (1, [])
    assert error
    assert error.message == "the Dockerfile has no stage"


@pytest.mark.parametrize("text", ["\ufeff", "\ufeff\n", "", "\n", "\ufeff# x", "\ufeffARG A", "\ufeffRUM\n"])
def test_what_is_read_of_a_file_that_is_wrong_prints_as_it_was(text: str) -> None:
    found, error = parse_prefix(text)

    assert error is not None
    assert render(found) == text


def test_a_stage_names_those_that_it_waits_for_each_with_its_place() -> None:
    text = "FROM --after=test,Lint --after=docs --platform=$BUILDPLATFORM x AS a\n"
    (start,) = parse(text).instructions

    assert isinstance(start, From)
    found = [(word.text, text[word.span.column - 1 : word.span.end_column - 1]) for word in start.after]
    assert found == [("test", "test"), ("Lint", "Lint"), ("docs", "docs")]


@pytest.mark.parametrize(
    ("line", "column"), [("FROM --after= x", 14), ("FROM --after=a,,b x", 16), ("FROM --after=a, x", 16)]
)
def test_a_stage_to_wait_for_has_a_name(line: str, column: int) -> None:
    error = refused(line)

    assert (error.message, error.hint) == ("the name of a stage is missing", "write --after=STAGE or STAGE,STAGE")
    assert error.at is not None
    assert error.at.column == column
