"""The report as JSON: bytes everywhere, and sums that hold."""

from __future__ import annotations

import json
from typing import Any

from fakes.layered import image
from stagemill.cli.sizing import document
from stagemill.insight.size import Saving, SizeReport, StageSize, StepSize

STEP = StepSize("RUN make", 4, 10, 30, 5)
REPORT = SizeReport((StageSize("builder", "debian", 20, 10, 30, 5, (STEP,)),), 30, Saving("builder", 30, "run", 15))


def of_image() -> dict[str, Any]:
    size = image({"a/b/c/d": b"123", "tmp/\udcff": b"1"}, {".wh.a": b""})
    found: dict[str, Any] = json.loads(json.dumps(document.of_image(size)))
    return found


def test_layers_add_up_to_what_is_pulled() -> None:
    found = of_image()

    assert found["pulled"] == sum(layer["pulled"] for layer in found["layers"]) == 20480
    assert found["tar"] == sum(layer["tar"] for layer in found["layers"])
    assert [layer["step"] for layer in found["layers"]] == ["RUN step 0", "RUN step 1"]


def test_waste_is_told_by_kind_and_by_path_with_both_layers() -> None:
    waste = of_image()["waste"]

    assert [(each["kind"], each["files"], each["size"]) for each in waste["kinds"]] == [
        ("temporary file", 1, 1), ("deleted later", 1, 3),
    ]  # fmt: skip
    assert [(each["path"], each["layer"], each["by"]) for each in waste["entries"]] == [
        ("a/b/c/d", 0, 1), ("tmp/\ufffd", 0, None),
    ]  # fmt: skip
    assert waste["pulled"] == sum(each["pulled"] for each in waste["entries"])


def test_a_build_has_its_stages_and_its_image() -> None:
    found = document.of_build(REPORT, image({"a": b"1"}))

    assert found["total"] == 30
    assert found["saving"] == {
        "build_stage": "builder", "build_bytes": 30, "target_stage": "run", "target_bytes": 15, "percent": -50,
    }  # fmt: skip
    assert json.loads(json.dumps(found))["stages"] == [
        {"title": "builder", "base_name": "debian", "base": 20, "own": 10, "total": 30, "carried": 5, "steps": [
            {"text": "RUN make", "line": 4, "own": 10, "cumulative": 30, "carried": 5},
        ]},
    ]  # fmt: skip
    assert document.of_build(SizeReport(REPORT.stages, 30, None), image())["saving"] is None
