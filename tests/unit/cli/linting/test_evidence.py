"""`stagemill lint` after builds: what they have shown, and where it is silent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.program import Call

TEXT = (
    "FROM scratch AS build\nCOPY dist/ /out/\nFROM scratch AS assets\nCOPY one /assets\n"
    "FROM scratch AS app\nCOPY --from=build /out/ /app/\nCOPY --from=assets /assets /assets\n"
)
RULES = ("UnneededFiles", "StageNoLongerUsed")

pytestmark = pytest.mark.root


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "dist").mkdir()
    (folder / "dist" / "a.js.map").write_bytes(b"1" * 2_000_000)
    (folder / "dist" / "a.js").write_text("code")
    (folder / "one").write_text("1")
    (folder / "Dockerfile").write_text(TEXT)
    return folder


def findings(stagemill: Call, *arguments: str) -> list[dict[str, Any]]:
    said = stagemill("lint", "--format", "json", *arguments)
    assert said.err == ""
    return [one for one in json.loads(said.out)["findings"] if one["rule"] in RULES]


def found(stagemill: Call, *arguments: str) -> list[tuple[str, int]]:
    return [(one["rule"], one["line"]) for one in findings(stagemill, *arguments)]


def lost(project: Path) -> None:
    (project / "Dockerfile").write_text(TEXT.replace("COPY --from=assets /assets /assets\n", ""))


def test_before_a_build_there_is_none(stagemill: Call, project: Path) -> None:
    assert found(stagemill) == []
    assert not (project.parent / "store").exists()


def test_what_the_last_build_brought_is_told_until_the_step_changes(stagemill: Call, project: Path) -> None:
    stagemill("build", "-q", ".")

    (one,) = findings(stagemill)
    assert (one["rule"], one["line"], one["level"]) == ("UnneededFiles", 6, "info")
    assert one["message"].startswith(
        "2.0 MB of what this step brings nothing needs to run: 2.0 MB of source maps (/app/a.js.map); so it was in build 1 of 20"
    )

    (project / "Dockerfile").write_text(TEXT.replace("COPY --from=build", "COPY --from=build --exclude=**/*.map"))
    assert found(stagemill) == []
    stagemill("build", "-q", ".")
    assert found(stagemill) == []
    (project / "Dockerfile").write_text(TEXT)
    assert found(stagemill) == []  # the last build is another one


@pytest.mark.usefixtures("project")
def test_a_build_from_the_cache_shows_the_same(stagemill: Call) -> None:
    for _ in range(3):
        assert stagemill("build", "-q", ".").status == 0

    assert "in build 3 of" in findings(stagemill)[0]["message"]


def test_a_stage_that_was_needed_is_told_when_it_is_not(stagemill: Call, project: Path) -> None:
    stagemill("build", "-q", ".")
    lost(project)

    assert found(stagemill) == [("StageNoLongerUsed", 3), ("UnneededFiles", 6)]
    stagemill("build", "-q", ".")
    assert [one["message"].split(" of ")[0] for one in findings(stagemill, "--rule", RULES[1])] == [
        "`assets` is in no image any more: build 1"
    ]
    assert "needed it (its step took " in findings(stagemill, "--rule", RULES[1])[0]["message"]


def test_a_stage_that_was_only_asked_for_is_none(stagemill: Call, project: Path) -> None:
    lost(project)
    stagemill("build", "-q", "--target", "assets", ".")
    stagemill("build", "-q", "--target", "build", "--also", "assets", ".")

    assert found(stagemill) == []


@pytest.mark.usefixtures("project")
def test_it_is_of_the_build_of_that_target(stagemill: Call) -> None:
    stagemill("build", "-q", ".")
    stagemill("build", "-q", "--target", "build", ".")

    assert found(stagemill) == [("UnneededFiles", 6)]
    assert found(stagemill, "--target", "build") == [("UnneededFiles", 2)]
    assert found(stagemill, "--target", "assets") == []


def test_builds_of_other_folders_and_other_files_do_not_count(stagemill: Call, project: Path) -> None:
    stagemill("build", "-q", ".")
    (project / "other.Dockerfile").write_text(TEXT)

    assert found(stagemill, "-f", "other.Dockerfile") == []
    assert (
        found(stagemill, ".")
        == found(stagemill, str(project))
        == found(stagemill, "Dockerfile")
        == [("UnneededFiles", 6)]
    )


def test_it_can_be_left_out_and_demanded(stagemill: Call, project: Path) -> None:
    answer = stagemill("lint", "--evidence")
    assert answer.status == 1
    assert answer.err == (
        "error: no build of this file is known here\n"
        "hint: stagemill build . builds this directory; stagemill builds lists what was built\n"
    )

    stagemill("build", "-q", ".")
    assert found(stagemill, "--evidence") == [("UnneededFiles", 6)]
    assert found(stagemill, "--no-evidence") == []
    (project / "stagemill.toml").write_text("[lint]\nevidence = false\n")
    assert found(stagemill) == []
    assert found(stagemill, "--evidence") == [("UnneededFiles", 6)]


def test_where_the_result_was_pruned_nothing_is_told_of_it(stagemill: Call, project: Path) -> None:
    stagemill("build", "-q", ".")
    assert stagemill("prune", "--all", "--force").status == 0
    lost(project)

    assert found(stagemill) == [("StageNoLongerUsed", 3)]


def test_a_store_that_cannot_be_read_is_no_reason_to_fail(stagemill: Call, project: Path) -> None:
    stagemill("build", "-q", ".")
    (project.parent / "store" / "state.sqlite").write_bytes(b"no database" * 1000)

    assert found(stagemill) == []
    assert stagemill("lint", "--evidence").status == 1
