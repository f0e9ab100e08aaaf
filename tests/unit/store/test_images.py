from __future__ import annotations

from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform
from stagemill.store.store import Store

APP = "docker.io/library/app:latest"
IMAGE = Descriptor(
    media_types.MANIFEST, Digest.of(b"manifest"), 8, annotations={"a": "b"}, platform=Platform("linux", "amd64")
)
OTHER = Descriptor(media_types.MANIFEST, Digest.of(b"other"), 5)


def test_a_name_names_the_image_that_was_given_last(store: Store) -> None:
    store.images.set(APP, OTHER, 1.0)

    store.images.set(APP, IMAGE, 2.0)

    assert store.images.get(APP) == IMAGE
    assert store.images.all() == [(APP, IMAGE, 2.0)]


def test_a_name_that_nobody_gave_names_nothing(store: Store) -> None:
    assert store.images.get(APP) is None
    assert store.images.all() == []


def test_removing_says_whether_there_was_such_a_name(store: Store) -> None:
    store.images.set(APP, IMAGE, 1.0)

    assert store.images.remove(APP)
    assert not store.images.remove(APP)
    assert store.images.get(APP) is None


def test_all_names_come_sorted(store: Store) -> None:
    for name in ("c", "a", "b"):
        store.images.set(name, IMAGE, 1.0)

    assert [name for name, _, _ in store.images.all()] == ["a", "b", "c"]


def test_a_row_that_is_no_image_counts_as_not_there(store: Store) -> None:
    store.images.set(APP, IMAGE, 1.0)
    store.database.change("UPDATE images SET descriptor = x'7b7d'")

    assert store.images.get(APP) is None
    assert store.images.all() == []
