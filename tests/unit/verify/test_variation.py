"""What is to vary."""

from __future__ import annotations

import pytest

from stagemill.errors import UsageError
from stagemill.verify.variation import NAMES, wanted


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), set(NAMES)),
        (("umask",), {"umask"}),
        (("umask,jobs", "path"), {"umask", "jobs", "path"}),
        (("-user",), set(NAMES) - {"user"}),
        (("-user, -jobs",), set(NAMES) - {"user", "jobs"}),
        (("umask,jobs,-jobs",), {"umask"}),
    ],
)
def test_names_choose_and_a_dash_leaves_out(given: tuple[str, ...], expected: set[str]) -> None:
    assert wanted(given) == expected


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("umsk", "did you mean umask?"),
        ("-xyz", "names are path, times, umask, locale, jobs, user, clock; -NAME leaves one out"),
    ],
)
def test_another_name_is_wrong_usage(given: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        wanted((given,))

    assert (caught.value.message, caught.value.hint) == (f"invalid --vary {given!r}", hint)
