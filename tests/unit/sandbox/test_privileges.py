"""Capabilities by name."""

from __future__ import annotations

import pytest

from stagemill.sandbox import privileges


def test_names_stand_at_their_numbers() -> None:
    assert [privileges.NAMES.index(name) for name in ("chown", "net_admin", "sys_admin", "bpf")] == [0, 12, 21, 39]


ALL = frozenset(range(41))


@pytest.mark.parametrize(
    ("texts", "added", "dropped"),
    [
        ((), set(), set()),
        (("+net_admin", "-chown"), {12}, {0}),
        (("-all",), set(), ALL),
        (("+net_admin", "-all"), {12}, ALL - {12}),
        (("+all",), ALL, set()),
        (("+all", "-chown"), ALL, {0}),
        (("+all", "-all"), ALL, set()),
        (("+chown", "-chown"), {0}, set()),
    ],
)
def test_what_is_named_goes_before_what_is_in_all(texts: tuple[str, ...], added: set[int], dropped: set[int]) -> None:
    assert privileges.changes(texts) == (added, dropped)
