"""Which stages are planned, and what they hang on."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import operations, planned
from stagemill.errors import DockerfileError, StagemillError
from stagemill.graph.operations import BaseImage, Copy, Run
from stagemill.oci.config import RunConfig


def test_a_stage_that_the_target_does_not_need_is_neither_planned_nor_resolved() -> None:
    images = FakeImages(busybox=RunConfig())

    plan = planned("FROM nosuch AS broken\nRUN false\nFROM busybox AS needed\nRUN true\n", images=images)

    assert [stage.name for stage in plan.stages] == ["needed"]
    assert [stage.name for stage in plan.skipped] == ["broken"]
    assert images.asked == ["busybox"]


def test_a_target_is_found_by_name_in_any_case_and_by_index() -> None:
    text = "FROM busybox AS Build\nRUN true\nFROM busybox\nRUN false\n"

    assert planned(text, target="BUILD").target.index == 0
    assert planned(text, target="0").target.index == 0
    assert planned(text).target.index == 1


def test_an_unknown_target_is_answered_with_a_near_name() -> None:
    with pytest.raises(StagemillError) as caught:
        planned("FROM busybox AS builder\n", target="bilder")

    assert caught.value.message == "target stage 'bilder' could not be found"
    assert caught.value.hint == "did you mean builder?"


def test_from_takes_the_last_stage_of_a_name_above_it() -> None:
    plan = planned("FROM busybox AS a\nRUN one\nFROM busybox AS a\nRUN two\nFROM a\n")

    assert [op.args[-1] for op in operations(plan, Run)] == ["two"]


def test_copying_from_a_stage_below_is_an_error_that_names_its_line() -> None:
    with pytest.raises(DockerfileError) as caught:
        planned("FROM busybox\nCOPY --from=late /x /x\nFROM busybox AS late\nFROM scratch\nCOPY --from=0 / /\n")

    assert caught.value.message == "cannot copy from stage 'late': it is defined below, in line 3"
    assert caught.value.at is not None
    assert (caught.value.at.line, caught.value.at.column) == (2, 13)


def test_copying_from_an_index_that_is_not_above_is_an_error() -> None:
    with pytest.raises(DockerfileError) as caught:
        planned("FROM busybox\nCOPY --from=0 /x /x\n")

    assert caught.value.message == "cannot copy from stage 0: no stage is above it"


def test_copying_from_what_is_no_stage_reads_an_image() -> None:
    images = FakeImages(busybox=RunConfig())

    plan = planned("FROM scratch\nCOPY --from=busybox /bin/busybox /bin/\n", images=images)

    assert [op.reference for op in operations(plan, BaseImage)] == ["busybox"]
    assert operations(plan, Copy)[0].keep_owner


def test_an_unknown_image_is_an_error_at_its_word_that_offers_a_near_stage() -> None:
    with pytest.raises(DockerfileError) as caught:
        planned("FROM busybox AS builder\nFROM scratch\nCOPY --from=bilder /x /x\n")

    assert caught.value.message == "there is no image bilder"
    assert caught.value.hint == "did you mean the stage builder? or check the name"
    assert caught.value.at is not None
    assert caught.value.at.line == 3


def test_global_arguments_choose_the_base_and_build_arguments_win() -> None:
    text = "ARG WHICH=one\nFROM busybox AS one\nRUN one\nFROM busybox AS two\nRUN two\nFROM ${WHICH}\n"

    assert [op.args[-1] for op in operations(planned(text), Run)] == ["one"]
    assert [op.args[-1] for op in operations(planned(text, build_args={"WHICH": "two"}), Run)] == ["two"]


def test_a_blank_base_is_an_error() -> None:
    with pytest.raises(DockerfileError) as caught:
        planned("ARG WHICH\nFROM ${WHICH}\n")

    assert caught.value.message == "base name (${WHICH}) should not be blank"


def test_a_build_argument_without_arg_has_no_effect_on_from_and_is_noticed() -> None:
    text = "FROM busybox AS deps-dev\nFROM busybox AS deps-prod\nFROM deps-${BUILD_ENV:-prod}\n"

    plan = planned(text, build_args={"BUILD_ENV": "dev"})

    assert [stage.name for stage in plan.stages] == ["deps-prod", ""]
    assert len(plan.notices) == 1
    assert "no ARG declares BUILD_ENV before the first FROM" in plan.notices[0]
    assert "Dockerfile:3" in plan.notices[0]
    assert planned("ARG BUILD_ENV\n" + text, build_args={"BUILD_ENV": "dev"}).notices == ()


def test_triggers_of_a_stage_fire_in_its_child_once() -> None:
    text = (
        "FROM busybox AS base\nONBUILD COPY --from=src /x /x\n"
        "FROM busybox AS src\nRUN make\nFROM base AS child\nFROM child\n"
    )

    plan = planned(text)

    assert [stage.title for stage in plan.stages] == ["base", "src", "child", "stage-3"]
    assert len(operations(plan, Copy)) == 1
    assert plan.target.image.config.on_build == ()


def test_triggers_of_a_base_image_are_expanded_and_cleared() -> None:
    images = FakeImages(base=RunConfig(on_build=("RUN echo trigger",)))

    plan = planned("FROM base\nRUN own\n", images=images)

    assert [op.args[-1] for op in operations(plan, Run)] == ["echo trigger", "own"]
    assert plan.target.image.config.on_build == ()


def test_steps_are_numbered_within_their_stage() -> None:
    plan = planned("FROM busybox AS a\nRUN x\nENV A=b\nWORKDIR /w\nFROM a\nRUN y\n")

    assert [step.vertex.label.name for stage in plan.stages for step in stage.steps] == [
        "[a 2/3] RUN x",
        "[a 3/3] WORKDIR /w",
        "[stage-1 1/1] RUN y",
    ]


def test_two_hundred_stages_are_planned_without_deep_recursion() -> None:
    text = "FROM busybox AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nRUN echo {n}\n" for n in range(200))

    assert len(planned(text).stages) == 201
