from __future__ import annotations

from stagemill.dockerfile.source import Source, Span, printable, quoted


def test_an_excerpt_is_the_first_line_of_a_span() -> None:
    source = Source("D", "one\ntwo three\nfour")

    excerpt = source.excerpt(Span(2, 5, 3, 2))

    assert excerpt.render() == " --> D:2\n2 | two three\n  |     ^^^^^"


def test_a_byte_order_mark_moves_no_column() -> None:
    excerpt = Source("D", "\ufeffFROM x").excerpt(Span(1, 6, 1, 7))

    assert excerpt.render() == " --> D:1\n1 | FROM x\n  |      ^"


def test_an_excerpt_can_always_be_printed() -> None:
    excerpt = Source("D", "a\udcffb\x1b[31m\tc\r\n").excerpt(Span(1, 1, 1, 2))

    assert excerpt.text == "a\ufffdb\ufffd[31m\tc"


def test_a_place_beyond_the_file_shows_its_last_line() -> None:
    assert Source("D", "a\nb").excerpt(Span(9, 1, 9, 2)).text == "b"


def test_a_span_narrows_to_a_place_in_it() -> None:
    assert Span(3, 5, 3, 20).at(4, 2) == Span(3, 9, 3, 11)
    assert Span(3, 5, 4, 2).at(4) == Span(3, 5, 4, 2)


def test_a_span_reaches_to_another() -> None:
    assert Span(1, 2, 1, 4).to(Span(3, 1, 3, 9)) == Span(1, 2, 3, 9)


def test_printable_keeps_the_length() -> None:
    assert printable("a\x00\u009b\ud800é") == "a\ufffd\ufffd\ufffdé"


def test_a_long_piece_is_cut() -> None:
    assert quoted("x" * 100, limit=5) == "`xxxx…`"
