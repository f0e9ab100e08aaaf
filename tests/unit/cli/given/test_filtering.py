"""--filter of `du` and `prune`."""

from __future__ import annotations

import pytest

from stagemill.cli.given.filtering import parse
from stagemill.errors import UsageError
from stagemill.store.filters import Filter


def test_without_any_all_is_meant() -> None:
    assert parse([], now=100.0) == (None, ())


def test_they_are_all_to_hold() -> None:
    until, filters = parse(["until=1h30m", "unused-for=2h", "type=step", "name=npm", "id!=abc"], now=10_000.0)

    assert until == 2800.0
    assert filters == (Filter("type", "=", "step"), Filter("name", "=", "npm"), Filter("id", "!=", "abc"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inuse", Filter("inuse", "=", "true")),
        ("shared=false", Filter("shared", "=", "false")),
        ("private=1", Filter("private", "=", "true")),
        ("mutable!=true", Filter("mutable", "!=", "true")),
        ("immutable==0", Filter("immutable", "=", "false")),
        ("type=exec.cachemount", Filter("type", "=", "exec.cachemount")),
        ("type=source.local", Filter("type", "=", "source.local")),
        ("type~=^exec", Filter("type", "~=", "^exec")),
        ("description~=RUN .* = [0-9]", Filter("description", "~=", "RUN .* = [0-9]")),
        ("description=a\nb", Filter("description", "=", "a\nb")),
        ("parents==sha256:1", Filter("parents", "=", "sha256:1")),
    ],
)
def test_each_is_a_field_an_operator_and_a_value(text: str, expected: Filter) -> None:
    assert parse([text], now=0.0) == (None, (expected,))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("untill=1h", "invalid --filter 'untill=1h'", "did you mean until?"),
        ("Cake=1h", "invalid --filter 'Cake=1h'", "there are until, id, parents, description, name, type, inuse"),
        ("until", "invalid --filter 'until'", "write until=24h"),
        ("until!=1h", "invalid --filter 'until!=1h'", "write until=24h"),
        ("until=soon", "invalid --filter 'until=soon': 'soon' is no time", "write until=24h or until=30m"),
        ("type=cake", "invalid --filter 'type=cake': unknown type 'cake'", "it is step, mount or image"),
        ("type=mounts", "invalid --filter 'type=mounts': unknown type 'mounts'", "did you mean mount?"),
        ("type", "invalid --filter 'type': it has no value", "write type=VALUE"),
        ("name~=(", "invalid --filter 'name~=(': '(' is no regular expression: ", "write name~=PATTERN"),
        ("inuse=soon", "invalid --filter 'inuse=soon': inuse is true or not", "write inuse or inuse=false"),
        ("inuse~=t", "invalid --filter 'inuse~=t': inuse is true or not", "write inuse or inuse=false"),
    ],
)
def test_what_is_wrong_is_told(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse([text], now=0.0)

    assert caught.value.message.startswith(message)
    assert str(caught.value.hint).startswith(hint)
