"""Named contexts in a plan: in the place of stages and images, and nothing that is not used is asked for."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import history, key, marked, operations, planned, refused
from fakes.sources import FakeSources
from fakes.tree import MemoryTree
from stagemill.graph.operations import BaseImage, Context, Copy, Git, Http, Run, Scratch
from stagemill.graph.vertex import walk
from stagemill.location import parse
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan

FILES = MemoryTree({"a": "1", "b/c": "2"})
LOCAL = Platform.local()


def bases(plan: Plan) -> list[str]:
    return [op.reference for op in operations(plan, BaseImage)]


def labels(plan: Plan) -> list[str]:
    return [vertex.label.name for vertex in walk([plan.target.vertex]) if vertex.label.name]


def images(*names: str) -> FakeImages:
    return FakeImages(**{name: RunConfig(env=(("FROM", name),)) for name in names})


class TestImages:
    @pytest.mark.parametrize("name", ["alpine", "alpine:latest", "docker.io/library/alpine"])
    def test_one_takes_the_place_of_another_with_its_config(self, name: str) -> None:
        plan = planned(f"FROM {name}\n", images=images("pinned"), contexts={"alpine": "docker-image://pinned"})

        assert bases(plan) == ["pinned"]
        assert ("FROM", "pinned") in plan.target.image.config.env
        assert labels(plan) == ["[context alpine] pinned"]

    def test_another_tag_is_another_name(self) -> None:
        plan = planned("FROM alpine:3\n", images=images("alpine:3"), contexts={"alpine": "docker-image://pinned"})

        assert bases(plan) == ["alpine:3"]

    def test_copies_and_mounts_read_it_too(self) -> None:
        text = "FROM scratch\nCOPY --from=tools /a /\nRUN --mount=from=tools,target=/m x\n"

        plan = planned(text, images=images("pinned"), contexts={"tools": "docker-image://pinned"})

        assert bases(plan) == ["pinned"]

    def test_its_triggers_fire_and_they_may_name_contexts(self) -> None:
        found = FakeImages(pinned=RunConfig(on_build=("COPY --from=files a /x",)))

        plan = planned(
            "FROM base\n", images=found, contexts={"base": "docker-image://pinned"}, directories={"files": FILES}
        )

        assert [op.sources for op in operations(plan, Copy)] == [("a",)]

    def test_one_for_this_platform_comes_before_one_for_all(self) -> None:
        contexts = {"base": "docker-image://all", f"base::{LOCAL}": "docker-image://own"}

        assert bases(planned("FROM base\n", images=images("own"), contexts=contexts)) == ["own"]

    def test_the_history_is_the_same_as_without_the_detour(self) -> None:
        text = "FROM {}\nRUN x\n"
        found = images("pinned")

        named = key(text.format("base"), images=found, contexts={"base": "docker-image://pinned"})

        assert named == key(text.format("pinned"), images=found)

    def test_scratch_is_nothing(self) -> None:
        plan = planned("FROM busybox\nCOPY --from=busybox / /x\n", contexts={"busybox": "docker-image://scratch"})

        assert bases(plan) == []
        assert len(operations(plan, Scratch)) == 1

    def test_one_that_cannot_be_had_is_an_error_where_it_is_used(self) -> None:
        error = refused("FROM scratch\nCOPY --from=tools /a /\n", contexts={"tools": "docker-image://nosuch"})

        assert error.message == "the context tools: there is no image nosuch"
        assert error.hint == "check the name"
        assert marked(error) == "Dockerfile:2: tools"

    def test_an_image_that_is_missing_may_be_meant_for_a_context(self) -> None:
        error = refused("FROM toolz\n", contexts={"tools": "docker-image://nosuch"})

        assert error.hint == "did you mean the context tools? or check the name"


class TestStages:
    TEXT = "FROM nosuch AS base\nRUN make\nFROM busybox\nCOPY --from=base /a /\n"

    def test_one_that_is_replaced_is_neither_built_nor_looked_up(self) -> None:
        found = images("busybox", "pinned")

        plan = planned(self.TEXT, images=found, contexts={"base": "docker-image://pinned"})

        assert sorted(found.asked) == ["busybox", "pinned"]
        assert [stage.index for stage in plan.stages] == [1]

    @pytest.mark.parametrize("name", ["base", "BASE", "0"])
    def test_its_number_and_any_case_of_its_name_mean_the_context(self, name: str) -> None:
        text = self.TEXT.replace("--from=base", f"--from={name}")

        plan = planned(text, images=images("busybox", "pinned"), contexts={"base": "docker-image://pinned"})

        assert bases(plan) == ["busybox", "pinned"]

    def test_a_stage_may_begin_from_it(self) -> None:
        text = "FROM nosuch AS base\nRUN make\nFROM base\nRUN x\n"

        plan = planned(text, images=images("pinned"), contexts={"base": "docker-image://pinned"})

        assert (bases(plan), len(operations(plan, Run))) == (["pinned"], 1)

    def test_as_the_target_it_is_the_context_alone(self) -> None:
        plan = planned(self.TEXT, target="base", images=images("pinned"), contexts={"base": "docker-image://pinned"})

        assert (bases(plan), plan.target.steps) == (["pinned"], ())

    def test_the_name_of_an_image_does_not_replace_a_stage_of_another_name(self) -> None:
        plan = planned("FROM busybox AS base\nFROM base\n", contexts={"other": "docker-image://nosuch"})

        assert bases(plan) == ["busybox"]

    def test_another_stage_may_stand_in(self) -> None:
        text = "FROM nosuch AS base\nFROM busybox AS debug\nRUN y\nFROM base\nCOPY --from=base /a /\nRUN x\n"

        plan = planned(text, contexts={"base": "target:Debug"})

        assert [stage.title for stage in plan.stages] == ["debug", "stage-2"]
        assert [stage.parent for stage in plan.stages] == [None, 1]

    def test_a_stage_in_place_of_an_image_is_that_stage(self) -> None:
        plan = planned("FROM busybox AS own\nRUN y\nFROM alpine\nRUN x\n", contexts={"alpine": "target:own"})

        assert bases(plan) == ["busybox"]
        assert len(operations(plan, Run)) == 2

    def test_a_stage_that_is_not_above_cannot_stand_in(self) -> None:
        error = refused(
            "FROM busybox AS builder\nFROM base\nFROM busybox AS later\n",
            target="1",
            contexts={"base": "target:bilder"},
        )

        assert error.message == "the context base is the stage 'bilder', and there is none above"
        assert error.hint == "did you mean target:builder?"
        assert marked(error) == "Dockerfile:2: base"

    def test_stages_that_stand_in_for_each_other_end_in_an_error(self) -> None:
        text = "FROM busybox AS a\nFROM busybox AS b\nFROM a\n"

        error = refused(text, contexts={"a": "target:b", "b": "target:a"})

        assert "there is none above" in error.message


class TestDirectories:
    def test_a_copy_is_the_same_step_as_one_from_the_main_context(self) -> None:
        plan = planned("FROM scratch\nCOPY --from=src a /x\n", directories={"src": FILES})

        (copy,) = operations(plan, Copy)
        (files,) = operations(plan, Context)
        assert (copy.sources, copy.keep_owner, files.name) == (("a",), False, "src")

    def test_only_what_is_copied_counts(self) -> None:
        text = "FROM scratch\nCOPY --from=src a /x\n"
        other = MemoryTree({"a": "1", "b/c": "changed"})

        assert key(text, directories={"src": FILES}) == key(text, directories={"src": other})
        assert key(text, directories={"src": FILES}) != key(text, directories={"src": MemoryTree({"a": "2"})})

    def test_the_same_sources_of_two_contexts_are_two_things(self) -> None:
        text = "FROM scratch\nCOPY --from=x a /x\nCOPY --from=y a /y\nCOPY a /z\n"

        plan = planned(text, directories={"x": FILES, "y": MemoryTree({"a": "2"})}, context=MemoryTree({"a": "3"}))

        found = {op.name: op.content for op in operations(plan, Context)}
        assert sorted(found) == ["context", "x", "y"]
        assert len(set(found.values())) == 3

    def test_a_mount_reads_what_its_source_holds(self) -> None:
        text = "FROM busybox\nRUN --mount=from=src,source=b,target=/m x\n"
        other = MemoryTree({"a": "changed", "b/c": "2"})

        assert key(text, directories={"src": FILES}) == key(text, directories={"src": other})
        assert key(text, directories={"src": FILES}) != key(text, directories={"src": MemoryTree({"b/c": "3"})})

    def test_a_cache_may_begin_with_one(self) -> None:
        plan = planned(
            "FROM busybox\nRUN --mount=type=cache,from=src,source=b,target=/m x\n", directories={"src": FILES}
        )

        (run,) = operations(plan, Run)
        (mount,) = run.mounts
        assert getattr(mount, "seeded", None) is True
        assert [op.name for op in operations(plan, Context)] == ["src"]

    def test_a_stage_begins_with_all_of_it_as_a_layer(self) -> None:
        text = "FROM src\nRUN x\n"

        plan = planned(text, directories={"src": FILES})

        assert labels(plan) == ["[context src] load /", "[2/2] RUN x"]
        assert [step.text for step in plan.target.steps] == ["FROM src", "RUN x"]
        assert history(text, directories={"src": FILES}) == ["FROM src # buildkit", "RUN /bin/sh -c x # buildkit"]
        assert plan.target.image.config.working_dir == "/"

    def test_a_source_that_is_missing_is_an_error_that_names_the_context(self) -> None:
        error = refused("FROM scratch\nCOPY --from=src aa /x\n", directories={"src": FILES})

        assert error.message == '"/aa": not found in the context src'
        assert error.hint == "did you mean a?"
        assert marked(error) == "Dockerfile:2: aa"

    def test_so_is_one_of_a_mount(self) -> None:
        error = refused("FROM busybox\nRUN --mount=from=src,source=bb,target=/m x\n", directories={"src": FILES})

        assert error.message == '"/bb": not found in the context src'
        assert marked(error) == "Dockerfile:2: source=bb"


class TestRemote:
    def test_a_repository_is_the_tree_of_its_commit(self) -> None:
        text = "FROM scratch\nCOPY --from=repo / /\nRUN --mount=from=repo,target=/m x\n"

        plan = planned(text, sources=FakeSources(), contexts={"repo": "https://h/a.git#v1:sub"})

        (op,) = operations(plan, Git)
        assert (op.remote, op.subdir, op.keep_git_dir) == ("https://h/a.git", "sub", False)
        assert "[context repo] load https://h/a.git#v1:sub" in labels(plan)

    def test_a_file_is_unpacked_or_called_context(self) -> None:
        plan = planned(
            "FROM scratch\nCOPY --from=file / /\n",
            sources=FakeSources(**{"a.tar": "x"}),
            contexts={"file": "https://h/a.tar"},
        )

        (op,) = operations(plan, Http)
        unpacked = operations(plan, Copy)[0]
        assert op.name == "context"
        assert (unpacked.sources, unpacked.destination, unpacked.unpack) == (("context",), "/", True)

    def test_a_stage_begins_with_its_files(self) -> None:
        plan = planned("FROM repo\nRUN x\n", sources=FakeSources(), contexts={"repo": "https://h/a.git"})

        assert [step.text for step in plan.target.steps] == ["FROM repo", "RUN x"]

    @pytest.mark.parametrize(
        ("text", "place"),
        [("FROM src\n", "Dockerfile:1: src"), ("FROM scratch\nCOPY --from=src / /\n", "Dockerfile:2: src")],
    )
    def test_one_that_cannot_be_had_is_an_error_where_it_is_used(self, text: str, place: str) -> None:
        error = refused(text, sources=FakeSources(), contexts={"src": "https://h/nosuch"})

        assert error.message == "the context src: there is nothing at https://h/nosuch (status 404)"
        assert error.hint == "correct the URL"
        assert marked(error) == place


class TestUnused:
    def test_nobody_is_asked_for_it(self) -> None:
        found, sources = images("busybox"), FakeSources()
        contexts = {"one": "docker-image://nosuch", "two": "https://h/nosuch.git", "three": "oci-layout://nosuch"}
        text = "FROM one AS x\nCOPY --from=two / /\nFROM three AS y\nFROM busybox\n"

        planned(text, images=found, sources=sources, contexts=contexts)

        assert (found.asked, sources.asked) == (["busybox"], [])

    def test_a_name_that_was_misspelt_is_told(self) -> None:
        text = "FROM busybox AS builder\nFROM scratch\nCOPY --from=builder / /\n"

        plan = planned(text, contexts={"bulder": "docker-image://nosuch"})

        assert plan.notices == (
            "--build-context bulder has no effect: nothing in Dockerfile has that name\nhint: did you mean builder?",
        )

    def test_one_that_is_like_nothing_may_be_for_another_file(self) -> None:
        assert planned("FROM busybox\n", contexts={"sources": "docker-image://nosuch"}).notices == ()

    def test_one_that_another_target_uses_is_used(self) -> None:
        text = "FROM base AS a\nFROM bases AS b\nFROM busybox\n"

        assert planned(text, contexts={"base": "docker-image://nosuch"}).notices == ()


class TestPolicies:
    def test_files_that_may_not_be_read_are_an_error_where_they_are_wanted(self) -> None:
        sources = FakeSources()
        sources.denied = {"context", "named"}

        copied = refused("FROM scratch\nCOPY a /\n", context=FILES, sources=sources)
        mounted = refused(
            "FROM busybox\nRUN --mount=from=named,target=/m x\n", directories={"named": FILES}, sources=sources
        )

        assert copied.message == "source 'local://context' is denied by the source policy"
        assert marked(copied) == "Dockerfile:2: COPY a /"
        assert mounted.message == "source 'local://named' is denied by the source policy"

    def test_files_that_nobody_reads_or_that_were_fetched_need_not_be_allowed(self) -> None:
        sources = FakeSources()
        sources.denied = {"context"}

        assert planned("FROM busybox\n", context=FILES, sources=sources).notices == ()
        fetched = planned("FROM scratch\nCOPY a /\n", context=FILES, sources=sources, location=parse("https://h/foo"))
        assert len(operations(fetched, Copy)) == 1
