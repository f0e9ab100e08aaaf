"""Layers that become one, and times that are clamped."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.tree import file
from fakes.workshop import Workshop
from stagemill.digest import Digest
from stagemill.execute import finish
from stagemill.execute.shipping import StoredBlobs
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.graph.operations import STILL
from stagemill.layer.index import build
from stagemill.oci.config import History
from stagemill.plan.request import Times
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


def test_only_layers_above_the_base_are_the_trees_own() -> None:
    chain, layer = (TreeLayer(form, TREE) for form in ("chain", "layer"))

    assert [finish.own(Tree(layers)) for layers in ((), (layer,), (chain, chain, layer))] == [0, 0, 2]


TREE = Digest.of(b"x")
EPOCH = 1_700_000_000


def test_several_layers_become_one_that_says_the_same(workshop: Workshop) -> None:
    one = workshop.tree({"a": "1", "d/x": "2"})
    two = workshop.tree({"a": "3", "d/y": "4"}, on=one)

    made = finish.squashed(two, forms=workshop.forms)

    assert len(made.layers) == 1
    view = workshop.forms.view(made)
    assert {path: view.real_path(path).read_text() for path in ("a", "d/x", "d/y")} == {
        "a": "3",
        "d/x": "2",
        "d/y": "4",
    }


def test_one_layer_stays_as_it_is(workshop: Workshop) -> None:
    one = workshop.tree({"a": "1"})

    assert finish.squashed(one, forms=workshop.forms) == one


def test_newer_times_are_clamped_and_older_ones_stay(workshop: Workshop) -> None:
    with workshop.store.layers.workspace() as workspace:
        for name, seconds in (("old", 5), ("new", 50)):
            (workspace.fs / name).write_text("")
            os.utime(workspace.fs / name, (seconds, seconds))
        os.utime(workspace.fs, (0, 0))
        tree = Tree((TreeLayer("layer", workspace.commit(build(workspace.fs).serialize()), "x"),))

    one, again = (finish.clamped(tree, 20, forms=workshop.forms) for _ in range(2))

    assert one == again
    assert one != workshop.forms.all_packed(tree)
    assert finish.clamped(tree, 60, forms=workshop.forms) == workshop.forms.all_packed(tree)


@pytest.mark.parametrize(
    ("times", "expected"),
    [("clamped", [5, STILL, EPOCH]), ("exact", [EPOCH] * 3), ("still", [5, EPOCH, EPOCH])],
)
def test_times_are_those_that_were_asked_for(workshop: Workshop, times: Times, expected: list[int]) -> None:
    made = {"past": 5, "still": STILL, "young": EPOCH + 9}
    tree = workshop.tree({name: file("", mtime_ns=seconds * 10**9) for name, seconds in made.items()})

    (packed,) = finish.clamped(tree, EPOCH, forms=workshop.forms, times=times)

    with (
        workshop.store.blobs.open(packed.descriptor) as reader,
        tarfile.open(fileobj=io.BytesIO(reader.read(1 << 20))) as tar,
    ):
        assert [tar.getmember(name).mtime for name in made] == expected


def test_a_layer_is_packed_once_for_a_date(workshop: Workshop) -> None:
    tree = workshop.tree({"a": "1"})
    (first,) = finish.clamped(tree, EPOCH, forms=workshop.forms, times="still")
    place = workshop.store.blobs.path(first.descriptor.digest)
    made = place.stat().st_ino

    (again,) = finish.clamped(tree, EPOCH, forms=workshop.forms, times="still")

    assert (again, place.stat().st_ino) == (first, made)
    assert finish.clamped(tree, EPOCH - 1, forms=workshop.forms, times="exact") != [first]


def test_a_blob_with_other_times_that_is_lost_is_made_again(workshop: Workshop) -> None:
    tree = workshop.tree({"a": "1"})
    every: tuple[Times, ...] = ("clamped", "still")
    for times in every:
        (made,) = finish.clamped(tree, EPOCH, forms=workshop.forms, times=times)
        workshop.store.blobs.remove(made.descriptor.digest)

        with StoredBlobs(workshop.forms).open(made.descriptor) as reader:
            assert len(reader.read(1 << 20)) == made.descriptor.size

    assert finish.dated_again(tree.layers[0].digest, "gzip-6", forms=workshop.forms) is None


def test_history_keeps_one_layer_of_those_that_became_one() -> None:
    old = History("base", created="2020-01-01T00:00:00Z")

    found = finish.squashed_history([old, History("RUN 1"), History("ENV", empty_layer=True), History("RUN 2")])

    assert [(entry.created_by, entry.empty_layer) for entry in found] == [
        ("base", False), ("RUN 1", True), ("ENV", True), ("RUN 2", False),
    ]  # fmt: skip
