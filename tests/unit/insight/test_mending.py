"""What to do about waste."""

from __future__ import annotations

from stagemill.insight.leftovers import Leftover
from stagemill.insight.mending import ADVICE
from stagemill.insight.waste import Kind


def test_every_kind_of_waste_has_an_advice() -> None:
    assert set(ADVICE) == {*Kind, *Leftover}
