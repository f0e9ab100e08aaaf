"""What a build is called."""

from __future__ import annotations

from stagemill.cli.reasons.named import named


def test_a_build_has_its_number_its_target_and_its_age() -> None:
    assert named(12, "web", 1000.0, now=1180.0) == "build 12 of web, 3 minutes ago"
