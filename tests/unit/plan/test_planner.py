"""The plan as a whole: patterns of the mission's page, conditional stages, time, what is said and stops nothing."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import config, marked, operations, planned, refused
from fakes.tree import MemoryTree
from stagemill.errors import DockerfileError, StagemillError
from stagemill.graph.operations import Copy, Run
from stagemill.oci.config import RunConfig
from stagemill.plan.planner import Plan

CONDITIONAL = """\
FROM node AS base
WORKDIR /app

FROM base AS deps-dev
RUN npm install

FROM base AS deps-prod
RUN npm install --production

FROM deps-${BUILD_ENV:-prod} AS deps
"""
NODE = {"node": RunConfig(env=(("PATH", "/usr/bin"),))}


def conditional(text: str, **build_args: str) -> Plan:
    return planned(text, images=FakeImages(**NODE), build_args=build_args)


def test_the_pages_conditional_stages_always_take_the_default_and_say_so() -> None:
    plan = conditional(CONDITIONAL, BUILD_ENV="dev")

    assert [stage.title for stage in plan.stages] == ["base", "deps-prod", "deps"]
    assert [stage.title for stage in plan.skipped] == ["deps-dev"]
    assert plan.notices == (
        (
            "--build-arg BUILD_ENV has no effect on FROM deps-${BUILD_ENV:-prod}: "
            "no ARG declares BUILD_ENV before the first FROM\n"
            "  --> Dockerfile:10\n"
            "10 | FROM deps-${BUILD_ENV:-prod} AS deps\n"
            "   |      ^^^^^^^^^^^^^^^^^^^^^^^\n"
            "hint: add the line ARG BUILD_ENV above the first FROM"
        ),
    )


@pytest.mark.parametrize(("given", "expected"), [({}, "deps-prod"), ({"BUILD_ENV": "dev"}, "deps-dev")])
def test_conditional_stages_with_the_argument_declared_take_what_is_given(given: dict[str, str], expected: str) -> None:
    plan = conditional("ARG BUILD_ENV\n" + CONDITIONAL, **given)

    assert [stage.title for stage in plan.stages] == ["base", expected, "deps"]
    assert plan.notices == ()


def test_an_argument_declared_in_a_stage_has_no_effect_on_from_either() -> None:
    text = "FROM busybox AS one\nARG W=two\nFROM busybox AS two\nFROM ${W:-one}\n"

    plan = planned(text, build_args={"W": "two"})

    assert plan.stages[0].title == "one"
    assert len(plan.notices) == 1
    assert plan.notices[0].endswith(
        "hint: only an ARG before the first FROM counts in FROM: move or copy line 2 to the top"
    )


def test_a_blank_base_says_which_argument_stands_too_low() -> None:
    error = refused("FROM scratch AS first\nARG SECONDBASE=busybox\nFROM ${SECONDBASE} AS next\n")

    assert error.message == "base name (${SECONDBASE}) should not be blank"
    assert error.hint == "only an ARG before the first FROM counts in FROM: move or copy line 2 to the top"
    assert marked(error) == "Dockerfile:3: ${SECONDBASE}"
    assert refused("ARG X\nFROM $X\n").hint == "give X a value: a default in its ARG, or --build-arg X=VALUE"


@pytest.mark.parametrize(
    ("start", "hint"),
    [
        ("busybox:$V", "nothing sets V: write ARG V=VALUE before the first FROM"),
        ("nosuch${V}", "nothing sets V: write ARG V=VALUE before the first FROM; or "),
        ("nosuch${V:-x}", "check the name"),
        ("nosuch${V-x}", "check the name"),
    ],
)
def test_a_base_that_cannot_be_had_says_which_variable_has_no_value(start: str, hint: str) -> None:
    assert str(refused(f"FROM {start}\n").hint).startswith(hint)


def test_an_argument_without_effect_on_a_platform_is_noticed_too() -> None:
    plan = planned("FROM --platform=${P:-$BUILDPLATFORM} busybox\n", build_args={"P": "linux/s390x"})

    assert plan.notices[0].startswith("--build-arg P has no effect on FROM ${P:-$BUILDPLATFORM}: ")


def test_a_choice_that_names_no_stage_offers_the_near_ones() -> None:
    error = refused("ARG E=prd\nFROM busybox AS deps-prod\nFROM deps-$E\n")

    assert error.message == "there is no image deps-prd"
    assert error.hint == "did you mean the stage deps-prod? or check the name"
    assert marked(error) == "Dockerfile:3: deps-$E"


def test_the_pages_testing_stage_is_skipped_by_production_and_built_as_target() -> None:
    text = (
        "FROM node AS deps\nRUN npm ci\nFROM deps AS builder\nCOPY . .\nRUN npm run build\n"
        "FROM deps AS tester\nCOPY . .\nRUN npm test\n"
        "FROM node AS production\nCOPY --from=builder /app/dist ./dist\nCOPY --from=deps /app/m ./m\n"
    )
    context = MemoryTree({"x": ""})

    production = planned(text, images=FakeImages(**NODE), context=context)
    tester = planned(text, images=FakeImages(**NODE), context=context, target="tester")

    assert [stage.title for stage in production.skipped] == ["tester"]
    assert production.target.reads == (1, 0)
    assert [op.args[-1] for op in operations(tester, Run)] == ["npm ci", "npm test"]


def test_the_pages_parallel_stages_do_not_hang_on_each_other() -> None:
    text = (
        "FROM node AS front\nRUN front\nFROM node AS back\nRUN back\n"
        "FROM scratch\nCOPY --from=back /s /s\nCOPY --from=front /d /static\n"
    )

    front, back, _ = planned(text, images=FakeImages(**NODE)).stages

    assert front.vertex.inputs == back.vertex.inputs


def test_arguments_in_the_name_and_the_platform_of_from_see_the_global_scope_only() -> None:
    text = "ARG NAME=busybox\nARG TAG\nFROM --platform=$TARGETPLATFORM ${NAME}${TAG:+:$TAG}\nENV A=$NAME\n"

    plan = planned(text)

    assert plan.target.base is not None
    assert dict(plan.target.image.config.env)["A"] == ""


def test_a_mistake_in_from_is_shown_at_its_place() -> None:
    error = refused("FROM busy${X:?unset}\n")

    assert error.message == "X: unset"
    assert error.at is not None
    assert error.at.column == 10


def test_a_mistake_in_a_global_argument_is_an_error_unless_it_is_given() -> None:
    text = 'ARG A="${B:?B is missing}"\nFROM busybox\n'

    assert refused(text).message == "B: B is missing"
    assert planned(text, build_args={"A": "1"}).target.index == 0


def test_duplicate_names_mean_the_last_one_above() -> None:
    text = (
        "FROM busybox AS a\nRUN one\nFROM a AS a\nRUN two\nFROM scratch\nCOPY --from=a / /\nFROM busybox AS a\nRUN no\n"
    )

    plan = planned(text, target="2")

    assert [op.args[-1] for op in operations(plan, Run)] == ["one", "two"]
    assert [op.args[-1] for op in operations(planned(text, target="a"), Run)] == ["no"]


def test_names_of_stages_are_compared_in_lower_case() -> None:
    plan = planned("FROM busybox AS Build\nFROM BUILD AS Two\nCOPY --from=bUILD / /\n")

    assert [stage.name for stage in plan.stages] == ["build", "two"]
    assert plan.target.parent == 0


def test_a_stage_may_be_called_like_an_image_or_scratch() -> None:
    images = FakeImages(busybox=RunConfig())

    plan = planned("FROM busybox AS busybox\nRUN one\nFROM busybox AS scratch\nRUN two\nFROM scratch\n", images=images)

    assert [op.args[-1] for op in operations(plan, Run)] == ["one", "two"]
    assert images.asked == ["busybox"]


def test_the_image_that_is_named_like_its_own_stage_is_the_image() -> None:
    assert planned("FROM busybox AS busybox\n").target.parent is None


def test_a_base_is_known_through_stages() -> None:
    plan = planned("FROM busybox AS a\nFROM a AS b\nFROM b\n")

    assert plan.target.base is not None
    assert (plan.target.base.reference, plan.target.parent) == ("busybox", 1)
    assert planned("FROM scratch AS a\nFROM a\n").target.base is None


def test_numbers_of_steps_are_aligned() -> None:
    names = [step.vertex.label.name for step in planned("FROM busybox\n" + "RUN x\n" * 9).target.steps]

    assert (names[0], names[-1]) == ("[ 2/10] RUN x", "[10/10] RUN x")


def test_steps_carry_their_text_and_place() -> None:
    (step,) = planned("FROM busybox\n\nRUN a \\\n  b\n").target.steps

    assert step.text == "RUN a   b"
    assert str(step.at) == "Dockerfile:3"
    assert step.vertex.label.at == step.at
    assert step.vertex.label.stage == "stage-0"


@pytest.mark.parametrize("target", ["nosuch", "7", "9" * 5000])
def test_an_unknown_target_is_wrong_usage(target: str) -> None:
    with pytest.raises(StagemillError) as caught:
        planned("FROM busybox AS one\nFROM busybox\n", target=target)

    assert caught.value.message == f"target stage {target!r} could not be found"
    assert caught.value.hint == "the stages are one"


def test_a_target_in_a_file_without_names_is_wrong_usage() -> None:
    with pytest.raises(StagemillError) as caught:
        planned("FROM busybox\n", target="x")

    assert caught.value.hint == "no stage of this file has a name; its only stage has the number 0"


@pytest.mark.parametrize(
    ("index", "count"),
    [("2", "there are 2 stages above it, counted from 0"), ("7", "there are 2 stages above it, counted from 0")],
)
def test_an_index_that_is_not_above_is_an_error(index: str, count: str) -> None:
    error = refused(f"FROM busybox\nFROM busybox\nFROM busybox\nCOPY --from={index} / /\n")

    assert error.message == f"cannot copy from stage {index}: {count}"
    assert error.hint == "name the stage with AS and copy from the name"


def test_stages_that_copy_are_found_through_stages_they_begin_from() -> None:
    text = "FROM busybox AS a\nFROM busybox AS b\nCOPY --from=a / /\nFROM b\nRUN x\n"

    assert [stage.title for stage in planned(text).stages] == ["a", "b", "stage-2"]
    assert len(operations(planned(text), Copy)) == 1


def test_configs_of_stages_are_their_own() -> None:
    text = "FROM busybox AS a\nENV A=1\nLABEL a=1\nEXPOSE 1\nFROM a AS b\nENV A=2\nLABEL a=2\nEXPOSE 2\n"

    assert dict(config(text, target="a").env)["A"] == "1"
    assert config(text, target="a").labels == {"a": "1"}
    assert config(text, target="a").exposed_ports == ("1/tcp",)
    assert config(text).exposed_ports == ("1/tcp", "2/tcp")


def test_from_inside_of_a_stage_cannot_be() -> None:
    with pytest.raises(DockerfileError):
        planned("FROM busybox\nONBUILD FROM busybox\n")
