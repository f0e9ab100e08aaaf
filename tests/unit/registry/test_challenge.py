"""Challenges as registries write them."""

from __future__ import annotations

import pytest

from stagemill.registry.challenge import Challenge, parse


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ()),
        ("Basic", (Challenge("basic"),)),
        ('Basic realm="a, b"', (Challenge("basic", {"realm": "a, b"}),)),
        (
            'Bearer realm="https://t.example/token",service="s",scope="repository:a/b:pull,push"',
            (
                Challenge(
                    "bearer", {"realm": "https://t.example/token", "service": "s", "scope": "repository:a/b:pull,push"}
                ),
            ),
        ),
        ("bearer Realm = token , error=x", (Challenge("bearer", {"realm": "token", "error": "x"}),)),
        (r'Basic realm="say \"hi\""', (Challenge("basic", {"realm": 'say "hi"'}),)),
        (
            'Negotiate, Basic realm="r", Bearer realm="t"',
            (Challenge("negotiate"), Challenge("basic", {"realm": "r"}), Challenge("bearer", {"realm": "t"})),
        ),
        ('"nonsense', ()),
    ],
)
def test_a_header_is_read_as_its_challenges(header: str, expected: tuple[Challenge, ...]) -> None:
    assert parse(header) == expected
