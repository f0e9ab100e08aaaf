from __future__ import annotations

import pytest

from stagemill.files import spool
from stagemill.files.spool import Spool


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 45])
def test_pairs_come_back_in_their_order_as_often_as_somebody_wants_them(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "_MOST", 10)
    monkeypatch.setattr(spool, "_AT_ONCE", 3)
    pairs = [(f"p{number}", "no \udcff UTF-8") for number in range(count)]
    spooled = Spool()
    for pair in pairs:
        spooled.append(pair)

    assert [list(spooled), list(spooled)] == [pairs, pairs]
