"""ONBUILD: triggers fire once, where a stage begins FROM theirs (traps 14)."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import config, marked, operations, planned, refused
from fakes.tree import MemoryTree
from stagemill.graph.operations import Copy, Run
from stagemill.oci.config import RunConfig


def based(*triggers: str) -> FakeImages:
    return FakeImages(base=RunConfig(on_build=triggers), busybox=RunConfig(), tools=RunConfig())


def runs(text: str, **request: object) -> list[str]:
    return [op.args[-1] for op in operations(planned(text, **request), Run)]  # type: ignore[arg-type]


def test_triggers_of_an_image_fire_before_the_stages_own_instructions_in_their_order() -> None:
    images = based("RUN one", "ENV A=1", "RUN two")

    assert runs("FROM base\nRUN own\n", images=images) == ["one", "two", "own"]
    assert dict(config("FROM base\n", images=images).env)["A"] == "1"


def test_triggers_of_an_image_fire_once_and_not_in_grandchildren() -> None:
    text = "FROM base AS child\nFROM child\nRUN own\n"

    assert runs(text, images=based("RUN one")) == ["one", "own"]
    assert config(text, images=based("RUN one")).on_build == ()


def test_triggers_of_a_stage_fire_in_each_of_its_children_and_not_in_itself() -> None:
    text = "FROM busybox AS p\nONBUILD RUN t\nRUN own\nFROM p AS a\nRUN a\nFROM p AS b\nRUN b\n"

    assert runs(text, target="p") == ["own"]
    assert runs(text, target="a") == ["own", "t", "a"]
    assert runs(text, target="b") == ["own", "t", "b"]
    assert config(text, target="p").on_build == ("RUN t",)


def test_a_trigger_sees_the_arguments_of_the_child() -> None:
    text = "ARG V=global\nFROM busybox AS p\nONBUILD ARG V\nONBUILD ENV W=$V\nFROM p\n"

    assert dict(config(text).env)["W"] == "global"
    assert dict(config(text, build_args={"V": "given"}).env)["W"] == "given"


def test_a_trigger_may_copy_from_a_stage_of_the_childs_file() -> None:
    images = based("COPY --from=assets /a /b")

    plan = planned("FROM busybox AS assets\nRUN make\nFROM base AS child\n", images=images)

    assert [stage.title for stage in plan.stages] == ["assets", "child"]
    assert plan.target.reads == (0,)


def test_a_trigger_may_copy_from_an_image_or_the_context() -> None:
    images = based("COPY --from=tools /t /t", "COPY a /a")

    plan = planned("FROM base\n", images=images, context=MemoryTree({"a": ""}))

    assert images.asked == ["base", "tools"]
    assert [op.sources for op in operations(plan, Copy)] == [("t",), ("a",)]


def test_a_stage_that_only_a_trigger_needs_may_have_triggers_of_its_own() -> None:
    images = FakeImages(base=RunConfig(on_build=("COPY --from=a / /",)), other=RunConfig(on_build=("RUN late",)))

    assert "late" in runs("FROM other AS a\nFROM base\n", images=images)


def test_a_trigger_with_a_heredoc_is_kept_and_fires() -> None:
    text = "FROM busybox AS p\nONBUILD COPY <<f /d/\n$A\nf\nFROM p\n"

    kept = config(text, target="p").on_build
    plan = planned("FROM base\nARG A=1\n", images=based(*kept))

    assert kept == ("COPY <<f /d/\n$A\nf",)
    assert operations(plan, Copy)[0].files[0].content == "\n"


def test_a_trigger_that_sets_cmd_counts_as_the_same_stage() -> None:
    assert config('FROM base\nENTRYPOINT ["/x"]\n', images=based('CMD ["a"]')).cmd == ("a",)


def test_steps_of_triggers_say_so_and_are_counted() -> None:
    plan = planned("FROM base\nRUN own\n", images=based("RUN one"))

    assert [step.vertex.label.name for step in plan.target.steps] == ["[2/3] ONBUILD RUN one", "[3/3] RUN own"]


def test_a_mistake_in_a_trigger_of_an_image_is_shown_in_the_trigger() -> None:
    error = refused("FROM base\n", images=based("RUN fine", "ADD --checksum=x a /x"))

    assert error.message == "checksum requires HTTP(S) or Git sources"
    assert marked(error) == "ONBUILD of base:1: x"


def test_a_missing_image_of_a_trigger_is_shown_in_the_trigger() -> None:
    error = refused("FROM base\n", images=based("COPY --from=nosuch / /"))

    assert error.message == "there is no image nosuch"
    assert marked(error) == "ONBUILD of base:1: nosuch"


def test_a_mistake_in_a_trigger_of_a_stage_is_shown_where_it_is_written() -> None:
    error = refused("FROM busybox AS p\nONBUILD EXPOSE x\nFROM p\n")

    assert marked(error) == "Dockerfile:2: x"


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ("NOPE x", "unknown instruction `NOPE`"),
        ("FROM x", "FROM cannot be a trigger of ONBUILD"),
        ("", "an ONBUILD trigger of the image is empty"),
    ],
)
def test_a_trigger_of_an_image_that_is_no_instruction_is_an_error(trigger: str, message: str) -> None:
    error = refused("FROM base\n", images=based(trigger))

    assert error.message == message
    assert error.at is not None
    assert error.at.file == "ONBUILD of base"


def test_a_trigger_that_copies_from_its_own_child_is_an_error() -> None:
    error = refused("FROM busybox AS p\nONBUILD COPY --from=child / /\nFROM p AS child\n")

    assert error.message == "cannot copy from stage 'child': it is this stage itself"
    assert error.hint == "a stage can only copy from stages above it; move the stage up"
