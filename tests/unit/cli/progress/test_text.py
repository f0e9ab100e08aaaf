from __future__ import annotations

import pytest

from stagemill.cli.progress.text import LONGEST_LINE, Lines, amount, cells, clip, harmless, progress


def test_lines_come_when_they_end() -> None:
    lines = Lines()

    assert lines.feed(b"one\ntw") == ["one"]
    assert lines.partial == "tw"
    assert lines.feed(b"o\n\nthree") == ["two", ""]
    assert lines.end() == ["three"]
    assert lines.end() == []


def test_a_line_that_ended_leaves_nothing() -> None:
    lines = Lines()

    assert lines.feed(b"one\n") == ["one"]
    assert lines.partial == ""
    assert lines.end() == []


def test_a_carriage_return_begins_the_line_anew() -> None:
    lines = Lines()

    assert lines.feed(b" 10%\r 20%") == []
    assert lines.partial == " 20%"
    assert lines.feed(b"\r100%\n") == ["100%"]


@pytest.mark.parametrize("pieces", [[b"one\r\ntwo\r\n"], [b"one\r", b"\ntwo", b"\r\n"]], ids=["whole", "in pieces"])
def test_lines_may_end_as_on_windows(pieces: list[bytes]) -> None:
    lines = Lines()

    assert [line for piece in pieces for line in lines.feed(piece)] == ["one", "two"]


def test_a_return_at_the_end_has_overwritten_nothing_yet() -> None:
    lines = Lines()
    lines.feed(b"50%\r")

    assert lines.partial == "50%"
    assert lines.feed(b"60%\r") == []
    assert lines.partial == "60%"
    assert lines.end() == ["60%"]


def test_a_progress_bar_without_end_takes_no_memory() -> None:
    lines = Lines()
    for number in range(1000):
        lines.feed(b"%d" % number * 100 + b"\r")

    assert len(lines._rest) < 1000


def test_a_line_without_end_is_cut() -> None:
    lines = Lines()

    pieces = lines.feed(b"x" * (2 * LONGEST_LINE + 1))

    assert pieces == ["x" * LONGEST_LINE] * 2
    assert lines.end() == ["x"]


def test_a_character_may_come_in_pieces() -> None:
    lines = Lines()
    data = "日本\n".encode()

    assert [line for place in range(len(data)) for line in lines.feed(data[place : place + 1])] == ["日本"]


def test_what_is_no_utf8_is_replaced() -> None:
    lines = Lines()

    assert lines.feed(b"caf\xe9 \xff\n") == ["caf� �"]
    assert lines.feed(b"\xe6\x97") == []
    assert lines.end() == ["�"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("日本 é", "日本 é"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hhome", "home"),
        ("\x1b[?25lhidden", "hidden"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;data\x1b\\text", "text"),
        ("\x1b(Btext\x1b=", "text"),
        ("cut \x1b[38;5", "cut "),
        ("cut \x1b", "cut "),
        ("\x9b31mred", "red"),
        ("bell\x07 back\x08 null\x00", "bell back null"),
        ("a\tb", "a       b"),
        ("two\nlines", "two lines"),
        ("\u202eright to left\u2066", "right to left"),
    ],
)
def test_harmless_text_only_shows_characters(text: str, expected: str) -> None:
    assert harmless(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc", 3), ("", 0), ("日本", 4), ("é", 1), ("e\u0301", 1), ("a\u200db", 2), ("✓", 1), ("…", 1)],
)
def test_cells_are_columns(text: str, expected: int) -> None:
    assert cells(text) == expected


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("abc", -3, ""),
        ("", 0, ""),
    ],
)
def test_clip_cuts_by_columns(text: str, width: int, expected: str) -> None:
    assert clip(text, width) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0B"),
        (2, "2B"),
        (999, "999B"),
        (1000, "1.00kB"),
        (12_580_000, "12.58MB"),
        (999_999, "1.00MB"),
        (3_000_000_000, "3.00GB"),
        (5 * 10**12, "5.00TB"),
        (7 * 10**15, "7.00PB"),
    ],
)
def test_amounts_have_decimal_units(size: int, expected: str) -> None:
    assert amount(size) == expected


def test_progress_says_what_is_known() -> None:
    assert progress(5, 2000) == "5B / 2.00kB"
    assert progress(5, None) == "5B"
    assert progress(0, None) == ""
