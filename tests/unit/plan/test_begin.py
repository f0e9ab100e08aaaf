"""How a stage begins from an image, a stage, or nothing."""

from __future__ import annotations

from dataclasses import replace

from fakes.images import FakeImages
from fakes.planning import operations, planned
from stagemill.digest import Digest
from stagemill.graph.operations import BaseImage, Scratch
from stagemill.oci.config import DEFAULT_PATH, Healthcheck, History, ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.begin import from_image, from_nothing, from_stage

A, B = Digest.of(b"a"), Digest.of(b"b")
PLAIN = ImageConfig(Platform.local(), RunConfig(env=(("PATH", "/bin"),)))


def test_scratch_has_a_path_and_the_root_as_its_directory() -> None:
    plan = planned("FROM scratch\n")

    assert operations(plan, Scratch) == [Scratch()]
    assert plan.target.image.config == RunConfig(env=(("PATH", DEFAULT_PATH),), working_dir="/")
    assert from_nothing(Platform.local()).history == ()


def test_an_image_without_a_path_gets_one_at_the_end_and_one_with_a_path_keeps_it() -> None:
    bare = replace(PLAIN, config=RunConfig(env=(("A", "1"),)))

    assert from_image(bare).config.env == (("A", "1"), ("PATH", DEFAULT_PATH))
    assert from_image(PLAIN).config.env == (("PATH", "/bin"),)


def test_all_else_of_an_image_is_inherited() -> None:
    config = RunConfig(
        user="app",
        env=(("PATH", "/bin"),),
        entrypoint=("/x",),
        cmd=("y",),
        working_dir="/w",
        labels={"a": "1"},
        exposed_ports=("80/tcp",),
        volumes=("/v",),
        stop_signal="SIGINT",
        shell=("/ash", "-c"),
        healthcheck=Healthcheck(("CMD", "x")),
        on_build=("RUN x",),
    )

    assert from_image(replace(PLAIN, config=config)).config == replace(config, on_build=())


def test_what_is_about_the_image_itself_is_not_inherited() -> None:
    config = replace(PLAIN.config, other={"ArgsEscaped": True, "Image": "sha256:0"}, working_dir="w/")
    image = replace(
        PLAIN,
        config=config,
        created="2024-01-01T00:00:00Z",
        author="Somebody",
        other={"moby.buildkit.cache.v0": "x", "container": "y"},
    )

    found = from_image(image)

    assert found.created == ""
    assert found.author == "Somebody"
    assert found.config.other == {"ArgsEscaped": True}
    assert found.config.working_dir == "/w"
    assert found.other == {}


def test_the_author_of_the_base_stays_unless_the_file_names_one() -> None:
    images = FakeImages(base=replace(PLAIN, author="Base"))

    assert planned("FROM base\nENV A=1\n", images=images).target.image.author == "Base"
    assert planned("FROM base\nMAINTAINER Own\n", images=images).target.image.author == "Own"


def test_layers_without_history_get_an_entry_so_that_later_ones_keep_their_place() -> None:
    known = History("first", created="2024-01-01T00:00:00Z")

    found = from_image(replace(PLAIN, diff_ids=(A, B), history=(known,))).history

    assert found == (known, History(comment="the history of this layer is not known"))


def test_entries_for_which_there_is_no_layer_are_empty() -> None:
    entries = (History("a"), History("env", empty_layer=True), History("b"))

    found = from_image(replace(PLAIN, diff_ids=(A,), history=entries)).history

    assert [entry.empty_layer for entry in found] == [False, True, True]


def test_a_complete_history_stays_as_it_is() -> None:
    entries = (History("a"), History("env", empty_layer=True), History("b"))

    assert from_image(replace(PLAIN, diff_ids=(A, B), history=entries)).history == entries


def test_a_stage_keeps_everything_but_its_triggers() -> None:
    config = replace(PLAIN.config, on_build=("RUN x",), other={"Z": 1})

    assert from_stage(replace(PLAIN, config=config)).config == replace(config, on_build=())


def test_the_target_has_no_layers_and_no_time_yet() -> None:
    images = FakeImages(base=replace(PLAIN, diff_ids=(A,), history=(History("a"),), created="2024-01-01T00:00:00Z"))

    image = planned("FROM base AS one\nRUN x\nFROM one\n", images=images).target.image

    assert (image.diff_ids, image.created) == ((), "")
    assert [entry.created_by for entry in image.history] == ["a", "RUN /bin/sh -c x # buildkit"]


def test_the_operation_of_an_image_names_its_manifest_and_platform() -> None:
    plan = planned("FROM busybox\n")

    assert operations(plan, BaseImage) == [BaseImage(Digest.of(b"busybox"), str(Platform.local()), "busybox")]
    assert plan.target.vertex.label.name == "[1/1] FROM busybox"
