"""`stagemill plan` beside builds with real processes and bases."""

from __future__ import annotations

import json
from typing import Any

from fakes.mill import Mill

TEXT = """\
FROM busybox AS build
ARG V=1
RUN sleep 1; echo $V > /v; echo same > /same
FROM busybox
COPY --from=build /same /same
RUN cat /same
"""


def plan(mill: Mill, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(mill.ok("plan", "--format=json", *arguments, ".").out)
    return found


def doing(found: dict[str, Any]) -> list[str]:
    return [step["doing"] for stage in found["stages"] for step in stage["steps"]]


def test_a_plan_tells_what_the_build_then_does(mill: Mill) -> None:
    mill.build(TEXT)
    assert doing(plan(mill)) == ["cached"] * 3

    found = plan(mill, "--build-arg", "V=2")

    (run,) = found["stages"][0]["steps"]
    assert (run["doing"], run["cause"]) == ("would run", "ARG V was 1, is 2")
    assert 1 <= run["seconds"] < 60
    assert doing(found)[1:] == ["would run, or be found by content"] * 2
    assert [step["name"].partition("] ")[2].split()[0] for step in found["critical_path"]["steps"]] == [
        "RUN", "COPY", "RUN",
    ]  # fmt: skip
    ran = mill.build(TEXT, "--build-arg", "V=2")
    assert len(ran.executed) == 1
    assert doing(plan(mill, "--build-arg", "V=2")) == ["cached", "cached", "cached"]


def test_a_base_is_shown_with_its_name_and_its_digest(mill: Mill) -> None:
    (image,) = json.loads(mill.ok("images", "--json").out)
    mill.write({"Dockerfile": TEXT})

    stages = plan(mill)["stages"]

    assert stages[0]["base"] == image["name"]
    assert stages[0]["digest"].startswith("sha256:")


def test_a_base_that_is_not_there_is_an_error_and_a_skipped_one_is_not(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM nosuch AS a\nRUN a\nFROM busybox AS b\nRUN b\n"})

    assert [stage["title"] for stage in plan(mill)["skipped"]] == ["a"]
    assert "Dockerfile:1" in mill.fail("plan", "--all-stages", ".")
