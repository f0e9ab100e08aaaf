from __future__ import annotations

import pytest

from stagemill.errors import StagemillError
from stagemill.execute.chmod import parse


@pytest.mark.parametrize(
    ("text", "expected"), [("755", 0o755), ("0644", 0o644), ("4755", 0o4755), ("0", 0), ("7777", 0o7777)]
)
def test_an_octal_number_is_the_mode(text: str, expected: int) -> None:
    mode = parse(text)

    assert [mode.apply(0o600, directory=False), mode.apply(0o1777, directory=True)] == [expected, expected]


# (mode, before, of a file, of a directory); the results are those of chmod(1) with umask 0
@pytest.mark.parametrize(
    ("text", "before", "file", "directory"),
    [
        ("+x", 0o644, 0o755, 0o755),
        ("a-w", 0o666, 0o444, 0o444),
        ("u+s", 0o755, 0o4755, 0o4755),
        ("g+s", 0o755, 0o2755, 0o2755),
        ("+s", 0o755, 0o6755, 0o6755),
        ("o+s", 0o755, 0o755, 0o755),
        ("+t", 0o777, 0o1777, 0o1777),
        ("u+t", 0o777, 0o777, 0o777),
        ("u=rwX,go=rX", 0o600, 0o644, 0o755),
        ("u=rwX,go=rX", 0o700, 0o755, 0o755),
        ("a+X", 0o644, 0o644, 0o755),
        ("a-x,a+X", 0o755, 0o755, 0o755),
        ("g=u", 0o750, 0o770, 0o770),
        ("o=g-w", 0o770, 0o775, 0o775),
        ("go=", 0o777, 0o700, 0o700),
        ("=", 0o777, 0, 0),
        ("u+rw-x", 0o111, 0o611, 0o611),
        ("ug=rw,o=r", 0o777, 0o664, 0o664),
        ("u=rwx", 0o4755, 0o755, 0o4755),
        ("u-s", 0o4755, 0o755, 0o755),
        ("g+u", 0o740, 0o770, 0o770),
        ("+", 0o640, 0o640, 0o640),
    ],
)
def test_words_change_a_mode_as_in_chmod(text: str, before: int, file: int, directory: int) -> None:
    mode = parse(text)

    assert [mode.apply(before, directory=False), mode.apply(before, directory=True)] == [file, directory]


def test_without_a_text_a_mode_stays() -> None:
    assert parse("").apply(0o4751, directory=False) == 0o4751


def test_only_an_octal_mode_reaches_new_parents() -> None:
    actual = [parse(text).of_new_directories for text in ("", "u=rwX,go=", "0715", "4644")]

    assert actual == [0o755, 0o755, 0o715, 0o644]


@pytest.mark.parametrize("text", ["64a", "10000", "888", "u", "u+q", "u=rwx,", ",", "u+rg", "z+x", "u+ug", "-0755"])
def test_what_is_no_mode_is_an_error(text: str) -> None:
    with pytest.raises(StagemillError) as caught:
        parse(text)

    expected = f"invalid chmod parameter: {text!r}, it should be an octal number between 0 and 07777, or symbolic"
    assert caught.value.message == expected
    assert caught.value.hint == "for example 0755, or u=rwX,go=rX"
