from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stagemill.verify.pair import Circumstances
from stagemill.verify.verification import Verification


class Waits(Exception):  # noqa: N818  it is no error
    """The pause between the builds has begun."""


class Slow:
    """Builds from 100 to 150."""

    def first(self, _home: Path) -> Slow:
        return self

    def run(self, _clock: object) -> Circumstances:
        return Circumstances(100.0, 150.0)

    def pause(self, since: float, **_how: object) -> None:
        raise Waits(since)


def test_the_pause_is_counted_from_the_end_of_the_first_build_which_may_note_the_time_in_its_last_step(
    tmp_path: Path,
) -> None:
    twice: Any = Slow()
    plan: Any = None
    verification = Verification(plan, twice, tmp_path, lambda: 0.0, lambda _seconds: None, lambda _text: None)

    with pytest.raises(Waits) as paused:
        verification.again()

    assert paused.value.args == (150.0,)
