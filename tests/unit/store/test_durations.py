"""How long steps took."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.store import durations
from stagemill.store.store import Store

ONE, TWO = Digest.of(b"one"), Digest.of(b"two")


def test_the_step_itself_is_remembered_and_else_the_last_of_its_name(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.durations.put(ONE, "RUN make", 3.0)
        store.durations.put(TWO, "RUN make", 5.0)

        assert store.durations.get(ONE, "RUN make") == 3.0
        assert store.durations.get(Digest.of(b"three"), "RUN make") == 5.0
        assert store.durations.get(Digest.of(b"three"), "RUN other") is None


def test_the_last_time_counts(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.durations.put(ONE, "RUN make", 3.0)
        store.durations.put(ONE, "RUN make", 4.0)

        assert store.durations.get(ONE, "RUN make") == 4.0


def test_a_name_may_hold_bytes_that_are_no_utf_8(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.durations.put(ONE, "RUN \udcff", 1.0)

        assert store.durations.get(TWO, "RUN \udcff") == 1.0


def test_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durations, "KEPT", 1)
    with Store.open(tmp_path) as store:
        store.durations.put(ONE, "one", 1.0)
    with Store.open(tmp_path) as store:
        store.durations.put(TWO, "two", 2.0)

        assert [store.durations.get(ONE, "one"), store.durations.get(TWO, "two")] == [None, 2.0]
