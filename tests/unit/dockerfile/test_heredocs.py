from __future__ import annotations

import pytest

from stagemill.dockerfile.heredocs import opening, openings
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add, Copy, Heredoc, OnBuild, Run
from stagemill.errors import DockerfileError


def run(text: str) -> Run:
    found = parse("FROM x\n" + text).instructions[1]
    assert isinstance(found, Run)
    return found


@pytest.mark.parametrize(
    ("word", "name", "expand", "strip_tabs", "descriptor"),
    [
        ("<<EOF", "EOF", True, False, 0),
        ("<<-EOF", "EOF", True, True, 0),
        ("3<<EOF", "EOF", True, False, 3),
        ("<< EOF", "EOF", True, False, 0),
        ("<<'E OF'", "E OF", False, False, 0),
        ('<<"E"OF', "EOF", False, False, 0),
        ("<<\\EOF", "EOF", True, False, 0),
        ("<<$X", "$X", True, False, 0),
    ],
)
def test_a_word_opens_a_heredoc(word: str, name: str, expand: bool, strip_tabs: bool, descriptor: int) -> None:
    found = opening(word)

    assert found is not None
    assert (found.name, found.expand, found.strip_tabs, found.descriptor) == (name, expand, strip_tabs, descriptor)


@pytest.mark.parametrize("word", ["<<", "<<-", "a<<EOF", "<<<EOF", "<<A<<B", "<<''", "<<A B", "<<'A", "EOF", ""])
def test_other_words_open_none(word: str) -> None:
    assert opening(word) is None


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("RUN a <<ONE 3<<-TWO", ["ONE", "TWO"]),
        ("RUN a '<<ONE' \"<<TWO\"", []),
        ("RUN echo $((1<<2))", []),
        ("RUN cat<<EOF", []),
        ("RUN it's <<EOF", []),
        ("RUN a \\<<EOF", []),
        ("RUN (cat <<EOF)", ["EOF)"]),
    ],
)
def test_a_line_opens_what_stands_between_blanks(line: str, names: list[str]) -> None:
    assert [found.name for found in openings(line)] == names


def test_a_script_is_read_with_its_place() -> None:
    found = run("RUN <<EOF\nset -e\n\n# stays \\\nEOF\n")

    body = "set -e\n\n# stays \\\n"
    assert found.heredocs == (Heredoc("EOF", body, True, False, Span(3, 1, 6, 1), 0, body),)
    assert found.span == Span(2, 1, 6, 4)
    assert found.original == "RUN <<EOF"
    assert found.script == found.heredocs[0]
    assert found.shell_text == body


def test_a_command_with_heredocs_gets_them_below_it() -> None:
    found = run("RUN cat <<A 3<<-B > f\na\nA\n\tb\n\tB\nRUN next")

    assert found.script is None
    assert found.shell_text == "cat <<A 3<<-B > f\na\nA\n\tb\nB"
    assert [h.content for h in found.heredocs] == ["a\n", "b\n"]


def test_a_command_without_heredocs_is_its_own_text() -> None:
    assert run("RUN a \\\n b").shell_text == "a  b"


def test_line_ends_of_a_body_stay() -> None:
    assert run("RUN <<EOF\r\na\r\nEOF\r\n").heredocs[0].content == "a\r\n"


def test_only_tabs_are_stripped() -> None:
    found = run("RUN <<-EOF\n\t\ta\n \tb\n\t\n\tEOF").heredocs[0]

    assert (found.content, found.raw) == ("a\n \tb\n\n", "\t\ta\n \tb\n\t\n")


def test_an_empty_body_is_fine() -> None:
    assert run("RUN <<EOF\nEOF").heredocs[0].content == ""


@pytest.mark.parametrize("keyword", ["COPY", "ADD"])
def test_files_of_a_copy_are_no_sources(keyword: str) -> None:
    copy = parse(f"FROM x\n{keyword} --chmod=755 <<a.txt real <<'b' /dst/\none\na.txt\ntwo\nb\n").instructions[1]

    assert isinstance(copy, Copy | Add)
    assert [w.text for w in copy.sources] == ["real"]
    assert copy.destination.text == "/dst/"
    assert [(h.name, h.content, h.expand) for h in copy.heredocs] == [("a.txt", "one\n", True), ("b", "two\n", False)]


def test_json_form_has_no_heredocs() -> None:
    copy = parse('FROM x\nCOPY ["<<EOF", "/x"]\nRUN ["cat", "<<EOF"]\n').instructions[1]

    assert isinstance(copy, Copy)
    assert ([w.text for w in copy.sources], copy.heredocs) == (["<<EOF"], ())


def test_other_instructions_have_no_heredocs() -> None:
    assert len(parse("FROM x\nENV a=<<EOF\nCMD <<EOF\n").instructions) == 3


def test_a_trigger_has_heredocs() -> None:
    found = parse("FROM x\nONBUILD RUN <<-EOF  \n\ta\n\tEOF\nRUN b").instructions[1]

    assert isinstance(found, OnBuild)
    assert isinstance(found.trigger, Run)
    assert found.trigger_text == "RUN <<-EOF  \n\ta\nEOF"
    assert found.trigger.shell_text == "a\n"


def refused(text: str) -> tuple[str, str, str | None]:
    with pytest.raises(DockerfileError) as caught:
        parse("FROM x\n" + text)
    at = caught.value.at
    assert at is not None
    return caught.value.message, at.text[at.column - 1 : at.column - 1 + at.length], caught.value.hint


def test_a_heredoc_must_end() -> None:
    assert refused("RUN a <<ONE\nb\n") == (
        "the heredoc `ONE` does not end",
        "<<ONE",
        "end it with a line that is nothing but `ONE`",
    )


def test_an_end_with_blanks_around_it_is_pointed_out() -> None:
    assert refused("RUN <<-ONE\nb\n  ONE\n")[2] == "line 4 would end it if there were no blanks around `ONE`"


def test_a_destination_is_no_heredoc() -> None:
    message, marked, _ = refused("COPY a <<EOF\nEOF\n")

    assert (message, marked) == ("the destination of COPY cannot be a heredoc", "<<EOF")


@pytest.mark.parametrize("text", ["COPY << EOF /x\nEOF\n", 'COPY <<"a b" /x\na b\n'])
def test_the_name_of_a_file_is_one_word(text: str) -> None:
    assert refused(text)[2] == "its name follows `<<` at once and has no blanks in it, as in <<EOF"


def test_an_open_quote_hides_a_heredoc() -> None:
    message, marked, _ = refused("COPY it's <<EOF /x\nEOF\n")

    assert message == "the heredoc `EOF` was not read, since a quote in the line is not closed"
    assert marked == "<<EOF"
