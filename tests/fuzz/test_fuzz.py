"""Ten thousand inputs, the same in every run; `run.py` beside this file tries others, and as many as one likes."""

from __future__ import annotations

import pytest

from fuzz.campaign import Found, campaign
from fuzz.kinds import NAMES

SEED = 1
COUNTS = {"dockerfile": 2400, "ignore": 1600, "archive": 1000, "flags": 5000}
PIECES = [
    (name, range(at, at + count // parts))
    for name, count in COUNTS.items()
    for parts in (1 if name == "flags" else 2,)
    for at in range(0, count, count // parts)
]


@pytest.mark.parametrize(
    ("name", "numbers"), PIECES, ids=lambda value: value if isinstance(value, str) else value.start
)
def test_every_input_is_understood_or_refused_in_words(name: str, numbers: range) -> None:
    found = [event for event in campaign(name, seed=SEED, numbers=numbers) if isinstance(event, Found)]

    assert not found, "\n".join(map(str, found))


def test_it_is_ten_thousand_of_every_kind_that_there_is() -> None:
    assert sum(len(numbers) for _, numbers in PIECES) == 10_000
    assert tuple(COUNTS) == NAMES
