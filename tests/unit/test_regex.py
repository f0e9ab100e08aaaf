from __future__ import annotations

import re

import pytest

from stagemill.regex import regex


def test_it_does_what_a_compiled_one_does() -> None:
    lazy, usual = regex(r"(?P<word>\w+) (\d+)", re.ASCII), re.compile(r"(?P<word>\w+) (\d+)", re.ASCII)
    text = "one 1, two 2"

    assert [match.groups() for match in lazy.finditer(text)] == [match.groups() for match in usual.finditer(text)]
    assert lazy.sub(r"\2", text) == usual.sub(r"\2", text)
    assert (lazy.pattern, lazy.flags, lazy.groups, dict(lazy.groupindex)) == (
        usual.pattern,
        usual.flags,
        usual.groups,
        dict(usual.groupindex),
    )
    assert lazy.match(text) is not None
    assert lazy.fullmatch(text) is None


def test_it_takes_bytes() -> None:
    assert regex(rb"\d+").findall(b"1 22") == [b"1", b"22"]


def test_it_is_compiled_at_its_first_use_and_then_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    usual = re.compile

    def told(pattern: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(pattern)
        return usual(pattern, flags)

    monkeypatch.setattr(re, "compile", told)

    lazy = regex("a+")
    assert compiled == []
    lazy.search("a")
    lazy.match("a")

    assert compiled == ["a+"]
