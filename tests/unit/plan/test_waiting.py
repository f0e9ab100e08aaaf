"""FROM --after: which stages are made, which steps wait for which, and what is refused."""

from __future__ import annotations

import pytest

from fakes.planning import key, marked, planned, planned_each, refused
from stagemill.errors import StagemillError
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Vertex, walk
from stagemill.plan.planner import Plan

TEXT = "FROM busybox AS test\nRUN test\nFROM --after=test busybox\nRUN one\nRUN two\n"


def word(vertex: Vertex) -> str:
    return vertex.op.args[-1] if isinstance(vertex.op, Run) else vertex.op.kind


def waits(*plans: Plan) -> dict[str, list[str]]:
    """By the command of a step those of the steps that it waits for."""
    every = {vertex.digest: word(vertex) for plan in plans for stage in plan.stages for vertex in walk([stage.vertex])}
    return {every[waiting]: sorted(map(word, awaited)) for waiting, awaited in plans[-1].order.items()}


def test_the_stage_that_is_waited_for_is_made_and_the_first_step_waits() -> None:
    plan = planned(TEXT)

    assert [stage.title for stage in plan.stages] == ["test", "stage-1"]
    assert [stage.title for stage in plan.also] == ["test"]
    assert [word(vertex) for vertex in plan.goals] == ["two", "test"]
    assert plan.target.after == (0,)
    assert waits(plan) == {"one": ["test"]}


def test_it_is_no_part_of_a_key() -> None:
    assert key(TEXT) == key(TEXT.replace("--after=test ", ""))


def test_without_it_nothing_waits() -> None:
    assert planned(TEXT.replace("--after=test ", "")).order == {}


@pytest.mark.parametrize("written", ["test", "TEST", "0", "$T", "${T}"])
def test_a_stage_is_named_as_elsewhere_in_from(written: str) -> None:
    text = "ARG T=test\n" + TEXT.replace("--after=test", f"--after={written}")

    assert waits(planned(text)) == {"one": ["test"]}


def test_a_stage_may_wait_for_one_below_it_and_for_several() -> None:
    text = (
        "FROM --after=lint,test --after=docs busybox AS web\nRUN web\n"
        "FROM busybox AS lint\nRUN lint\nFROM busybox AS test\nRUN test\nFROM busybox AS docs\nRUN docs\n"
    )

    assert waits(planned(text, target="web")) == {"web": ["docs", "lint", "test"]}


def test_a_name_means_the_stage_above_before_one_below() -> None:
    text = "FROM busybox AS a\nRUN one\nFROM --after=a busybox AS b\nRUN b\nFROM busybox AS a\nRUN two\n"

    assert waits(planned(text, target="b")) == {"b": ["one"]}


def test_what_a_stage_without_steps_waits_for_its_readers_wait_for() -> None:
    text = (
        "FROM busybox AS test\nRUN test\nFROM --after=test busybox AS gate\nENV A=1\n"
        "FROM gate\nRUN child\nFROM busybox AS copier\nRUN --mount=from=gate,target=/g reads\nFROM --after=gate busybox\nRUN third\n"
    )

    assert waits(planned(text, all_stages=True)) == {"child": ["test"], "reads": ["test"], "third": ["base/1", "test"]}


def test_a_first_step_that_the_awaited_stage_shares_does_not_wait_the_next_one_does() -> None:
    text = "FROM busybox AS test\nRUN make\nRUN test\nFROM --after=test busybox\nRUN make\nRUN install\n"

    assert waits(planned(text)) == {"install": ["test"]}


def test_where_all_steps_are_shared_none_waits() -> None:
    text = "FROM busybox AS test\nRUN make\nRUN test\nFROM --after=test busybox\nRUN make\n"

    assert waits(planned(text)) == {}


def test_equal_steps_of_other_stages_never_close_a_circle() -> None:
    text = "FROM busybox AS b\nRUN t\nRUN b\nFROM --after=b busybox AS a\nRUN a\nFROM --after=a busybox AS d\nRUN t\nRUN d\n"

    assert waits(planned(text)) == {"a": ["b"], "d": ["a"]}


def test_plans_of_several_targets_wait_alike() -> None:
    text = TEXT.replace("busybox\nRUN one", "busybox AS web\nRUN one") + "FROM busybox AS other\nRUN one\n"

    one, two = planned_each(text, "web", "other")

    assert waits(one, two) == {"one": ["test"]}
    assert one.order is two.order
    assert [stage.title for stage in two.also] == []


class TestRefused:
    def test_an_unknown_stage_is_answered_with_a_near_one(self) -> None:
        error = refused(TEXT.replace("--after=test", "--after=tset"))

        assert (error.message, marked(error)) == ("there is no stage 'tset' to wait for", "Dockerfile:3: tset")
        assert error.hint == "did you mean test?"

    @pytest.mark.parametrize("written", ["$UNSET", "2", "99999999999", "9" * 5000, "٣"])
    def test_so_is_what_names_none(self, written: str) -> None:
        assert "to wait for" in refused(TEXT.replace("--after=test", f"--after={written}")).message

    def test_a_stage_does_not_wait_for_itself(self) -> None:
        error = refused("FROM --after=a busybox AS a\nRUN a\n")

        assert (error.message, marked(error)) == (
            "stage a would wait for itself: a waits for a",
            "Dockerfile:1: a",
        )
        assert error.hint == "remove --after here, or what makes the other stage need this one"

    def test_a_circle_is_told_link_by_link(self) -> None:
        error = refused(
            "FROM --after=test busybox AS build\nRUN b\nFROM build AS mid\nRUN m\nFROM busybox AS test\nCOPY --from=mid /x /x\n"
        )

        assert error.message == (
            "stage build would wait for itself: build waits for test, test copies from mid, mid begins from build"
        )
        assert marked(error) == "Dockerfile:1: test"

    def test_two_that_wait_for_each_other_are_one(self) -> None:
        error = refused("FROM --after=b busybox AS a\nRUN a\nFROM --after=a busybox AS b\nRUN b\n")

        assert error.message == "stage a would wait for itself: a waits for b, b waits for a"

    def test_what_nobody_needs_is_not_looked_at(self) -> None:
        planned("FROM --after=nosuch busybox AS a\nFROM --after=b busybox AS b\nFROM busybox\n")


class TestAlso:
    TEXT = "FROM busybox AS a\nRUN a\nFROM busybox AS b\nRUN b\nFROM busybox AS c\nRUN c\n"

    def test_a_stage_is_made_beside_the_target(self) -> None:
        plan = planned(self.TEXT, also=("A",))

        assert ([stage.title for stage in plan.also], [stage.title for stage in plan.skipped]) == (["a"], ["b"])
        assert [word(vertex) for vertex in plan.goals] == ["c", "a"]

    def test_the_target_is_none_of_them(self) -> None:
        assert planned(self.TEXT, target="a", also=("a", "0")).also == ()

    def test_all_stages_are_all_others(self) -> None:
        plan = planned(self.TEXT, target="b", all_stages=True)

        assert ([stage.title for stage in plan.also], plan.skipped) == (["a", "c"], ())

    def test_an_unknown_one_is_wrong_usage(self) -> None:
        with pytest.raises(StagemillError) as caught:
            planned(self.TEXT, also=("d",))

        assert caught.value.message == "--also: stage 'd' could not be found"
        assert caught.value.hint == "the stages are a, b, c"
