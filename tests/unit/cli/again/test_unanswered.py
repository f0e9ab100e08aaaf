"""What was begun for a build that no receipt answers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from stagemill.cli.again.forms import Asked
from stagemill.cli.again.unanswered import Unanswered

NAME = "registry.example/base:1"
BEFORE = f"sha256:{'0' * 64}"
NOW = f"sha256:{'1' * 64}"


@dataclass
class FakeGlance:
    """Says the same whenever it is asked, and counts how often."""

    says: str | None
    asked: int = 0

    def answer(self) -> str | None:
        self.asked += 1
        return self.says


class DeafGlance(FakeGlance):
    def answer(self) -> str | None:
        raise ConnectionResetError


def asked(glance: FakeGlance) -> Unanswered:
    one: Asked = {"reference": NAME, "digest": BEFORE, "url": "http://a/v2/base/manifests/1", "host": "a"}
    return Unanswered("build .", [(one, glance)])  # type: ignore[list-item]  # a fake


def test_what_was_asked_is_what_the_registry_says_now() -> None:
    glance = FakeGlance(NOW)
    unanswered = asked(glance)

    found = [unanswered.said(NAME) for _ in range(3)]

    assert [one["digest"] for one in found if one] == [NOW] * 3
    assert glance.asked == 1


@pytest.mark.parametrize("glance", [FakeGlance(None), DeafGlance(NOW)])
def test_no_plain_answer_is_none(glance: FakeGlance) -> None:
    unanswered = asked(glance)

    assert [unanswered.said(NAME), unanswered.said(NAME)] == [None, None]


def test_of_other_names_nothing_is_known() -> None:
    assert asked(FakeGlance(NOW)).said("registry.example/base:2") is None
    assert Unanswered().said(NAME) is None


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a sandbox before anything else")
def test_a_sandbox_that_gets_ready_is_given_to_one_or_ended(tmp_path: Path) -> None:
    unanswered = Unanswered("build .")
    unanswered.get_ready(str(tmp_path / "mounts"))

    taken = unanswered.take_sandbox()
    assert taken
    assert unanswered.take_sandbox() is None
    with taken:
        pass
    assert (tmp_path / "mounts/mountpoint").is_dir()

    unanswered.get_ready(str(tmp_path / "mounts"))
    unanswered.close()
    assert unanswered.take_sandbox() is None
