"""What a step made the last time is linked, and only where it is the very same."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from fakes.tree import file
from fakes.workshop import Workshop, never
from stagemill.digest import Digest
from stagemill.execute.copying import Copier
from stagemill.execute.earlier import Earlier
from stagemill.execute.forms import Forms
from stagemill.execute.progress import quiet
from stagemill.execute.tree import ContextFiles, Tree
from stagemill.graph.operations import Copy
from stagemill.layer.index import build
from stagemill.store.records import Record

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

NAME = "[2/2] COPY . ."


def remember(workshop: Workshop, tree: Tree, name: str = NAME) -> None:
    key = Digest.of(os.urandom(8))
    result = tree.serialize()
    workshop.store.records.put(Record(key, key, result, "{}", name, workshop.clock()))


def again(workshop: Workshop, op: Copy, **files: str) -> Tree:
    """The next time, with some files changed in the context."""
    view = workshop.context({name: file(text, mtime_ns=5) for name, text in files.items()})
    return Copier(workshop.services, workshop.forms, quiet, never()).copy(op, Tree(), [ContextFiles(view)], name=NAME)


def linked(workshop: Workshop, first: Tree, second: Tree) -> set[str]:
    """The files of the second layer that are files of the first one."""
    one, two = (workshop.forms.directories(each)[-1] for each in (first, second))
    return {path.name for path in two.iterdir() if (one / path.name).exists() and path.samefile(one / path.name)}


COPY = Copy((".",), "/")


class TestEarlier:
    def test_what_has_not_changed_is_linked(self, workshop: Workshop) -> None:
        first = again(workshop, COPY, a="one", b="two")
        remember(workshop, first)

        second = again(workshop, COPY, a="one", b="three", c="new")

        assert linked(workshop, first, second) == {"a"}
        assert workshop.layer(second) == {
            "a": "file 0644 0:0 =one",
            "b": "file 0644 0:0 =three",
            "c": "file 0644 0:0 =new",
        }
        assert workshop.layer(first)["b"] == "file 0644 0:0 =two"

    def test_the_index_is_that_of_the_layer_on_disk(self, workshop: Workshop) -> None:
        first = again(workshop, COPY, a="one", b="two")
        remember(workshop, first)

        second = again(workshop, COPY, a="one", b="three")

        assert build(workshop.forms.directories(second)[0]) == workshop.forms.index(workshop.forms.layers(second)[0])

    def test_another_owner_or_mode_is_no_link(self, workshop: Workshop) -> None:
        first = again(workshop, COPY, a="one")
        remember(workshop, first)

        assert linked(workshop, first, again(workshop, replace(COPY, owner="1:1"), a="one", b="")) == set()
        assert linked(workshop, first, again(workshop, replace(COPY, mode="600"), a="one", b="")) == set()

    def test_a_step_of_another_name_is_not_looked_at(self, workshop: Workshop) -> None:
        first = again(workshop, COPY, a="one")
        remember(workshop, first, "[2/2] COPY a a")

        assert linked(workshop, first, again(workshop, COPY, a="one", b="")) == set()

    def test_another_time_is_no_link(self, workshop: Workshop) -> None:
        first = again(workshop, COPY, a="one")
        remember(workshop, first)
        view = workshop.context({"a": file("one", mtime_ns=6), "b": ""})
        copier = Copier(workshop.services, workshop.forms, quiet, never())

        assert linked(workshop, first, copier.copy(COPY, Tree(), [ContextFiles(view)], name=NAME)) == set()

    def test_nothing_is_linked_once_something_was_found_torn(self, workshop: Workshop) -> None:
        first = again(workshop, COPY, a="one")
        remember(workshop, first)
        forms = Forms(workshop.store, remote=workshop.remote.source, linking=False)
        view = workshop.context({"a": file("one", mtime_ns=5), "b": ""})
        copier = Copier(workshop.services, forms, quiet, never())

        assert linked(workshop, first, copier.copy(COPY, Tree(), [ContextFiles(view)], name=NAME)) == set()

    def test_a_layer_that_is_gone_does_not_disturb(self, workshop: Workshop) -> None:
        first = again(workshop, COPY, a="one")
        remember(workshop, first)
        (layer,) = workshop.forms.layers(first)
        workshop.store.layers.remove(layer)

        assert workshop.layer(again(workshop, COPY, a="one", b="x")) == {
            "a": "file 0644 0:0 =one",
            "b": "file 0644 0:0 =x",
        }

    def test_another_project_is_not_asked_for_every_file(self, workshop: Workshop) -> None:
        first = again(workshop, COPY, a="one")
        remember(workshop, first)
        earlier = Earlier(NAME, workshop.forms)
        entry = workshop.forms.view(first).lstat("a")
        assert entry
        digest = Digest.of(b"one")

        for number in range(300):
            assert earlier.find(f"other{number}", entry, digest) == ""

        assert earlier.find("a", entry, digest) == ""
        assert Earlier(NAME, workshop.forms).find("a", entry, digest) != ""
