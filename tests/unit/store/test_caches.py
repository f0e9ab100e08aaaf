"""Cache directories: by name, shared or not, made once, and nothing of them followed out of the store."""

from __future__ import annotations

import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest

from stagemill.errors import CancelledError, StoreError
from stagemill.store.caches import Sharing, make_inside
from stagemill.store.store import Store


def nothing(_path: Path) -> None:
    """Leaves a new directory as it is."""


def test_a_directory_is_there_again_for_the_next_one_of_its_name(store: Store) -> None:
    with store.caches.use("a", sharing="shared", fill=nothing) as first:
        (first / "f").write_text("1")
    with store.caches.use("b", sharing="shared", fill=nothing) as other:
        assert list(other.iterdir()) == []
    with store.caches.use("a", sharing="locked", fill=nothing) as again:
        assert (again, (again / "f").read_text()) == (first, "1")


@pytest.mark.parametrize("name", ["../../x", "/", "", "a" * 5000, "\udcff"])
def test_any_text_is_a_name(store: Store, name: str) -> None:
    with store.caches.use(name, sharing="shared", fill=nothing) as place:
        assert place.resolve().is_relative_to(store.root.resolve() / "caches")
        assert (place.parent / "name").read_bytes() == name.encode("utf-8", "surrogatepass")


def test_a_new_one_is_filled_once_before_anybody_sees_it(store: Store) -> None:
    filled: list[int] = []

    def fill(path: Path) -> None:
        filled.append(stat.S_IMODE(path.stat().st_mode))
        (path / "seed").write_text("1")

    barrier = Barrier(4)

    def use() -> str:
        barrier.wait()
        with store.caches.use("a", sharing="shared", fill=fill) as place:
            return (place / "seed").read_text()

    with ThreadPoolExecutor(4) as pool:
        seen = [future.result() for future in [pool.submit(use) for _ in range(4)]]

    assert (seen, filled) == (["1"] * 4, [0o755])


def test_one_that_could_not_be_filled_is_not_there(store: Store) -> None:
    def fail(path: Path) -> None:
        (path / "half").write_text("")
        raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="the disk is full"), store.caches.use("a", sharing="locked", fill=fail):
        pass

    with store.caches.use("a", sharing="locked", fill=nothing) as place:
        assert list(place.iterdir()) == []


def test_shared_ones_are_one_directory_at_the_same_time(store: Store) -> None:
    with (
        store.caches.use("a", sharing="shared", fill=nothing) as one,
        store.caches.use("a", sharing="shared", fill=nothing) as other,
    ):
        assert one == other


def test_private_ones_are_as_many_as_are_used_at_once_and_are_used_again(store: Store) -> None:
    def names(count: int) -> list[str]:
        with ExitStack() as stack:
            uses = (store.caches.use("a", sharing="private", fill=nothing) for _ in range(count))
            return [stack.enter_context(use).name for use in uses]

    assert names(3) == ["0", "1", "2"]
    assert names(1) == ["0"]


@pytest.mark.parametrize(("first", "second"), [("locked", "locked"), ("locked", "shared"), ("shared", "locked")])
def test_a_locked_one_is_had_alone(store: Store, first: Sharing, second: Sharing) -> None:
    entered = Event()

    def use() -> None:
        with store.caches.use("a", sharing=second, fill=nothing):
            entered.set()

    with store.caches.use("a", sharing=first, fill=nothing):
        thread = Thread(target=use)
        thread.start()
        too_early = entered.wait(0.15)
    thread.join()

    assert (too_early, entered.is_set()) == (False, True)


def test_who_waits_can_be_stopped(store: Store) -> None:
    with (
        store.caches.use("a", sharing="locked", fill=nothing),
        pytest.raises(CancelledError, match="stopped while waiting for a cache that another step uses"),
        store.caches.use("a", sharing="locked", fill=nothing, cancelled=lambda: True),
    ):
        pass


def test_what_an_error_ends_is_free_again(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.caches.use("a", sharing="locked", fill=nothing):
        raise ZeroDivisionError

    with store.caches.use("a", sharing="locked", fill=nothing) as place:
        assert place.name == "0"


def test_a_place_that_cannot_be_written_is_an_error_with_a_hint(store: Store) -> None:
    (store.root / "caches").rmdir()
    (store.root / "caches").write_text("")

    with pytest.raises(StoreError) as caught, store.caches.use("a", sharing="shared", fill=nothing):
        pass

    assert "cannot make" in caught.value.message
    assert caught.value.hint


class TestInside:
    def test_what_is_missing_is_made_with_a_mode_and_an_owner(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir(0o711)
        (tmp_path / "a").chmod(0o711)
        owner = (os.geteuid(), os.getegid())

        make_inside(tmp_path, "a/b/c", mode=0o750, owner=owner)
        make_inside(tmp_path, "a/b", mode=0o700, owner=owner)

        modes = [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("a", "a/b", "a/b/c")]
        assert modes == [0o711, 0o750, 0o750]

    @pytest.mark.parametrize("path", ["link", "link/x", "d/up", "file/x"])
    def test_no_link_is_followed(self, tmp_path: Path, path: str) -> None:
        outside, cache = tmp_path / "outside", tmp_path / "cache"
        for directory in (outside, cache / "d"):
            directory.mkdir(parents=True)
        (cache / "link").symlink_to(outside)
        (cache / "d/up").symlink_to("../..")
        (cache / "file").write_text("")

        with pytest.raises(StoreError) as caught:
            make_inside(cache, path, mode=0o755, owner=(0, 0))

        name = path.removesuffix("/x").rpartition("/")[2]
        assert caught.value.message == (
            f'cannot use "{path}" of a cache: "{name}" is no directory, and a symbolic link might lead outside'
        )
        assert caught.value.hint == "use another source, or another id for this cache"
        assert list(outside.iterdir()) == []


def put(path: Path) -> None:
    (path / "g").write_text("new")


class TestLookingAfter:
    """What is done with the directories of caches beside using them."""

    def make(self, store: Store, name: str, text: str = "1") -> Path:
        with store.caches.use(name, sharing="shared", fill=nothing) as place:
            (place / "f").write_text(text)
        return place

    def test_all_of_them_are_listed_with_the_time_of_their_last_use(self, store: Store) -> None:
        before = time.time() - 1
        second, first = self.make(store, "b"), self.make(store, "a\udcff")
        with ExitStack() as stack:
            private = [stack.enter_context(store.caches.use("p", sharing="private", fill=nothing)) for _ in range(2)]

        found = store.caches.all()

        assert [(one.name, one.number, one.path) for one in found] == [
            ("a\udcff", 0, first), ("b", 0, second), ("p", 0, private[0]), ("p", 1, private[1]),
        ]  # fmt: skip
        assert all(before <= one.used <= time.time() + 1 for one in found)

    def test_using_one_makes_it_the_latest(self, store: Store) -> None:
        place = self.make(store, "a")
        os.utime(place.with_name("0.lock"), (1.0, 1.0))

        self.make(store, "a")

        assert store.caches.all()[0].used > 1000

    def test_nobody_else_is_in_it_while_one_is_alone_with_it(self, store: Store) -> None:
        place = self.make(store, "a")

        with store.caches.alone("a") as own, store.caches.alone("a") as other:
            assert (own, other) == (place, None)
        with store.caches.use("a", sharing="shared", fill=nothing), store.caches.alone("a") as own:
            assert own is None
        with store.caches.alone("nothing") as own:
            assert own is None
        assert [one.name for one in store.caches.all()] == ["a"]

    def test_one_waits_for_others_as_long_as_there_is_patience(self, store: Store) -> None:
        self.make(store, "a")
        entered, leave = Event(), Event()

        def use() -> None:
            with store.caches.use("a", sharing="shared", fill=nothing):
                entered.set()
                leave.wait(60)

        thread = Thread(target=use)
        thread.start()
        assert entered.wait(60)
        with store.caches.alone("a", patience=0.1) as own:
            assert own is None
        leave.set()
        with store.caches.alone("a", patience=60) as own:
            assert own is not None
        thread.join()

    def test_one_that_is_removed_begins_anew(self, store: Store) -> None:
        place = self.make(store, "a")

        assert store.caches.remove("a")

        assert not place.exists()
        assert store.caches.all() == []
        assert store.caches.remove("a")
        with store.caches.use("a", sharing="shared", fill=nothing) as again:
            assert list(again.iterdir()) == []

    def test_one_that_is_used_is_not_removed_nor_replaced(self, store: Store) -> None:
        with store.caches.use("a", sharing="shared", fill=nothing) as place:
            (place / "f").write_text("1")

            assert not store.caches.remove("a")
            assert not store.caches.replace("a", nothing)
            assert (place / "f").read_text() == "1"

    @pytest.mark.parametrize("sharing", ["shared", "locked", "private"])
    def test_whether_one_is_used_can_be_seen(self, store: Store, sharing: Sharing) -> None:
        assert not store.caches.is_used("a")
        with store.caches.use("a", sharing=sharing, fill=nothing):
            assert store.caches.is_used("a")
            assert not store.caches.is_used("b")
        assert not store.caches.is_used("a")

    def test_one_is_replaced_whole_or_not_at_all(self, store: Store) -> None:
        place = self.make(store, "a", "old")

        def fail(path: Path) -> None:
            (path / "f").write_text("half")
            raise StoreError("no room")

        with pytest.raises(StoreError, match="no room"):
            store.caches.replace("a", fail)
        kept = (place / "f").read_text()
        assert store.caches.replace("a", put)

        assert kept == "old"
        assert [path.name for path in place.iterdir()] == ["g"]

    def test_a_new_one_can_be_filled(self, store: Store) -> None:
        assert store.caches.replace("new", put)

        with store.caches.use("new", sharing="shared", fill=nothing) as place:
            assert (place / "g").read_text() == "new"
