"""`stagemill size`: its table, its JSON, and what it is made of."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.program import Call
from stagemill.cli.size import document, text
from stagemill.insight.size import Saving, SizeReport, StageSize, StepSize

BUILDER = StageSize(
    "builder", "golang:1.23", 400_000_000, 141_000_000, 541_000_000, 12_345_678,
    (StepSize("RUN go build  \\\n  -o /app .", 4, 141_000_000, 541_000_000, 12_345_678),),
)  # fmt: skip
RUNTIME = StageSize(
    "stage-1", "scratch", 0, 12_345_678, 12_345_678, 12_345_678,
    (StepSize("COPY --from=builder /app /app", 6, 12_345_678, 12_345_678, 12_345_678),),
)  # fmt: skip
REPORT = SizeReport((BUILDER, RUNTIME), 12_345_678, Saving("builder", 541_000_000, "stage-1", 12_345_678))
ALONE = SizeReport((RUNTIME,), 12_345_678, None)


def test_the_table_has_a_row_for_each_stage_its_base_and_its_steps() -> None:
    assert text(REPORT).splitlines() == [
        "STAGE / STEP                          OWN     TOTAL   CARRIED",
        "builder                            141 MB    541 MB   12.3 MB",
        "  FROM golang:1.23                 400 MB    400 MB",
        "  RUN go build \\ -o /app .         141 MB    541 MB   12.3 MB",
        "stage-1                           12.3 MB   12.3 MB   12.3 MB",
        "  COPY --from=builder /app /app   12.3 MB   12.3 MB   12.3 MB",
        "",
        "builder 541 MB → stage-1 12.3 MB, −98 %",
    ]


def test_a_target_that_grew_has_a_plus() -> None:
    report = SizeReport((RUNTIME,), 0, Saving("a", 100, "b", 150))

    assert text(report).splitlines()[-1] == "a 100 B → b 150 B, +50 %"


def test_a_target_that_copies_from_no_stage_has_no_comparison() -> None:
    assert text(ALONE).splitlines()[-1] == "stage-1 12.3 MB; it copies from no other stage"


def test_long_instructions_are_cut() -> None:
    step = StepSize("RUN " + "x" * 200, 1, 0, 0, 0)
    report = SizeReport((StageSize("a", "scratch", 0, 0, 0, 0, (step,)),), 0, None)

    line = text(report).splitlines()[2]

    assert line.startswith("  RUN xxx")
    assert len(line.split()[1]) == 54
    assert line.split()[1].endswith("…")


def test_json_has_everything_in_bytes() -> None:
    found = json.loads(json.dumps(document(REPORT)))

    assert found["total"] == 12_345_678
    assert found["saving"] == {
        "build_stage": "builder", "build_bytes": 541_000_000, "target_stage": "stage-1", "target_bytes": 12_345_678,
        "percent": -98,
    }  # fmt: skip
    assert found["stages"][0] == {
        "title": "builder", "base_name": "golang:1.23", "base": 400_000_000, "own": 141_000_000, "total": 541_000_000,
        "carried": 12_345_678,
        "steps": [{
            "text": "RUN go build  \\\n  -o /app .", "line": 4, "own": 141_000_000, "cumulative": 541_000_000,
            "carried": 12_345_678,
        }],
    }  # fmt: skip


def test_json_without_a_comparison_says_so() -> None:
    assert document(ALONE)["saving"] is None


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
class TestCommand:
    def test_it_weighs_what_it_builds(self, folder: Path, stagemill: Call) -> None:
        (folder / "app").write_bytes(b"x" * 1000)
        (folder / "tool").write_bytes(b"x" * 5000 + b"y")
        (folder / "Dockerfile").write_text(
            "FROM scratch AS base\nCOPY tool /\nFROM base AS build\nCOPY app /\n"
            "FROM scratch AS unused\nCOPY tool /\nFROM scratch\nCOPY --from=build /app /bin/\n"
        )

        said = stagemill("size", "--json", ".")

        found = json.loads(said.out)
        assert said.status == 0
        assert [(stage["title"], stage["total"], stage["carried"]) for stage in found["stages"]] == [
            ("base", 5001, 0), ("build", 6001, 1000), ("stage-3", 1000, 1000),
        ]  # fmt: skip
        assert [step["line"] for stage in found["stages"] for step in stage["steps"]] == [2, 4, 8]
        assert found["stages"][1]["base_name"] == "base"
        assert (found["total"], found["saving"]["percent"]) == (1000, -83)

    def test_progress_does_not_mix_with_the_table(self, folder: Path, stagemill: Call) -> None:
        (folder / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")

        said = stagemill("size", ".")

        assert said.out.startswith("STAGE / STEP")
        assert said.err.startswith("#1 ")
