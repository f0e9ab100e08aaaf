from __future__ import annotations

import pytest

from stagemill import events
from stagemill.cli.again.keep import _said
from stagemill.cli.again.looked import UnrepeatableError
from stagemill.digest import Digest

STEP = Digest.of(b"step")


@pytest.mark.parametrize(
    "event", [events.Finished(STEP, 1), events.Failed(STEP, "no", 1)], ids=["a step that never began", "a failure"]
)
def test_what_cannot_be_said_again_leaves_no_receipt(event: events.Event) -> None:
    with pytest.raises(UnrepeatableError):
        list(_said([event], {}, {}))


def test_what_is_reported_of_a_delivery_is_said_again() -> None:
    name = "exporting to oci a.tar"
    step = Digest.of(f"deliver {name}".encode())
    told: list[events.Event] = [events.Started(step, name, 1), events.Finished(step, 2), events.Notice("note", 3)]

    assert list(_said(told, {}, {name: 0})) == [("0", name, "", step), ("notice", "note", "", "")]
