"""Capabilities by name."""

from __future__ import annotations

from stagemill.sandbox import privileges


def test_names_stand_at_their_numbers() -> None:
    assert [privileges.NAMES.index(name) for name in ("chown", "net_admin", "sys_admin", "bpf")] == [0, 12, 21, 39]


def test_changes_are_read_by_their_sign() -> None:
    changes = ("+net_admin", "-chown")

    assert privileges.numbers(changes, "+") == {12}
    assert privileges.numbers(changes, "-") == {0}


def test_all_is_every_one() -> None:
    assert privileges.numbers(("-all",), "-") == set(range(41))
