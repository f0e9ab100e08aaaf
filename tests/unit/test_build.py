"""Whole builds, from text to image, in which only RUN is not done for real."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Barrier

import pytest

from fakes.blobs import make_image
from fakes.disk import shown
from fakes.sandbox import Call, copies, fails, writes
from fakes.workshop import START, Workshop
from stagemill import events
from stagemill.build import Options, make_all, named_only
from stagemill.digest import Digest
from stagemill.errors import DockerfileError, StagemillError, StepError
from stagemill.plan.planner import Plan
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

TWO_STAGES = """\
FROM scratch AS build
COPY src /src
RUN ["compile"]
FROM scratch
COPY --from=build /app /app
RUN ["test"]
"""
SOURCE = {"src": "source"}


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


@pytest.fixture
def mill(workshop: Workshop) -> Workshop:
    """Its compiler makes `app` of `src`."""
    workshop.sandbox.acts["compile"] = copies("src", "app")
    return workshop


def makes_link(path: str, target: str) -> Callable[[Call], None]:
    """An act that makes a symbolic link in the layer."""

    def act(call: Call) -> None:
        assert call.rootfs.upper
        (call.rootfs.upper / path).symlink_to(target)

    return act


def again(workshop: Workshop) -> Workshop:
    """The same store, another day."""
    return Workshop(workshop.root, workshop.store, remote=workshop.remote)


def test_who_does_not_approve_of_the_plan_stops_the_build_before_anything_is_made(mill: Workshop) -> None:
    seen: list[str] = []

    def refuse(plans: Sequence[Plan]) -> None:
        seen.extend(stage.title for planned in plans for stage in planned.stages)
        raise StagemillError("not like this")

    with pytest.raises(StagemillError, match="not like this"):
        mill.build(TWO_STAGES, files=SOURCE, options=Options(approve=refuse))

    assert seen == ["build", "stage-1"]
    assert (mill.sandbox.commands, mill.events(events.Started)) == ([], [])


def test_a_build_ends_with_an_image_of_the_layers_of_its_last_stage(mill: Workshop) -> None:
    built = mill.build(TWO_STAGES + 'CMD ["/app"]\n', files=SOURCE)

    image = built.image()
    assert [shown(path) for path in built.forms.directories(built.tree(built.plan.target))] == [
        {"app": "file 0644 0:0 =source"},
        {},
    ]
    assert image.config.config.cmd == ("/app",)
    assert len(image.manifest.layers) == 2
    assert all(mill.store.blobs.has(layer) for layer in image.manifest.layers)


def test_only_what_the_target_needs_is_done(mill: Workshop) -> None:
    mill.build("FROM nosuch AS other\nRUN other\nFROM scratch AS a\nRUN one\nFROM scratch AS b\nRUN two\n", target="a")

    assert mill.sandbox.commands == ["one"]
    assert mill.remote.asked == []


def test_stages_that_do_not_need_each_other_run_at_the_same_time(workshop: Workshop) -> None:
    """Each waits for the other one: neither could end if they ran one after the other."""
    barrier = Barrier(2, timeout=60)

    def meet(call: Call) -> None:
        barrier.wait()
        call.write(call.command, "")

    workshop.sandbox.acts = {"one": meet, "two": meet}

    workshop.build(
        "FROM scratch AS a\nRUN one\nFROM scratch AS b\nRUN two\n"
        "FROM scratch\nCOPY --from=a /one /\nCOPY --from=b /two /\n"
    )

    assert workshop.sandbox.most_at_once == 2


def test_no_more_steps_run_at_once_than_there_are_workers(workshop: Workshop) -> None:
    stages = [f"FROM scratch AS s{n}\nRUN step {n}\n" for n in range(4)]
    copy = [f"COPY --from=s{n} / /\n" for n in range(4)]

    workshop.build("".join([*stages, "FROM scratch\n", *copy]), options=Options(workers=1))

    assert sorted(workshop.sandbox.commands) == [f"step {n}" for n in range(4)]
    assert workshop.sandbox.most_at_once == 1


def test_equal_steps_of_two_stages_run_once(workshop: Workshop) -> None:
    workshop.build(
        "FROM scratch AS a\nRUN same\nFROM scratch AS b\nRUN same\n"
        "FROM scratch\nCOPY --from=a / /a\nCOPY --from=b / /b\n"
    )

    assert workshop.sandbox.commands == ["same"]


class TestCache:
    def test_a_second_build_runs_nothing_and_says_so(self, mill: Workshop) -> None:
        mill.build(TWO_STAGES, files=SOURCE)

        second = again(mill)
        second.build(TWO_STAGES, files=SOURCE)

        assert second.sandbox.commands == []
        assert second.events(events.Started) == []
        assert [event.name for event in second.events(events.Cached)] == [
            "[build 1/2] COPY src /src",
            '[build 2/2] RUN ["compile"]',
            "[stage-1 1/2] COPY --from=build /app /app",
            '[stage-1 2/2] RUN ["test"]',
        ]

    def test_a_second_build_gives_the_same_bytes(self, mill: Workshop) -> None:
        first = mill.build(TWO_STAGES, files=SOURCE).image()

        second = again(mill).build(TWO_STAGES, files=SOURCE).image()

        assert (second.manifest_bytes, second.config_bytes) == (first.manifest_bytes, first.config_bytes)

    def test_a_changed_file_is_copied_again_and_what_came_before_is_not(self, mill: Workshop) -> None:
        text = 'FROM scratch\nRUN ["first"]\nCOPY src /src\nRUN ["last"]\n'
        mill.build(text, files=SOURCE)

        second = again(mill)
        second.build(text, files={"src": "another source"})

        assert second.sandbox.commands == ["last"]

    def test_a_stage_that_was_made_again_with_the_same_result_disturbs_nothing(self, mill: Workshop) -> None:
        mill.build(TWO_STAGES, files=SOURCE)

        second = again(mill)
        second.sandbox.acts["recompile"] = copies("src", "app")
        second.build(TWO_STAGES.replace("compile", "recompile"), files=SOURCE)

        assert second.sandbox.commands == ["recompile"]
        assert [event.why for event in second.events(events.Cached) if "COPY --from" in event.name] == ["content"]

    def test_a_stage_that_was_made_again_with_another_result_is_copied_again(self, mill: Workshop) -> None:
        mill.build(TWO_STAGES, files=SOURCE)

        second = again(mill)
        second.sandbox.acts["compile"] = copies("src", "app")
        second.build(TWO_STAGES, files={"src": "another source"})

        assert second.sandbox.commands == ["compile", "test"]

    def test_fresh_stages_are_made_again_and_others_are_not(self, mill: Workshop) -> None:
        text = (
            "FROM scratch AS a\nRUN one\nFROM scratch AS b\nRUN two\n"
            "FROM scratch\nCOPY --from=a / /a\nCOPY --from=b / /b\n"
        )
        mill.build(text)

        second = again(mill)
        second.build(text, options=Options(fresh=lambda stage: stage == "a"))

        assert second.sandbox.commands == ["one"]

    def test_a_layer_that_was_lost_is_made_again(self, mill: Workshop) -> None:
        built = mill.build("FROM scratch\nRUN one\nRUN two\n")
        lost = built.tree(built.plan.target).layers[0].digest
        mill.store.layers.remove(lost)

        second = again(mill)
        second.build("FROM scratch\nRUN one\nRUN two\n")

        assert second.sandbox.commands[0] == "one"

    def test_a_layer_that_is_found_torn_is_made_again_and_people_are_told(self, mill: Workshop) -> None:
        built = mill.build(TWO_STAGES, files=SOURCE)
        torn = built.tree(built.plan.stages[0]).layers[1].digest
        (mill.store.layers.directory(torn).parent / "index").write_bytes(b"torn")

        second = again(mill)
        second.sandbox.acts["compile"] = copies("src", "app")
        changed = TWO_STAGES.replace("/app /app", "/app /other")
        rebuilt = second.build(changed, files=SOURCE)

        assert second.sandbox.commands == ["compile", "test"]
        assert second.layer(rebuilt.tree(rebuilt.plan.target), 0) == {"other": "file 0644 0:0 =source"}
        (notice,) = second.events(events.Notice)
        assert notice.text.startswith(f"layer {torn} is torn")
        assert notice.text.endswith("building again")

    def test_labels_and_the_like_run_nothing_again(self, mill: Workshop) -> None:
        mill.build("FROM scratch\nRUN one\n")

        second = again(mill)
        built = second.build("FROM scratch\nLABEL a=1\nEXPOSE 80\nRUN one\nCMD x\n", labels={"b": "2"})

        assert second.sandbox.commands == []
        assert built.image().config.config.labels == {"a": "1", "b": "2"}


class TestFailure:
    def test_a_failed_step_carries_its_place_its_status_and_its_last_words(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["broken"] = fails(7, saying="oh no\n")

        with pytest.raises(StepError) as caught:
            workshop.build("FROM scratch\nRUN fine\nRUN broken\nRUN never\n")

        error = caught.value
        assert error.message == 'process "/bin/sh -c broken" did not complete successfully: exit code: 7'
        assert error.at is not None
        assert (str(error.at), error.at.text) == ("Dockerfile:3", "RUN broken")
        assert (error.process_exit_code, error.tail) == (7, "oh no")
        assert error.log is not None
        assert Path(error.log).read_text() == "oh no\n"
        assert workshop.sandbox.commands == ["fine", "broken"]

    def test_the_steps_that_run_meanwhile_are_stopped(self, workshop: Workshop) -> None:
        began = Barrier(2, timeout=60)

        def slow(call: Call) -> None:
            began.wait()
            call.wait()

        def broken(_call: Call) -> int:
            began.wait()
            return 1

        workshop.sandbox.acts = {"slow": slow, "broken": broken}

        with pytest.raises(StepError, match="broken"):
            workshop.build(
                "FROM scratch AS a\nRUN slow\nFROM scratch AS b\nRUN broken\n"
                "FROM scratch\nCOPY --from=a / /\nCOPY --from=b / /\n"
            )

        ends = {event.message: event.cancelled for event in workshop.events(events.Failed)}
        assert ends["canceled"] is True
        assert list(ends.values()).count(False) == 1

    def test_what_was_finished_before_is_kept(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["broken"] = fails(1)
        with pytest.raises(StepError):
            workshop.build("FROM scratch\nRUN fine\nRUN broken\n")

        second = again(workshop)
        second.build("FROM scratch\nRUN fine\nRUN broken\n")

        assert second.sandbox.commands == ["broken"]

    def test_a_failed_step_leaves_no_layer_and_nothing_unfinished(self, workshop: Workshop) -> None:
        def broken(call: Call) -> int:
            call.write("half", "half")
            return 1

        workshop.sandbox.acts["broken"] = broken

        with pytest.raises(StepError):
            workshop.build("FROM scratch\nRUN broken\n")

        workshop.store.temporary.finish_discarding()
        assert list(workshop.store.layers.all()) == []
        assert list((workshop.store.root / "tmp").rglob("fs")) == []

    def test_a_source_that_a_stage_lacks_is_an_error_at_its_copy(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["compile"] = writes("apps/run", "")

        with pytest.raises(DockerfileError) as caught:
            workshop.build("FROM scratch AS a\nRUN compile\nFROM scratch\nCOPY --from=a /app /app\n")

        assert caught.value.message == '"/app" was not found in the stage a'
        assert caught.value.hint == "did you mean apps?"
        assert str(caught.value.at) == "Dockerfile:4"

    def test_a_source_that_another_stage_has_is_said_to_be_there(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["compile"] = writes("out/app", "")
        text = (
            "FROM scratch AS made\nRUN compile\nFROM scratch AS other\nRUN other\n"
            "FROM scratch\nCOPY --from=made /out /out\nCOPY --from=other /out/app /app\n"
        )

        with pytest.raises(DockerfileError) as caught:
            workshop.build(text, options=Options(workers=1))

        assert caught.value.message == '"/out/app" was not found in the stage other'
        assert caught.value.hint == "the stage made has it: write --from=made"

    def test_a_source_that_the_context_has_is_said_to_be_there(self, workshop: Workshop) -> None:
        text = "FROM scratch AS s\nCOPY a /b\nFROM scratch\nCOPY --from=s /a /\n"

        with pytest.raises(DockerfileError) as caught:
            workshop.build(text, files={"a": ""})

        assert caught.value.hint is not None
        assert caught.value.hint.startswith("the build context has it: leave --from out")


class TestLink:
    def test_a_changed_base_makes_no_linked_layer_again(self, workshop: Workshop) -> None:
        text = "FROM scratch AS base\nRUN one\nFROM base\nCOPY --link src dest/\nADD --link more /dest/\n"
        files = {"src/a": "A", "more": "M"}
        first = workshop.build(text, files=files)

        later = again(workshop)
        later.sandbox.acts["two"] = writes("base", "changed")
        second = later.build(text.replace("RUN one", "RUN two"), files=files)

        before, after = (built.tree(built.plan.target).layers for built in (first, second))
        assert [call.command for call in later.sandbox.calls] == ["two"]
        assert before[0] != after[0]
        assert before[1:] == after[1:]
        names = [event.name for event in later.events(events.Cached)]
        assert names == ["[stage-1 1/2] COPY --link src dest/", "[stage-1 2/2] ADD --link more /dest/"]
        assert [event.name for event in later.events(events.Started)] == ["[base 1/1] RUN two"]

    def test_without_link_the_same_copies_are_made_again(self, workshop: Workshop) -> None:
        text = "FROM scratch\nRUN one\nCOPY src dest/\n"
        workshop.build(text, files={"src/a": "A"})

        later = again(workshop)
        later.build(text.replace("one", "two"), files={"src/a": "A"})

        assert [event.name for event in later.events(events.Started)] == ["[1/2] RUN two", "[2/2] COPY src dest/"]

    def test_what_a_linked_copy_takes_from_a_stage_is_keyed_by_content(self, workshop: Workshop) -> None:
        text = "FROM scratch AS s\nRUN compile\nRUN one\nFROM scratch\nRUN base\nCOPY --link --from=s /app /app\n"
        workshop.sandbox.acts["compile"] = writes("app", "made")
        workshop.build(text)

        later = again(workshop)
        later.build(text.replace("one", "two").replace("base", "other"))

        assert sorted(call.command for call in later.sandbox.calls) == ["other", "two"]

    def test_the_destination_of_a_linked_layer_follows_no_link_and_that_is_said(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["setup"] = makes_link("bin", "usr/bin")

        built = workshop.build("FROM scratch\nRUN setup\nCOPY --link a /bin/\n", files={"a": "A"})

        assert workshop.layer(built.tree(built.plan.target)) == {"bin": "dir 0755 0:0", "bin/a": "file 0644 0:0 =A"}
        (notice,) = workshop.events(events.Notice)
        assert notice.text.startswith('--link puts a directory in the place of "/bin", a symbolic link to usr/bin\n')

    def test_names_of_owners_are_those_of_the_stage_and_another_base_with_the_same_names_changes_nothing(
        self, workshop: Workshop
    ) -> None:
        text = "FROM scratch\nCOPY passwd /etc/passwd\nRUN one\nCOPY --link --chown=app a /a\n"
        files = {"passwd": "app:x:5:6::/:\n", "a": "A"}
        built = workshop.build(text, files=files)

        later = again(workshop)
        later.build(text.replace("one", "two"), files=files)

        assert workshop.layer(built.tree(built.plan.target)) == {"a": "file 0644 5:6 =A"}
        assert [event.name for event in later.events(events.Started)] == ["[2/3] RUN two"]
        other = again(workshop).build(text, files={**files, "passwd": "app:x:7:8::/:\n"})
        assert workshop.layer(other.tree(other.plan.target)) == {"a": "file 0644 7:8 =A"}

    def test_every_stage_has_its_tree_where_all_are_wanted(self, workshop: Workshop) -> None:
        text = "FROM scratch AS s\nCOPY --link a /a\nFROM s\nCOPY --link a /b\nRUN one\n"
        for mill in (workshop, again(workshop)):
            built = mill.build(text, files={"a": "A"}, make=make_all)

            assert [len(built.tree(stage).layers) for stage in built.plan.stages] == [1, 3]


class TestLeftOut:
    def test_a_file_that_is_left_out_changes_no_step(self, workshop: Workshop) -> None:
        text = (
            "FROM scratch AS s\nCOPY --exclude=**/*.log . /src/\nRUN compile\n"
            "FROM scratch\nCOPY --from=s --exclude=b /out /out\n"
        )
        workshop.sandbox.acts["compile"] = writes("out/a", "")
        workshop.build(text, files={"a": "1", "d/x.log": "1"})

        later = again(workshop)
        later.build(text, files={"a": "1", "d/x.log": "2", "d/y.log": ""})

        assert later.events(events.Started) == []

    def test_what_a_copy_from_a_stage_leaves_out_does_not_count(self, workshop: Workshop) -> None:
        text = "FROM scratch AS s\nCOPY . /src/\nFROM scratch\nCOPY --from=s --exclude=*.log /src /out\nRUN one\n"
        workshop.build(text, files={"a": "1", "x.log": "1"})

        later = again(workshop)
        later.build(text, files={"a": "1", "x.log": "2"})

        assert [event.name for event in later.events(events.Started)] == ["[s 1/1] COPY . /src/"]


class TestNotices:
    def test_a_pattern_that_matches_nothing_in_a_stage_is_said(self, workshop: Workshop) -> None:
        workshop.build("FROM scratch AS s\nRUN one\nFROM scratch\nCOPY --from=s /no* /x/\n")

        (notice,) = workshop.events(events.Notice)
        assert notice.text.splitlines()[:2] == [
            '"/no*" matches nothing where it is copied from',
            " --> Dockerfile:4",
        ]

    def test_a_build_argument_without_effect_is_said_aloud(self, workshop: Workshop) -> None:
        workshop.build("FROM scratch AS prod\nFROM ${ENV:-prod}\nRUN one\n", build_args={"ENV": "dev"})

        (notice,) = workshop.events(events.Notice)
        assert notice.text.startswith("--build-arg ENV has no effect on FROM ${ENV:-prod}")

    def test_notices_come_before_anything_is_done(self, workshop: Workshop) -> None:
        workshop.build("FROM scratch AS prod\nFROM ${ENV:-prod}\nRUN one\n", build_args={"ENV": "dev"})

        assert isinstance(workshop.heard[0], events.Notice)


class TestEvents:
    def test_each_step_begins_once_and_ends_once(self, mill: Workshop) -> None:
        mill.build(TWO_STAGES, files=SOURCE)

        started = [event.name for event in mill.events(events.Started)]
        assert started == [
            "[build 1/2] COPY src /src",
            '[build 2/2] RUN ["compile"]',
            "[stage-1 1/2] COPY --from=build /app /app",
            '[stage-1 2/2] RUN ["test"]',
        ]
        assert len(mill.events(events.Finished)) == 4

    def test_what_has_no_name_is_not_reported(self) -> None:
        heard: list[events.Event] = []
        listen = named_only(heard.append)
        silent, named = Digest.of(b"scratch"), Digest.of(b"run")
        reported: list[events.Event] = [
            events.Started(named, "RUN one", 1),
            events.Finished(named, 3),
            events.Notice("listen", 4),
        ]

        for event in (
            events.Started(silent, "", 1),
            *reported,
            events.Finished(silent, 2),
            events.Cached(silent, "", 5),
        ):
            listen(event)

        assert heard == reported


class TestImage:
    def test_times_are_those_of_the_layers(self, workshop: Workshop) -> None:
        built = workshop.build("FROM scratch\nRUN one\nCMD x\n")

        history = built.image().config.history
        made = built.tree(built.plan.target).layers[0].created
        assert [entry.created for entry in history] == [made, made]
        assert made.startswith("2023-11-14T22:1")

    def test_an_epoch_is_the_time_of_everything(self, workshop: Workshop) -> None:
        image = workshop.build(
            "FROM scratch\nRUN one\n", build_args={"SOURCE_DATE_EPOCH": str(int(START) - 10)}
        ).image()

        assert json.loads(image.config_bytes)["created"] == "2023-11-14T22:13:10Z"
        assert [entry.created for entry in image.config.history] == ["2023-11-14T22:13:10Z"]

    def test_a_base_that_nobody_reads_is_not_fetched(self, workshop: Workshop) -> None:
        base = make_image(workshop.remote.blobs, {"etc/motd": b"hello"})
        workshop.remote.images["docker.io/library/base:latest"] = base

        image = workshop.build("FROM base\nCMD x\n").image()

        assert workshop.remote.opened == []
        assert image.manifest.layers == base.manifest.layers

    def test_a_base_that_a_step_reads_is_fetched_once(self, workshop: Workshop) -> None:
        workshop.remote.images["docker.io/library/base:latest"] = make_image(
            workshop.remote.blobs, {"etc/motd": b"hello"}
        )
        read: list[str | None] = []
        workshop.sandbox.acts = {name: lambda call: read.append(call.read("etc/motd")) for name in ("one", "two")}

        workshop.build("FROM base\nRUN one\nRUN two\n")

        assert read == ["hello", "hello"]
        assert workshop.remote.opened == ["docker.io/library/base:latest"]


def test_make_all_has_the_trees_of_all_stages_that_the_target_needs(mill: Workshop) -> None:
    mill.build(TWO_STAGES, files=SOURCE)

    built = again(mill).build(TWO_STAGES, files=SOURCE, make=make_all)

    assert [len(built.tree(stage).layers) for stage in built.plan.stages] == [2, 2]
