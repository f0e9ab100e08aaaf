"""What operations say is done, each by its own function, and errors say where in the Dockerfile."""

from __future__ import annotations

import os
import threading
from threading import Event

import pytest

from fakes.blobs import make_image
from fakes.sandbox import fails, writes
from fakes.tree import file
from fakes.workshop import Workshop, never
from stagemill.digest import Digest
from stagemill.errors import CancelledError, DockerfileError, Excerpt, StepError
from stagemill.execute import base
from stagemill.execute.executor import StoreExecutor
from stagemill.execute.tree import ContextFiles, Result, Tree
from stagemill.files.content import content
from stagemill.files.select import MissingSourceError
from stagemill.graph.operations import BaseImage, Context, Copy, MakeDirectory, Operation, Run, Scratch
from stagemill.graph.vertex import Label, Selection, Vertex

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

AT = Excerpt("Dockerfile", 2, 1, 4, "COPY nothing /")


def executor(workshop: Workshop) -> StoreExecutor:
    return StoreExecutor(workshop.services, workshop.forms)


def done(workshop: Workshop, op: Operation, *inputs: Result, at: Excerpt | None = AT) -> Result:
    vertex = Vertex(op, (), Label("a step", "", at))
    return executor(workshop).execute(vertex, inputs, never())


def contents(workshop: Workshop, result: Result, *patterns: str) -> Digest:
    """Of what a COPY selects, for the sake of its key."""
    reader = Vertex(Copy(patterns, "/"), (), Label("a copy", "", AT))
    return executor(workshop).content(reader, result, Selection(patterns))


def layer(workshop: Workshop, result: Result) -> dict[str, str]:
    assert isinstance(result, Tree)
    return workshop.layer(result)


class TestExpect:
    def test_the_sandbox_gets_ready_where_something_will_run(self, workshop: Workshop) -> None:
        executor(workshop).expect([Vertex(Scratch(), (), Label("a"))])
        before = workshop.sandbox.is_ready
        executor(workshop).expect([Vertex(Run(args=("a",), env=(), cwd="/", user=""), (), Label("b"))])

        assert (before, workshop.sandbox.is_ready) == (False, True)


class TestExecute:
    def test_scratch_is_the_empty_tree(self, workshop: Workshop) -> None:
        assert done(workshop, Scratch()) == Tree()

    def test_a_context_is_the_users_files_where_they_lie(self, workshop: Workshop) -> None:
        workshop.contexts["context"] = workshop.context({"a": "1"})

        result = done(workshop, Context("context", Digest.of(b"")))

        assert isinstance(result, ContextFiles)
        assert result.view is workshop.contexts["context"]

    def test_a_base_is_its_chains_and_nothing_is_fetched(self, workshop: Workshop) -> None:
        image = make_image(workshop.remote.blobs, {"a": b"1"})
        base.remember(workshop.store, image, reference="registry.example/app:1")

        result = done(workshop, BaseImage(image.digest, "linux/amd64"))

        assert result == base.tree(workshop.store, image.digest)
        assert workshop.remote.opened == []

    def test_run_has_the_sandbox_work_on_its_parent(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["make"] = writes("app", "binary")

        result = done(workshop, Run(("make",), (), "/", ""), workshop.tree({"a": "1"}))

        assert layer(workshop, result) == {"app": "file 0644 0:0 =binary"}

    def test_copy_takes_files_of_a_context_as_roots(self, workshop: Workshop) -> None:
        source = ContextFiles(workshop.context({"a": "1"}))

        result = done(workshop, Copy(("a",), "/srv/"), Tree(), source)

        assert layer(workshop, result) == {"srv": "dir 0755 0:0", "srv/a": "file 0644 0:0 =1"}

    def test_copy_takes_files_of_a_stage_with_their_owners(self, workshop: Workshop) -> None:
        stage = workshop.tree({"a": file("1", uid=5, gid=6)})

        result = done(workshop, Copy(("a",), "/a", keep_owner=True), Tree(), stage)

        assert layer(workshop, result) == {"a": "file 0644 5:6 =1"}

    def test_workdir_makes_a_directory(self, workshop: Workshop) -> None:
        result = done(workshop, MakeDirectory("/srv/app"), Tree())

        assert layer(workshop, result) == {"srv": "dir 0755 0:0", "srv/app": "dir 0755 0:0"}

    def test_inputs_stay_as_they_were(self, workshop: Workshop) -> None:
        parent = workshop.tree({"a": "1"})
        before = workshop.layer(parent)

        done(workshop, Copy(("a",), "/b"), parent, parent)

        assert workshop.layer(parent) == before


class TestErrors:
    def test_an_error_of_an_instruction_says_where_it_stands(self, workshop: Workshop) -> None:
        with pytest.raises(DockerfileError) as caught:
            done(workshop, Copy(("nothing",), "/"), Tree(), workshop.tree({"nothin": ""}))

        assert (caught.value.message, caught.value.at) == ('"/nothing" was not found', AT)
        assert caught.value.hint == "did you mean nothin?"
        assert isinstance(caught.value.__cause__, MissingSourceError)

    def test_where_there_is_no_place_the_error_is_as_it_was(self, workshop: Workshop) -> None:
        with pytest.raises(MissingSourceError):
            done(workshop, Copy(("nothing",), "/"), Tree(), Tree(), at=None)

    def test_a_failed_process_keeps_its_own_error(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["make"] = fails(3)

        with pytest.raises(StepError) as caught:
            done(workshop, Run(("make",), (), "/", ""), Tree())

        assert (caught.value.process_exit_code, caught.value.at) == (3, AT)

    def test_being_stopped_is_no_error_of_the_dockerfile(self, workshop: Workshop) -> None:
        cancelled = Event()
        cancelled.set()
        vertex = Vertex(Run(("make",), (), "/", ""), (), Label("a step", "", AT))

        with pytest.raises(CancelledError):
            executor(workshop).execute(vertex, [Tree()], cancelled)


class TestContent:
    @pytest.mark.parametrize("patterns", [("a",), ("d",), ("",), ("a", "d/*")])
    def test_it_is_what_a_copy_would_take(self, workshop: Workshop, patterns: tuple[str, ...]) -> None:
        tree = workshop.tree({"a": "1", "d/b": "2"})

        found = contents(workshop, tree, *patterns)

        assert found == content(workshop.forms.view(tree), Selection(patterns), owners=True).digest

    def test_another_owner_is_another_content(self, workshop: Workshop) -> None:
        trees = [workshop.tree({"a": file("1", uid=uid)}) for uid in (0, 5)]

        first, second = (contents(workshop, tree, "a") for tree in trees)

        assert first != second

    def test_a_context_can_be_asked_too(self, workshop: Workshop) -> None:
        view = workshop.context({"a": "1"})

        found = contents(workshop, ContextFiles(view), "a")

        assert found == content(view, Selection(("a",)), owners=True).digest

    def test_a_source_that_is_missing_is_an_error_at_the_copy_that_reads_it(self, workshop: Workshop) -> None:
        with pytest.raises(DockerfileError) as caught:
            contents(workshop, workshop.tree({"nothin": ""}), "nothing")

        assert (caught.value.message, caught.value.at) == ('"/nothing" was not found', AT)


class TestExclusive:
    def test_one_at_a_time_works_on_a_key(self, workshop: Workshop) -> None:
        key = Digest.of(b"key")
        cancelled = Event()
        outcome: list[str] = []

        def wait() -> None:
            try:
                with executor(workshop).exclusive(key, cancelled):
                    outcome.append("in")
            except CancelledError:
                outcome.append("stopped")

        with executor(workshop).exclusive(key, never()):
            other = threading.Thread(target=wait)
            other.start()
            cancelled.set()
            other.join(60)

        assert outcome == ["stopped"]

    def test_other_keys_do_not_wait(self, workshop: Workshop) -> None:
        with (
            executor(workshop).exclusive(Digest.of(b"one"), never()),
            executor(workshop).exclusive(Digest.of(b"other"), never()),
        ):
            pass
