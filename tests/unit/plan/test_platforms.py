"""What a platform means for a plan: the images, the steps, their names, the config."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import operations, planned, planned_for
from stagemill.graph.operations import Run
from stagemill.graph.vertex import walk
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan

LOCAL = Platform.local()
S390X = Platform("linux", "s390x")
ARM = Platform("linux", "arm", "v7")
WINDOWS = Platform("windows", "amd64", os_version="10.0.17763.1")


def names(plan: Plan) -> list[str]:
    return [vertex.label.name for vertex in walk([plan.target.vertex]) if vertex.label.name]


def runs_on(plan: Plan) -> list[tuple[str, str]]:
    return [(op.args[-1], op.platform) for op in operations(plan, Run)]


class TestSteps:
    def test_a_process_runs_on_the_platform_that_its_stage_began_with(self) -> None:
        plan = planned(
            "FROM --platform=$BUILDPLATFORM busybox AS a\nRUN a\nFROM a AS b\nRUN b\nFROM busybox\nRUN c\n"
            "RUN --mount=from=b,target=/b d\n",
            platform=S390X,
        )

        assert sorted(runs_on(plan)) == [
            ("a", str(LOCAL)), ("b", str(LOCAL)), ("c", "linux/s390x"), ("d", "linux/s390x"),
        ]  # fmt: skip

    def test_from_nothing_it_is_what_is_built_for_whatever_from_says(self) -> None:
        plan = planned("FROM --platform=linux/riscv64 scratch\nCOPY --from=busybox / /\nRUN a\n", platform=S390X)

        assert runs_on(plan) == [("a", "linux/s390x")]

    def test_an_image_of_another_platform_runs_as_what_it_is(self) -> None:
        images = FakeImages(arm=ImageConfig(ARM), unsaid=ImageConfig(Platform("", "")))

        assert runs_on(planned("FROM arm\nRUN a\n", images=images)) == [("a", "linux/arm/v7")]
        assert runs_on(planned("FROM unsaid\nRUN a\n", images=images, platform=S390X)) == [("a", "linux/s390x")]

    def test_equal_steps_of_several_platforms_are_one(self) -> None:
        text = (
            "FROM --platform=$BUILDPLATFORM busybox AS tools\nRUN make tools\n"
            "FROM --platform=$BUILDPLATFORM busybox AS cross\nARG TARGETARCH\nRUN make $TARGETARCH\n"
            "FROM scratch AS data\nCOPY --from=tools /x /\n"
            "FROM busybox\nCOPY --from=tools /x /\nCOPY --from=cross /y /\nCOPY --from=data / /\n"
        )

        first, second = planned_for(text, LOCAL, S390X)

        steps = [{stage.title: stage.vertex.digest for stage in plan.stages} for plan in (first, second)]
        assert {title for title, digest in steps[0].items() if steps[1][title] == digest} == {"tools", "data"}


class TestNames:
    def test_labels_say_the_platform_and_what_is_made_for_another(self) -> None:
        text = (
            "FROM --platform=$BUILDPLATFORM busybox AS build\nWORKDIR /w\nARG TARGETOS TARGETARCH TARGETVARIANT\n"
            "RUN make\nFROM busybox\nCOPY --from=build / /\n"
        )

        assert names(planned_for(text, ARM, LOCAL)[0]) == [
            "[linux/arm/v7 stage-1 1/2] FROM busybox",
            f"[{LOCAL} build 1/3] FROM busybox",
            f"[{LOCAL} build 2/3] WORKDIR /w",
            f"[{LOCAL}->arm/v7 build 3/3] RUN make",
            "[linux/arm/v7 stage-1 2/2] COPY --from=build / /",
        ]
        assert f"[{LOCAL} build 3/3] RUN make" in names(planned_for(text, LOCAL)[0])

    def test_another_system_is_named_whole(self) -> None:
        text = "FROM --platform=$BUILDPLATFORM busybox\nARG TARGETPLATFORM\nRUN make\n"

        assert names(planned_for(text, WINDOWS)[0])[1] == f"[{LOCAL}->windows(10.0.17763.1)/amd64 2/2] RUN make"

    def test_a_target_that_is_no_platform_is_none(self) -> None:
        text = "FROM busybox\nENV TARGETPLATFORM=a/b/c/d\nRUN make\n"

        assert names(planned_for(text, S390X)[0])[1] == "[linux/s390x 2/2] RUN make"

    def test_one_platform_is_not_named(self) -> None:
        assert names(planned("FROM busybox\nRUN a\n", platform=S390X)) == ["[1/2] FROM busybox", "[2/2] RUN a"]


class TestConfig:
    @pytest.mark.parametrize(
        ("base", "wanted", "expected"),
        [
            (LOCAL, S390X, S390X),
            (Platform("linux", "arm", "v6"), ARM, ARM),
            (Platform("linux", "arm64", "v9"), Platform("linux", "arm64"), Platform("linux", "arm64", "v9")),
            (WINDOWS, Platform("windows", "amd64"), WINDOWS),
            (WINDOWS, Platform("windows", "arm64"), Platform("windows", "arm64")),
            (WINDOWS, Platform("windows", "amd64", "", "10.0.20348", ("x",)),
             Platform("windows", "amd64", "", "10.0.20348", ("x",))),
        ],
    )  # fmt: skip
    def test_it_is_of_the_platform_that_was_asked_for(
        self, base: Platform, wanted: Platform, expected: Platform
    ) -> None:
        plan = planned("FROM base\n", images=FakeImages(base=ImageConfig(base)), platform=wanted)

        assert (plan.target.image.platform, plan.platform) == (expected, wanted)

    def test_or_of_the_base_s_where_nobody_asked(self) -> None:
        plan = planned("FROM base\n", images=FakeImages(base=ImageConfig(ARM)), implicit=True)

        assert plan.target.image.platform == ARM
        assert planned("FROM scratch\n", implicit=True).target.image.platform == LOCAL

    def test_windows_has_no_path_of_ours_and_another_shell(self) -> None:
        plan = planned("FROM scratch\nCMD dir\n", platform=WINDOWS)

        assert plan.target.image.config == RunConfig(working_dir="/", cmd=("cmd", "/S", "/C", "dir"))
        bare = FakeImages(base=ImageConfig(WINDOWS))
        assert planned("FROM base\n", images=bare, platform=WINDOWS).target.image.config.env == ()
