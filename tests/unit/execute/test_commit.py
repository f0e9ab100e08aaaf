"""From a workspace to a layer on top of a tree."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fakes.disk import write
from fakes.tree import MemoryTree, directory
from fakes.workshop import START, Workshop
from stagemill.digest import Digest
from stagemill.execute.commit import commit, like_root
from stagemill.execute.tree import Tree, timestamp
from stagemill.layer.index import LayerIndex

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="owners need root")


@needs_root
@pytest.mark.root
class TestCommit:
    def test_the_layer_is_on_top_and_in_the_store(self, workshop: Workshop) -> None:
        below = workshop.tree({"a": "1"})

        tree = workshop.tree({"b": "2"}, on=below)

        assert tree.layers[:-1] == below.layers
        top = tree.layers[-1]
        assert (top.form, workshop.store.layers.has(top.digest)) == ("layer", True)
        assert LayerIndex.parse(workshop.store.layers.index(top.digest)).by_path["b"].digest == Digest.of(b"2")

    def test_it_has_the_time_of_the_clock(self, workshop: Workshop) -> None:
        before = workshop.clock()

        (layer,) = workshop.tree({}).layers

        assert layer.created == timestamp(before + 1)

    def test_equal_layers_are_one_layer(self, workshop: Workshop) -> None:
        first, second = (workshop.tree({"": directory(mtime_ns=7), "a": "1"}) for _ in range(2))

        assert [layer.digest for layer in first.layers] == [layer.digest for layer in second.layers]
        assert len(list(workshop.store.layers.all())) == 1

    def test_files_whose_digest_is_known_are_not_read(self, workshop: Workshop) -> None:
        said = Digest.of(b"what the caller says")
        with workshop.store.layers.workspace() as workspace:
            write(workspace.fs, {"a": "1"})

            tree = commit(workspace, Tree(), clock=workshop.clock, known={"a": said})

        index = LayerIndex.parse(workshop.store.layers.index(tree.layers[0].digest))
        assert index.by_path["a"].digest == said


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (START, "2023-11-14T22:13:20.000000Z"),
        (START + 0.25, "2023-11-14T22:13:20.250000Z"),
        (0.0, "1970-01-01T00:00:00.000000Z"),
    ],
)
def test_a_timestamp_is_rfc_3339_in_utc(seconds: float, text: str) -> None:
    assert timestamp(seconds) == text


@needs_root
@pytest.mark.root
def test_a_layers_root_becomes_like_the_trees(tmp_path: Path) -> None:
    root = directory(mode=0o1770, uid=5, gid=6, mtime_ns=7_000_000_000, xattrs=(("user.note", b"x"),))

    like_root(MemoryTree({"": root}), tmp_path)

    status = tmp_path.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o1770, 5, 6)
    assert (status.st_mtime_ns, os.getxattr(tmp_path, "user.note")) == (7_000_000_000, b"x")
