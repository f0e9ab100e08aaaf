"""`stagemill plan` as a whole, beside what `stagemill build` then does."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

TEXT = """\
ARG KIND=prod
FROM scratch AS base
COPY one /one
WORKDIR /app
FROM base AS build-dev
COPY one /dev
FROM base AS build-prod
COPY two /two
FROM scratch AS test
COPY --from=build-prod /two /tested
FROM build-${KIND} AS build
FROM --after=test scratch AS web
COPY --from=build /two /two
"""
Plan = Callable[..., dict[str, Any]]


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "one").write_text("1")
    (folder / "two").write_text("2")
    (folder / "Dockerfile").write_text(TEXT)
    return folder


@pytest.fixture
def plan(project: Path, stagemill: Call) -> Plan:
    def call(*arguments: str) -> dict[str, Any]:
        said = stagemill("plan", "--format", "json", *arguments, ".")
        assert said.status == 0, said.err
        found: dict[str, Any] = json.loads(said.out)
        return found

    return call


def steps(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {step["text"]: (step["doing"], step["cause"]) for stage in found["stages"] for step in stage["steps"]}


class TestSteps:
    def test_in_an_empty_store_all_would_run(self, plan: Plan) -> None:
        found = steps(plan())

        assert found["COPY one /one"] == ("would run", "no step like it was built here")
        assert found["WORKDIR /app"] == ("would run", "no step like it was built here")
        assert found["COPY --from=build /two /two"] == (
            "would run, or be found by content",
            "no step like it was built here",
        )

    def test_nothing_is_built_and_nothing_kept(self, plan: Plan, stagemill: Call, project: Path) -> None:
        assert plan() == plan()

        assert os.listdir(project.parent / "store/layers") == []
        assert "CACHED" not in stagemill("build", ".").err

    def test_after_a_build_all_is_cached(self, plan: Plan, stagemill: Call) -> None:
        stagemill("build", ".")

        found = plan()

        assert {doing for doing, _ in steps(found).values()} == {"cached"}
        assert found["critical_path"] == {"steps": [], "seconds": 0, "untimed": 0}

    def test_a_file_that_changed_is_named(self, plan: Plan, stagemill: Call, project: Path) -> None:
        stagemill("build", ".")
        (project / "two").write_text("other")

        found = steps(plan())

        assert found["COPY one /one"] == ("cached", "")
        assert found["COPY two /two"] == ("would run", "two changed (content)")
        assert found["COPY --from=build /two /two"] == (
            "would run, or be found by content", "after line 8 (COPY two /two: two changed (content))",
        )  # fmt: skip

    def test_what_has_the_same_content_is_said_to(self, plan: Plan, stagemill: Call, project: Path) -> None:
        stagemill("build", ".")
        (project / "Dockerfile").write_text(TEXT.replace("COPY two /two", "COPY two /two\nCOPY one /more"))
        stagemill("build", "--target", "build", ".")

        found = steps(plan())

        assert found["COPY --from=build /two /two"] == ("cached by content", "")

    def test_another_argument_is_named_with_both_values(self, plan: Plan, stagemill: Call, project: Path) -> None:
        text = "FROM scratch\nARG V=1\nCOPY one /x${V}\n"
        (project / "Dockerfile").write_text(text)
        stagemill("build", ".")

        assert steps(plan("--build-arg", "V=2"))["COPY one /x${V}"] == ("would run", "ARG V was 1, is 2")

    def test_a_step_that_only_another_machine_made_is_compared_with_that_one(
        self, plan: Plan, stagemill: Call, project: Path
    ) -> None:
        stagemill("build", "--cache-to", "type=local,dest=cache", ".")
        os.rename(project.parent / "store", project.parent / "other")
        imports = ("--cache-from", "type=local,src=cache")
        (project / "Dockerfile").write_text(f"{TEXT}FROM scratch AS more\nCOPY one /never\n")
        (project / "one").write_text("other")

        found = steps(plan("--target", "web", "--also", "more", *imports))

        assert found["COPY one /one"] == (
            "would run",
            "never built here, and cache has another: what it reads is not the same",
        )
        assert found["COPY one /never"] == ("would run", "never built here, and not in cache")
        assert found["COPY two /two"][0] == "would run"

    @pytest.mark.parametrize(
        ("flags", "cause"),
        [
            (("--no-cache",), "--no-cache"),
            (("--no-cache-filter", "base"), "--no-cache-filter base"),
            (("--rerun", "3"), "--rerun"),
        ],
    )
    def test_a_flag_that_asks_for_a_step_is_named(
        self, plan: Plan, stagemill: Call, flags: tuple[str, ...], cause: str
    ) -> None:
        stagemill("build", ".")

        assert steps(plan(*flags))["COPY one /one"] == ("would run", cause)

    def test_a_step_has_the_time_of_the_last_build(self, plan: Plan, stagemill: Call) -> None:
        assert plan()["critical_path"]["untimed"] == 5
        stagemill("build", ".")

        path = plan("--no-cache")["critical_path"]

        assert path["untimed"] == 0
        assert path["seconds"] > 0
        assert [step["name"].partition("] ")[2] for step in path["steps"]] == [
            "COPY one /one", "WORKDIR /app", "COPY two /two", "COPY --from=build-prod /two /tested",
            "COPY --from=build /two /two",
        ]  # fmt: skip


class TestStages:
    def test_each_says_what_it_is_for(self, plan: Plan) -> None:
        found = {stage["title"]: stage for stage in plan("--target", "web=app")["stages"]}

        assert {title: stage["role"] for title, stage in found.items()} == {
            "base": "needed", "build-prod": "needed", "test": "must succeed", "build": "needed", "web": "target",
        }  # fmt: skip
        assert (found["web"]["names"], found["web"]["after"]) == (["docker.io/library/app:latest"], ["test"])
        assert (found["web"]["reads"], found["build"]["base"], found["web"]["line"]) == (["build"], "build-prod", 12)

    def test_a_skipped_stage_says_why_and_what_would_select_it(self, plan: Plan) -> None:
        found = plan()

        assert found["skipped"] == [
            {
                "title": "build-dev",
                "line": 5,
                "why": "not needed by web",
                "selected_by": [{"argument": "KIND", "value": "dev", "line": 11}],
            }
        ]
        assert found["choices"] == [
            {"line": 11, "written": "build-${KIND}", "arguments": {"KIND": "prod"}, "chosen": "build-prod"}
        ]

    def test_with_all_stages_none_is_skipped(self, plan: Plan) -> None:
        assert plan("--all-stages")["skipped"] == []

    def test_several_targets_are_one_report(self, plan: Plan) -> None:
        found = plan("--target", "test=t", "--target", "build-dev=d")

        assert found["targets"] == ["test", "build-dev"]
        assert [stage["title"] for stage in found["stages"]] == ["base", "build-dev", "build-prod", "test"]
        assert [stage["title"] for stage in found["skipped"]] == ["build", "web"]
        assert found["skipped"][0]["why"] == "not needed by test or build-dev"


class TestForms:
    def test_the_table_is_for_people(self, project: Path, stagemill: Call) -> None:
        stagemill("build", ".")
        (project / "two").write_text("other")

        out = stagemill("plan", "--target", "web=app", ".").out

        lines = [line.split("   ") for line in out.splitlines()]
        assert [cell.strip() for cell in lines[0] if cell] == ["STAGE / STEP", "LINE", "WOULD", "TOOK", "WHY"]
        assert "target, app:latest" in out
        assert "after test" in out
        assert "line 11: FROM build-${KIND} is build-prod, by KIND=prod" in out
        assert "skipped stage build-dev (line 5): not needed by web; --build-arg KIND=dev selects it in line 11" in out
        assert "2 steps cached, 1 would run, 2 would run or be found by content" in out
        assert re.search(r"^critical path, about \d+(\.\d s| s| min \d+ s) by earlier runs:$", out, re.MULTILINE)

    def test_the_graph_is_in_the_language_of_graphviz(self, project: Path, stagemill: Call) -> None:
        (project / "Dockerfile").write_text(TEXT + 'CMD ["a"]\nLABEL a="\\\\"\n')

        out = stagemill("plan", "--format", "dot", ".").out

        assert out.startswith("digraph build {\n")
        assert out.rstrip().endswith("}")
        assert '"step test 0" -> "from web" [style=dotted, label=after];' in out
        assert '"from build" -> "step web 0" [style=dashed];' in out
        assert '"step build-prod 0" -> "from build";' in out
        assert 'label="build-dev\\nnot needed by web", style=dashed' in out
        assert 'label="web (target)";' in out

    def test_errors_are_those_of_a_build(self, project: Path, stagemill: Call) -> None:
        (project / "two").unlink()

        said = stagemill("plan", ".")

        assert (said.status, said.out) == (1, "")
        assert '"/two": not found' in said.err

    def test_what_has_no_effect_is_told(self, project: Path, stagemill: Call) -> None:
        (project / "Dockerfile").write_text(TEXT.replace("ARG KIND=prod\n", "").replace("${KIND}", "${KIND:-prod}"))

        said = stagemill("plan", "--build-arg", "KIND=dev", ".")

        assert "--build-arg KIND has no effect on FROM" in said.err
        assert "build-dev" in said.out
