"""The shell that a tree without one gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cli.container import shells
from stagemill.cli.container.shells import busybox
from stagemill.sandbox.process import Bind


def test_it_is_the_machines_busybox_shown_at_a_place_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "busybox"
    own.touch(0o755)
    monkeypatch.setattr(shells, "_BUSYBOXES", (str(tmp_path / "none"), str(own)))

    assert busybox() == (("/dev/stagemill/busybox", "sh"), (Bind(own, "/dev/stagemill/busybox"),))


def test_there_may_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shells, "_BUSYBOXES", (str(tmp_path / "none"),))

    assert busybox() is None
