"""`stagemill lint` after builds that run something: the steps that ran for a variable, and the packages that a step installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.mill import Mill
from fakes.program import Call, caller, surround
from fakes.user import make_user

TEXT = (
    "FROM busybox AS app\nARG COMMIT=none\nENV MODE=prod\nRUN echo one > /one\nRUN echo two > /two\n"
    "RUN echo $COMMIT > /version\nRUN dd if=/dev/zero of=/tmp/left bs=1000 count=2000 && mkdir /gone && echo x > /gone/x.map\n"
)


@pytest.fixture
def stagemill(
    base: Mill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Call:
    copy = Mill(base.root, tmp_path / "nothing").copy(tmp_path / "mill")
    surround(monkeypatch, home=tmp_path, store=copy.root, folder=copy.folder)
    (copy.folder / "Dockerfile").write_text(TEXT)
    return caller(monkeypatch, capfdbinary)


def findings(stagemill: Call, *arguments: str) -> list[dict[str, Any]]:
    said = stagemill("lint", "--format", "json", *arguments)
    wanted = {"ArgRanSteps", "ArgTooEarly", "UnneededFiles"}
    return [one for one in json.loads(said.out)["findings"] if one["rule"] in wanted]


def test_steps_that_ran_for_a_variable_are_told_with_their_build(stagemill: Call) -> None:
    for commit in "abc", "def":
        assert stagemill("build", "-q", "--build-arg", f"COMMIT={commit}", ".").status == 0

    early, left = findings(stagemill)

    assert (early["rule"], early["line"], left["rule"], left["line"]) == ("ArgRanSteps", 2, "UnneededFiles", 7)
    assert early["message"].startswith("COMMIT made 2 steps that do not read it run again, which took ")
    assert " s, in build 3 of 20" in early["message"]  # the first one made the base
    assert early["hint"] == "move it down, right above line 6, and they stay cached"
    assert left["message"].startswith(
        "2.0 MB of what this step brings nothing needs to run: 2.0 MB of temporary files (/tmp/left); "
    )


def test_a_build_from_the_cache_does_not_make_it_forgotten_and_the_fix_does(stagemill: Call) -> None:
    for commit in "abc", "def", "def":
        assert stagemill("build", "-q", "--build-arg", f"COMMIT={commit}", ".").status == 0

    assert " s, in build 3 of 20" in findings(stagemill)[0]["message"]
    stagemill("lint", "--fix", "--unsafe", "--rule", "ArgRanSteps")
    assert "RUN echo two > /two\nARG COMMIT=none\nRUN echo $COMMIT" in Path("Dockerfile").read_text()
    assert [one["rule"] for one in findings(stagemill)] == ["UnneededFiles"]


def test_what_stays_cached_is_no_finding(stagemill: Call) -> None:
    assert stagemill("build", "-q", ".").status == 0
    assert [one["rule"] for one in findings(stagemill)] == ["ArgTooEarly", "UnneededFiles"]


def test_a_variable_that_nothing_reads_is_told_too(stagemill: Call) -> None:
    assert stagemill("build", "-q", ".").status == 0
    Path("Dockerfile").write_text(TEXT.replace("MODE=prod", "MODE=test"))
    assert stagemill("build", "-q", ".").status == 0

    found = [one for one in findings(stagemill) if one["line"] == 3]

    assert [(one["rule"], one["hint"], one["fix"]) for one in found] == [
        ("ArgRanSteps", "move it to the end of the stage or leave it out, and they stay cached", None)
    ]
    assert found[0]["message"].startswith("MODE made 4 steps that do not read it run again, which took ")


@pytest.mark.root
def test_an_ordinary_user_is_told_of_the_builds_in_a_store_of_subordinate_ids(base: Mill) -> None:
    with make_user() as user:
        mill = user.mill("lint")
        mill.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())
        mill.build(TEXT)

        said = mill("lint", "--format", "json", ".", cwd=mill.folder)

    found = [one["message"] for one in json.loads(said.out)["findings"] if one["rule"] == "UnneededFiles"]
    assert [message.partition(";")[0] for message in found] == [
        "2.0 MB of what this step brings nothing needs to run: 2.0 MB of temporary files (/tmp/left)"
    ]
