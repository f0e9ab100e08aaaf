"""`stagemill shell`, as far as no shell is opened: that is in integration."""

from __future__ import annotations

import os

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def test_a_stage_without_a_shell_is_told_what_helps(app: Call) -> None:
    said = app("shell", "--progress", "quiet", ".")

    assert said.status == 1
    assert said.err.startswith("error: the stage stage-0 has no /bin/sh\nhint: stagemill shell --busybox brings")


def test_it_builds_with_the_flags_of_build(app: Call) -> None:
    said = app("shell", "--target", "none", ".")

    assert said.status == 1
    assert "target stage 'none' could not be found" in said.err
