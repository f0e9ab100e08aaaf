from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import StoreError
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.store.faults import PERMISSION_HINT
from stagemill.store.links import Packed
from stagemill.store.store import Store


def test_opening_makes_what_is_missing_and_lets_nobody_else_in(tmp_path: Path) -> None:
    root = tmp_path / "not" / "there" / "yet"

    with Store.open(root):
        made = sorted(os.listdir(root))

    assert [name for name in made if not name.startswith("state")] == [
        "blobs",
        "caches",
        "layers",
        "living",
        "locks",
        "logs",
        "marks",
        "partial",
        "stats",
        "tmp",
    ]
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert stat.S_IMODE((root / "layers").stat().st_mode) == 0o700


def test_opening_again_finds_what_was_there(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        name = store.blobs.put(b"x")
        store.links.set_origin(name, "docker.io/library/x:latest")

    with Store.open(tmp_path) as store:
        assert store.blobs.read(name) == b"x"
        assert store.links.origin(name) == "docker.io/library/x:latest"


def test_closing_leaves_no_temporary_files(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.temporary.new().mkdir()

    assert os.listdir(tmp_path / "tmp") == []
    assert {name for name in os.listdir(tmp_path) if name.startswith("state")} == {"state.sqlite", "state.opening"}


def test_the_log_of_a_step_has_a_place_that_can_be_written(store: Store) -> None:
    path = store.log_path(Digest.of(b"step"))

    path.write_text("log")

    assert path == store.root / "logs" / f"{Digest.of(b'step').hex}.log"


@pytest.mark.parametrize("place", ["", "tmp", "layers", "blobs/sha256"])
def test_a_store_that_cannot_be_written_is_named_with_a_hint(unprivileged: Path, place: str) -> None:
    root = unprivileged / "store"
    Store.open(root).close()
    (root / place).chmod(0o500)

    with pytest.raises(StoreError) as caught:
        Store.open(root)

    assert caught.value.message == f"cannot write to the store {root / place}: permission denied"
    assert caught.value.hint == PERMISSION_HINT


def test_a_root_that_cannot_be_made_is_named_with_a_hint(unprivileged: Path) -> None:
    unprivileged.chmod(0o500)

    with pytest.raises(StoreError) as caught:
        Store.open(unprivileged / "store")

    assert caught.value.message == f"cannot make the store {unprivileged / 'store'}: permission denied"
    assert caught.value.hint == PERMISSION_HINT


@pytest.mark.parametrize("below", [".", "sub"])
def test_a_file_in_the_place_of_the_root_is_named_with_a_hint(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(StoreError, match=f"cannot make the store {file / below}: ") as caught:
        Store.open(file / below)

    assert caught.value.hint is not None
    assert "no directory lies at that path" in caught.value.hint


def test_a_state_file_that_cannot_be_opened_is_named_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").mkdir()

    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path)

    assert caught.value.message == f"cannot use {tmp_path}/state.sqlite: unable to open database file"
    assert caught.value.hint == PERMISSION_HINT


class TestLayersOfABuild:
    """A layer by its name, in whatever form it is here."""

    BLOB = Descriptor(media_types.LAYER_GZIP, Digest.of(b"blob"), 4)

    def layer(self, store: Store) -> Digest:
        with store.layers.workspace() as workspace:
            return workspace.commit(b"index")

    def test_it_is_here_as_a_directory(self, store: Store) -> None:
        layer = self.layer(store)

        assert (store.home(layer), store.holds(layer)) == (layer, True)

    def test_it_is_here_as_what_its_blob_was_unpacked_to(self, store: Store) -> None:
        layer, name = self.layer(store), Digest.of(b"another name")
        store.links.set_layer_of_chain(name, layer)

        assert (store.home(name), store.holds(name)) == (layer, True)

    def test_it_is_here_as_a_blob(self, store: Store) -> None:
        name = Digest.of(b"packed")
        store.links.set_packed(name, Packed(Digest.of(b"tar"), self.BLOB))
        before = store.holds(name)
        store.blobs.put(b"blob")

        assert (store.home(name), before, store.holds(name)) == (None, False, True)

    def test_it_is_not_here_where_only_its_names_are(self, store: Store) -> None:
        name = Digest.of(b"lost")
        store.links.set_layer_of_chain(name, Digest.of(b"gone"))
        store.links.set_packed(name, Packed(Digest.of(b"tar"), self.BLOB))

        assert (store.home(name), store.holds(name)) == (None, False)
