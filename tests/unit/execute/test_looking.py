"""What can be known of results without doing anything for them."""

from __future__ import annotations

import os

import pytest

from fakes.blobs import make_image
from fakes.workshop import Workshop
from stagemill.digest import Digest
from stagemill.execute import base
from stagemill.execute.executor import StoreExecutor
from stagemill.execute.looking import StoreLooker
from stagemill.execute.tree import ContextFiles, Tree
from stagemill.graph.operations import BaseImage, Context, Copy, Operation, Run, Scratch
from stagemill.graph.vertex import Label, Selection, Vertex

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

READER = Vertex(Copy(("a",), "/"), (), Label("a copy"))
SELECT = Selection(("a",))


def vertex(op: Operation) -> Vertex:
    return Vertex(op, (), Label("a step"))


@pytest.fixture
def looker(workshop: Workshop) -> StoreLooker:
    return StoreLooker(StoreExecutor(workshop.services, workshop.forms))


@pytest.fixture
def image(workshop: Workshop) -> Tree:
    """The tree of an image that nobody has fetched."""
    made = make_image(workshop.remote.blobs, {"a": b"1"})
    base.remember(workshop.store, made, reference="registry.example/app:1")
    return base.tree(workshop.store, made.digest)


def test_names_of_layers_and_files_of_the_context_are_free(workshop: Workshop, looker: StoreLooker) -> None:
    workshop.contexts["context"] = workshop.context({"a": "1"})
    made = make_image(workshop.remote.blobs, {"a": b"1"})
    base.remember(workshop.store, made, reference="registry.example/app:1")

    assert looker.free(vertex(Scratch())) == Tree()
    assert isinstance(looker.free(vertex(Context("context", Digest.of(b"")))), ContextFiles)
    assert looker.free(vertex(BaseImage(made.digest, "linux/amd64"))) == base.tree(workshop.store, made.digest)


def test_what_has_to_be_done_is_not(workshop: Workshop, looker: StoreLooker) -> None:
    assert looker.free(vertex(Run(("true",), (), "/", ""))) is None
    assert looker.free(READER) is None
    assert workshop.sandbox.commands == []


def test_files_of_a_stage_and_of_the_context_can_be_told(workshop: Workshop, looker: StoreLooker) -> None:
    tree = workshop.tree({"a": "1"})

    assert looker.content(READER, tree, SELECT) == StoreExecutor(workshop.services, workshop.forms).content(
        READER, tree, SELECT
    )
    assert looker.content(READER, ContextFiles(workshop.context({"a": "1"})), SELECT) is not None


def test_files_of_a_base_can_be_told_only_when_somebody_has_unpacked_it(
    workshop: Workshop, looker: StoreLooker, image: Tree
) -> None:
    before = looker.content(READER, image, SELECT)
    opened = list(workshop.remote.opened)
    workshop.forms.layers(image)

    assert (before, opened) == (None, [])
    assert looker.content(READER, image, SELECT) is not None


def test_a_single_file_of_a_base_can_be_told_by_the_blobs_that_are_here(workshop: Workshop) -> None:
    made = make_image(workshop.remote.blobs, {"a": b"0", "b": b"2"}, {"a": b"1"})
    base.remember(workshop.store, made, reference="registry.example/app:1")
    tree = base.tree(workshop.store, made.digest)
    workshop.store.blobs.put(workshop.remote.blobs.data[made.manifest.layers[-1].digest])

    told = [
        StoreLooker(StoreExecutor(workshop.services, workshop.forms)).content(READER, tree, Selection((name,)))
        for name in ("a", "b", "a*")
    ]

    assert (told[1:], workshop.remote.opened) == ([None, None], [])
    assert told[0] == StoreExecutor(workshop.services, workshop.forms).content(READER, tree, SELECT)
