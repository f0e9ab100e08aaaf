"""A Dockerfile planned without a look at the context."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from stagemill.dockerfile.parser import parse
from stagemill.errors import DockerfileError
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan
from stagemill.plan.request import Request
from stagemill.subrequests.evaluate import Anything, evaluate


def evaluated(text: str, *, target: str = "", whole: bool = False) -> Plan:
    request = Request(Platform.local(), target=target)
    return evaluate(parse(text), request, FakeImages(busybox=RunConfig()), whole=whole)


def test_what_copy_names_need_not_be_there() -> None:
    text = "FROM scratch\nCOPY dist/app *.js . /x/\nADD a.tar /\nRUN --mount=target=/src,source=a/b ls\n"

    assert [step.text.split()[0] for step in evaluated(text).target.steps] == ["COPY", "ADD", "RUN"]


def test_everything_there_is_an_empty_folder() -> None:
    entry = Anything().lstat("a/b")

    assert entry
    assert (entry.kind, Anything().listdir("a/b")) == ("dir", [])


def test_the_target_is_enough_unless_all_stages_are_asked_for() -> None:
    text = "FROM scratch AS a\nFROM scratch AS b\nFROM scratch AS c\nFROM a AS d\n"

    assert [stage.name for stage in evaluated(text).stages] == ["a", "d"]
    assert [stage.name for stage in evaluated(text, whole=True).stages] == ["a", "b", "c", "d"]
    assert [stage.name for stage in evaluated(text, target="b").stages] == ["b"]


@pytest.mark.parametrize("text", ["FROM nothing\n", "FROM scratch\nEXPOSE x\n", "FROM scratch\nCOPY --from=9 a b\n"])
def test_what_a_build_would_fail_with_is_raised(text: str) -> None:
    with pytest.raises(DockerfileError):
        evaluated(text)


def test_a_base_that_nobody_needs_is_looked_up_only_with_all_stages() -> None:
    text = "FROM nothing\nFROM busybox\n"

    assert evaluated(text).target.index == 1
    with pytest.raises(DockerfileError):
        evaluated(text, whole=True)
