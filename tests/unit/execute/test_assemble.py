"""From a tree to an image: times of the history, SOURCE_DATE_EPOCH (traps 24), layers and their links."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.execute.assemble import Finish, assemble, dated
from stagemill.execute.forms import Forms
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.layer.index import build
from stagemill.oci.blobs import BlobSource
from stagemill.oci.config import History, ImageConfig, RunConfig
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.store.store import Store

NEVER = "2099-01-01T00:00:00Z"
T1, T2, T3 = (f"2024-0{month}-01T00:00:00.000000Z" for month in (1, 2, 3))
ENV = History("ENV", empty_layer=True)
RUN = History("RUN")
BASE = Digest.of(b"base")


def tree(*times: str) -> Tree:
    """A layer of a base for each empty time, one of the build for each other."""
    return Tree(tuple(TreeLayer("layer" if time else "chain", BASE, time) for time in times))


def made(time: str, *, empty: bool = False) -> History:
    """An entry that a base brings along."""
    return History("base", created=time, empty_layer=empty)


def times(history: tuple[History, ...], of: Tree, *, epoch: int | None = None) -> list[str]:
    return [entry.created for entry in dated(history, of, fallback=NEVER, epoch=epoch)]


def test_an_entry_has_the_time_of_its_layer() -> None:
    assert times((RUN, RUN), tree(T1, T2)) == [T1, T2]


def test_an_entry_without_a_layer_has_the_time_of_the_one_before_it() -> None:
    assert times((RUN, ENV, RUN, ENV, ENV), tree(T1, T2)) == [T1, T1, T2, T2, T2]


def test_an_entry_before_the_first_new_layer_has_that_layers_time() -> None:
    assert times((ENV, ENV, RUN), tree(T1)) == [T1, T1, T1]
    assert times((made(T1), ENV, RUN), tree("", T3)) == [T1, T3, T3]


def test_the_times_of_the_base_stay() -> None:
    history = (made(T3), made(T2, empty=True), made(T1), RUN)

    assert times(history, tree("", "", T3)) == [T3, T2, T1, T3]


def test_without_a_new_layer_the_time_is_that_of_the_base() -> None:
    assert times((made(T1), made(T2, empty=True), ENV), tree("")) == [T1, T2, T2]


def test_without_any_time_it_is_now() -> None:
    assert times((ENV, ENV), tree()) == [NEVER, NEVER]
    assert times((RUN,), tree("")) == [NEVER]


def test_entries_of_a_base_without_times_get_one() -> None:
    assert times((made(""), RUN), tree("", T2)) == [T2, T2]


def test_with_an_epoch_what_was_missing_is_that_time_whenever_the_layers_were_made() -> None:
    assert times((ENV, RUN, RUN), tree(T1, T2), epoch=0) == ["1970-01-01T00:00:00Z"] * 3
    assert times((RUN,), tree(T1), epoch=1_800_000_000) == ["2027-01-15T08:00:00Z"]


def test_with_an_epoch_the_history_of_the_base_is_kept_even_where_it_is_newer() -> None:
    assert times((made(T3), made(""), RUN), tree("", "", T3), epoch=0) == [T3, *["1970-01-01T00:00:00Z"] * 2]


def test_all_else_of_an_entry_stays() -> None:
    entry = History("RUN x", comment="c", author="a")

    assert dated((entry,), tree(T1), fallback=NEVER, epoch=None) == (replace(entry, created=T1),)


@pytest.fixture
def forms(tmp_path: Path) -> Iterator[Forms]:
    def remote(reference: str) -> BlobSource:
        raise AssertionError(f"nobody should fetch from {reference}")

    with Store.open(tmp_path / "store") as store:
        yield Forms(store, remote=remote)


def layer(forms: Forms, name: str, text: str, *, created: str) -> TreeLayer:
    with forms.store.layers.workspace() as workspace:
        (workspace.fs / name).write_text(text)
        for path in (workspace.fs / name, workspace.fs):
            os.utime(path, (1, 1))
        return TreeLayer("layer", workspace.commit(build(workspace.fs).serialize()), created)


def config(*history: History) -> ImageConfig:
    return ImageConfig(Platform("linux", "amd64"), RunConfig(cmd=("x",)), history=history)


def test_an_image_has_its_layers_in_order_and_is_in_the_store(forms: Forms) -> None:
    of = Tree((layer(forms, "a", "1", created=T1), layer(forms, "b", "2", created=T2)))

    image = assemble(config(RUN, ENV, RUN), of, forms=forms, now=0.0, finish=Finish(epoch=None))

    packed = [forms.packed(part) for part in of.layers]
    assert image.manifest.layers == tuple(facts.descriptor for facts in packed)
    assert image.config.diff_ids == tuple(facts.diff_id for facts in packed)
    assert image.config.config.cmd == ("x",)
    assert image.config.created == T2
    blobs = forms.store.blobs
    assert Image.parse(blobs.read(image.digest), blobs.read(image.manifest.config.digest)) == image


def test_the_same_tree_gives_the_same_image_whenever_it_is_assembled(forms: Forms) -> None:
    of = Tree((layer(forms, "a", "1", created=T1),))

    first = assemble(config(ENV, RUN), of, forms=forms, now=0.0, finish=Finish(epoch=None))
    second = assemble(config(ENV, RUN), of, forms=forms, now=9e8, finish=Finish(epoch=None))

    assert first == second


def test_with_an_epoch_trees_of_different_times_give_the_same_image(forms: Forms) -> None:
    early, late = layer(forms, "a", "1", created=T1), layer(forms, "a", "1", created=T3)

    images = [
        assemble(config(RUN), Tree((part,)), forms=forms, now=0.0, finish=Finish(epoch=5)) for part in (early, late)
    ]

    assert images[0] == images[1]
    assert images[0].config.created == "1970-01-01T00:00:05Z"


def test_chains_of_layers_lead_back_to_the_layers(forms: Forms) -> None:
    of = Tree((layer(forms, "a", "1", created=T1), layer(forms, "b", "2", created=T2)))

    image = assemble(config(RUN, RUN), of, forms=forms, now=0.0, finish=Finish(epoch=None))

    found = [forms.store.links.layer_of_chain(chain) for chain in image.chain_ids]
    assert found == [part.digest for part in of.layers]


def test_an_image_without_layers_and_history_is_made_now_or_at_the_epoch(forms: Forms) -> None:
    assert (
        assemble(config(), Tree(), forms=forms, now=1.5, finish=Finish(epoch=None)).config.created
        == "1970-01-01T00:00:01.500000Z"
    )
    assert (
        assemble(config(), Tree(), forms=forms, now=1.5, finish=Finish(epoch=9)).config.created
        == "1970-01-01T00:00:09.000000Z"
    )
