"""What a filter means."""

from __future__ import annotations

import pytest

from stagemill.store.filters import Filter, Kind, Operator, Thing


def thing(kind: Kind = "step", *, inuse: bool = False, shared: bool = False) -> Thing:
    return Thing(
        kind, "sha256:abcdef", "[a 1/2] RUN make", lambda: inuse, lambda: ("sha256:1", "sha256:2"), lambda: shared
    )


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("id", "=", "abc", True),
        ("id", "=", "bcd", True),
        ("id", "=", "xyz", False),
        ("id", "!=", "abc", False),
        ("id", "~=", "^sha256:a.c", True),
        ("parents", "=", "sha256:2", True),
        ("parents", "=", "sha256", False),
        ("parents", "!=", "sha256:3", True),
        ("parents", "~=", "[12]$", True),
        ("description", "=", "[a 1/2] RUN make", True),
        ("description", "=", "RUN make", False),
        ("description", "~=", "RUN m.ke$", True),
        ("description", "!=", "other", True),
        ("name", "=", "RUN", True),
        ("name", "!=", "RUN", False),
        ("name", "~=", "^RUN", False),
        ("type", "=", "step", True),
        ("type", "=", "regular", True),
        ("type", "=", "mount", False),
        ("type", "!=", "mount", True),
        ("type", "!=", "regular", False),
        ("type", "~=", "reg|cache", True),
        ("type", "=", "source.local", False),
    ],
)
def test_texts_are_compared(field: str, operator: Operator, value: str, expected: bool) -> None:
    assert Filter(field, operator, value).means(thing()) is expected


@pytest.mark.parametrize(
    ("field", "found", "expected"),
    [
        ("inuse", thing(inuse=True), True),
        ("inuse", thing(), False),
        ("mutable", thing("mount"), True),
        ("mutable", thing("step"), False),
        ("immutable", thing("step"), True),
        ("immutable", thing("mount"), False),
        ("shared", thing(shared=True), True),
        ("shared", thing(), False),
        ("private", thing(), True),
        ("private", thing(shared=True), False),
    ],
)
def test_what_is_true_or_not_is_asked(field: str, found: Thing, expected: bool) -> None:
    assert Filter(field, "=", "true").means(found) is expected
    assert Filter(field, "=", "false").means(found) is not expected
    assert Filter(field, "!=", "true").means(found) is not expected


def test_a_cache_mount_has_buildkits_name_too() -> None:
    assert Filter("type", "=", "exec.cachemount").means(thing("mount"))
