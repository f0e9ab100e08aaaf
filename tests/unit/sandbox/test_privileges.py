"""Capabilities by name."""

from __future__ import annotations

import pytest

from stagemill.sandbox import privileges


def test_names_stand_at_their_numbers() -> None:
    assert [privileges.NAMES.index(name) for name in ("chown", "net_admin", "sys_admin", "bpf")] == [0, 12, 21, 39]


ALL, NONE = frozenset(range(41)), frozenset[int]()


@pytest.mark.parametrize(
    ("texts", "added", "dropped"),
    [
        ((), NONE, NONE),
        (("+net_admin", "-chown"), frozenset({12}), frozenset({0})),
        (("-all",), NONE, ALL),
        (("+net_admin", "-all"), frozenset({12}), ALL - {12}),
        (("+all",), ALL, NONE),
        (("+all", "-chown"), ALL, frozenset({0})),
        (("+all", "-all"), ALL, NONE),
        (("+chown", "-chown"), frozenset({0}), NONE),
    ],
)
def test_what_is_named_goes_before_what_is_in_all(
    texts: tuple[str, ...], added: frozenset[int], dropped: frozenset[int]
) -> None:
    assert privileges.changes(texts) == (added, dropped)
