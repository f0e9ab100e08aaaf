from __future__ import annotations

import io

import pytest

from stagemill.cli.progress.out import Out, is_unicode, size


class Gone(io.StringIO):
    """A pipe whose reader went away."""

    tries = 0

    def write(self, text: str, /) -> int:
        self.tries += 1
        raise BrokenPipeError


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def written(stream: io.TextIOWrapper) -> bytes:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue()


def test_what_is_written_is_there_at_once() -> None:
    into = stream("utf-8")

    Out(into).write("日本\n")

    assert written(into).decode() == "日本\n"


def test_what_the_encoding_lacks_is_replaced() -> None:
    into = stream("ascii")

    Out(into).write("a✓b\n")

    assert written(into) == b"a?b\n"


def test_names_that_are_no_unicode_are_replaced() -> None:
    into = stream("utf-8")

    Out(into).write("caf\udce9\n")

    assert written(into) == b"caf?\n"


def test_when_nobody_reads_it_is_silent() -> None:
    into = Gone()
    out = Out(into)

    out.write("one")
    out.write("two")

    assert into.tries == 1


def test_a_stream_that_was_closed_is_no_error() -> None:
    into = io.StringIO()
    into.close()

    Out(into).write("text")


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", True), ("UTF8", True), ("ascii", False), ("latin-1", False)]
)
def test_unicode_is_asked_of_the_stream(encoding: str, expected: bool) -> None:
    assert is_unicode(stream(encoding)) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, (80, 24)),
        ({"COLUMNS": "120", "LINES": "40"}, (120, 40)),
        ({"COLUMNS": "120"}, (120, 24)),
        ({"COLUMNS": "0", "LINES": "-3"}, (80, 24)),
        ({"COLUMNS": "wide", "LINES": ""}, (80, 24)),
    ],
)
def test_the_size_of_what_is_no_terminal_is_in_the_environment_or_usual(
    environ: dict[str, str], expected: tuple[int, int]
) -> None:
    assert size(io.StringIO(), environ) == expected
