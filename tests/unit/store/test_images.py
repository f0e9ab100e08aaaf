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


class TestNameless:
    def test_an_image_whose_name_moves_away_stays_without_one(self, store: Store) -> None:
        store.images.set(APP, OTHER, 1.0)

        store.images.set(APP, IMAGE, 2.0)

        assert store.images.nameless() == [(OTHER, 2.0)]
        assert store.images.all() == [(APP, IMAGE, 2.0)]

    def test_one_that_has_another_name_does_not(self, store: Store) -> None:
        store.images.set(APP, OTHER, 1.0)
        store.images.set("other", OTHER, 1.0)

        store.images.set(APP, IMAGE, 2.0)

        assert store.images.nameless() == []

    def test_the_same_name_again_changes_nothing(self, store: Store) -> None:
        store.images.set(APP, IMAGE, 1.0)

        store.images.set(APP, IMAGE, 2.0)

        assert store.images.nameless() == []

    def test_an_image_can_be_kept_without_a_name(self, store: Store) -> None:
        store.images.keep(IMAGE, 1.0)
        store.images.keep(IMAGE, 2.0)

        assert store.images.nameless() == [(IMAGE, 2.0)]
        assert store.images.all() == []

    def test_one_that_has_a_name_is_kept_by_that(self, store: Store) -> None:
        store.images.set(APP, IMAGE, 1.0)

        store.images.keep(IMAGE, 2.0)
        store.images.remove(APP)

        assert (store.images.all(), store.images.nameless()) == ([], [])

    def test_a_name_ends_it(self, store: Store) -> None:
        store.images.keep(IMAGE, 1.0)

        store.images.set(APP, IMAGE, 2.0)
        assert store.images.nameless() == []
        store.images.remove(APP)

        assert (store.images.all(), store.images.nameless()) == ([], [])

    def test_forgetting_says_whether_there_was_one(self, store: Store) -> None:
        store.images.keep(IMAGE, 1.0)

        assert store.images.forget(IMAGE.digest)
        assert not store.images.forget(IMAGE.digest)
        assert store.images.nameless() == []


def test_a_row_that_is_no_image_counts_as_not_there(store: Store) -> None:
    store.images.set(APP, IMAGE, 1.0)
    store.database.change("UPDATE images SET descriptor = x'7b7d'")

    assert store.images.get(APP) is None
    assert store.images.all() == []
