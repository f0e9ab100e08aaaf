from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError, StoreError
from stagemill.oci.blobs import chunks, copy
from stagemill.oci.descriptor import Descriptor
from stagemill.store import boot, marks
from stagemill.store.marks import WORTH, Marks
from stagemill.store.store import Store

DATA = b"some bytes" * 100
NAME = Digest.of(DATA)
DESCRIPTOR = Descriptor("application/octet-stream", NAME, len(DATA))
LARGE = bytes(range(256)) * (WORTH // 128)
LARGE_NAME = Digest.of(LARGE)
LARGE_DESCRIPTOR = Descriptor("application/octet-stream", LARGE_NAME, len(LARGE))


def unfinished(store: Store) -> list[Path]:
    return [path for path in store.root.glob("tmp/*/*") if path.name != "lock"]


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_blob_that_was_written_is_read_back(store: Store) -> None:
    store.blobs.write(DESCRIPTOR, [DATA[:300], b"", DATA[300:]])

    with store.blobs.open(DESCRIPTOR) as reader:
        read = b"".join(chunks(reader))

    assert read == DATA
    assert store.blobs.has(DESCRIPTOR)
    assert store.blobs.size(NAME) == len(DATA)
    assert store.blobs.path(NAME).read_bytes() == DATA
    assert unfinished(store) == []


def test_a_blob_that_was_never_written_is_not_there(store: Store) -> None:
    assert not store.blobs.has(DESCRIPTOR)
    for read in (store.blobs.read, store.blobs.size, store.blobs.verify):
        with pytest.raises(NotFoundError, match=f"blob {NAME} is not in the store") as caught:
            read(NAME)
        assert caught.value.hint == "build or pull the image again, and it is made anew"
    with pytest.raises(NotFoundError), store.blobs.open(DESCRIPTOR):
        pass


def test_putting_names_the_bytes(store: Store) -> None:
    assert store.blobs.put(DATA) == NAME
    assert store.blobs.put(DATA) == NAME
    assert store.blobs.read(NAME) == DATA


def test_an_empty_blob_is_a_blob(store: Store) -> None:
    empty = store.blobs.put(b"")

    assert store.blobs.read(empty) == b""
    assert store.blobs.verify(empty) == 0


def test_putting_replaces_a_torn_blob_of_the_same_name(store: Store) -> None:
    store.blobs.put(DATA)
    flip_a_byte(store.blobs.path(NAME))

    store.blobs.put(DATA)

    assert store.blobs.read(NAME) == DATA


@pytest.mark.parametrize("pieces", [[DATA[:-1]], [DATA, b"x"], [DATA[:-1], b"x"]])
def test_other_bytes_than_the_descriptors_are_refused_and_leave_nothing(store: Store, pieces: list[bytes]) -> None:
    with pytest.raises(CorruptError, match=f"blob {NAME}"):
        store.blobs.write(DESCRIPTOR, pieces)

    assert not store.blobs.has(DESCRIPTOR)
    assert list(store.blobs.all()) == []
    assert unfinished(store) == []


def test_a_source_that_fails_leaves_nothing(store: Store) -> None:
    def failing() -> object:
        yield DATA[:10]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.blobs.write(DESCRIPTOR, failing())  # type: ignore[arg-type]

    assert list(store.blobs.all()) == []
    assert unfinished(store) == []


def test_a_writer_finds_the_name(store: Store) -> None:
    with store.blobs.writer() as writer:
        writer.write(DATA)
        named = writer.commit()

    assert named == (NAME, len(DATA))
    assert store.blobs.read(NAME) == DATA


def test_a_writer_that_does_not_commit_leaves_nothing(store: Store) -> None:
    with store.blobs.writer() as writer:
        writer.write(DATA)

    assert list(store.blobs.all()) == []
    assert unfinished(store) == []


def test_a_writer_refuses_another_name_than_expected(store: Store) -> None:
    other = Digest.of(b"other")

    with (
        pytest.raises(CorruptError, match=f"blob {other} came torn: its bytes are {NAME}"),
        store.blobs.writer() as writer,
    ):
        writer.write(DATA)
        writer.commit(other)

    assert list(store.blobs.all()) == []


def test_a_flipped_byte_is_found_before_the_last_bytes_are_served_and_the_blob_thrown_away(store: Store) -> None:
    store.blobs.put(DATA)
    flip_a_byte(store.blobs.path(NAME))

    with store.blobs.open(DESCRIPTOR) as reader:
        first = reader.read(len(DATA) - 1)
        with pytest.raises(CorruptError, match=f"blob {NAME} is torn: its bytes are sha256:") as caught:
            reader.read(1)

    assert len(first) == len(DATA) - 1
    assert caught.value.hint == "it was thrown away; build or pull again, and it is made anew"
    assert not store.blobs.has(DESCRIPTOR)


@pytest.mark.parametrize("torn", [DATA[:-7], b"", DATA + b"more"])
def test_a_blob_of_another_length_is_not_there_and_thrown_away_when_read(store: Store, torn: bytes) -> None:
    store.blobs.put(DATA)
    store.blobs.path(NAME).write_bytes(torn)

    assert not store.blobs.has(DESCRIPTOR)
    with pytest.raises(CorruptError), store.blobs.open(DESCRIPTOR):
        pass
    assert not store.blobs.path(NAME).exists()


def test_a_descriptor_with_a_wrong_size_does_not_throw_a_whole_blob_away(store: Store) -> None:
    store.blobs.put(DATA)
    wrong = Descriptor(DESCRIPTOR.media_type, NAME, 7)

    with pytest.raises(CorruptError, match="is 1000 bytes long, but is said to have 7"), store.blobs.open(wrong):
        pass

    assert store.blobs.has(DESCRIPTOR)


def test_a_torn_reader_does_not_throw_away_what_was_made_again_meanwhile(store: Store) -> None:
    store.blobs.put(DATA)
    flip_a_byte(store.blobs.path(NAME))

    with store.blobs.open(DESCRIPTOR) as reader:
        store.blobs.write(DESCRIPTOR, [DATA])
        with pytest.raises(CorruptError):
            list(chunks(reader))

    assert store.blobs.read(NAME) == DATA


def test_removing_is_for_ever_and_may_be_repeated(store: Store) -> None:
    store.blobs.put(DATA)

    store.blobs.remove(NAME)
    store.blobs.remove(NAME)

    assert not store.blobs.has(DESCRIPTOR)


def test_all_names_are_listed_sorted_and_strays_apart(store: Store) -> None:
    names = sorted(store.blobs.put(bytes([number])) for number in range(5))
    stray = store.root / "blobs" / "sha256" / "stray"
    stray.touch()

    assert list(store.blobs.all()) == names
    assert store.blobs.strays() == [stray]


def test_blobs_are_copied_between_stores(store: Store, tmp_path: Path) -> None:
    store.blobs.put(DATA)

    with Store.open(tmp_path / "other") as other:
        copy(DESCRIPTOR, store.blobs, other.blobs)

        assert other.blobs.read(NAME) == DATA


def test_a_path_that_cannot_be_read_is_named(store: Store) -> None:
    store.blobs.path(NAME).mkdir()

    with pytest.raises(StoreError, match=f"cannot read {store.blobs.path(NAME)}: is a directory"):
        store.blobs.read(NAME)


def flip_unseen(path: Path) -> None:
    """Changes a byte, and gives the file the time that it had; older kernels' clock has to go on for that to be seen at all."""
    before = path.stat()
    flip_a_byte(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def is_believed(store: Store) -> bool:
    """Whether the large blob is handed out without its bytes being checked again."""
    with store.blobs.open(LARGE_DESCRIPTOR) as reader:
        return reader.is_checked


class TestLarge:
    @pytest.fixture(autouse=True)
    def blob(self, store: Store) -> Path:
        store.blobs.put(LARGE)
        return store.blobs.path(LARGE_NAME)

    def test_what_was_written_here_is_believed(self, store: Store) -> None:
        assert is_believed(store)
        assert store.blobs.read(LARGE_NAME) == LARGE
        assert store.blobs.verify(LARGE_NAME) == len(LARGE)

    def test_another_process_believes_it_too(self, store: Store) -> None:
        with Store.open(store.root) as other:
            assert is_believed(other)

    def test_using_it_changes_nothing(self, store: Store) -> None:
        store.blobs.has(LARGE_DESCRIPTOR)
        store.blobs.touch(LARGE_NAME)

        assert is_believed(store)

    @pytest.mark.parametrize("flip", [flip_a_byte, flip_unseen])
    def test_a_flipped_byte_is_found(self, store: Store, blob: Path, flip: Callable[[Path], None]) -> None:
        flip(blob)

        with pytest.raises(CorruptError, match=f"blob {LARGE_NAME} is torn"):
            store.blobs.verify(LARGE_NAME)

        assert not store.blobs.has(LARGE_DESCRIPTOR)

    def test_a_check_reads_what_is_believed(self, store: Store, blob: Path) -> None:
        """The disk itself may have changed what is on it."""
        flip_a_byte(blob)
        Marks(store.root / "marks").vouch(LARGE_NAME, blob.stat())

        assert store.blobs.verify(LARGE_NAME) == len(LARGE)
        with pytest.raises(CorruptError):
            store.blobs.verify(LARGE_NAME, anew=True)

    def test_after_another_start_of_the_machine_it_is_read_once(
        self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "boot").write_text("another")
        monkeypatch.setattr(boot, "_NAME", str(tmp_path / "boot"))
        monkeypatch.setattr(marks, "_TICK", -(10**12))  # as if it had rested for long

        with Store.open(store.root) as other:
            found = [is_believed(other), other.blobs.verify(LARGE_NAME) > 0, is_believed(other)]

        assert found == [False, True, True]

    def test_what_was_touched_a_moment_ago_is_not_believed_when_it_was_read(self, store: Store, blob: Path) -> None:
        ahead = blob.stat().st_mtime_ns + 10**13
        os.utime(blob, ns=(ahead, ahead))

        store.blobs.verify(LARGE_NAME)

        assert not is_believed(store)

    def test_one_that_changes_while_it_is_believed_does_not_end_well(self, store: Store, blob: Path) -> None:
        with pytest.raises(CorruptError), store.blobs.open(LARGE_DESCRIPTOR) as reader:
            reader.read(10)
            flip_unseen(blob)
            list(chunks(reader))

        assert not blob.exists()

    def test_one_that_gets_another_name_meanwhile_ends_well(self, store: Store, blob: Path, tmp_path: Path) -> None:
        with store.blobs.open(LARGE_DESCRIPTOR) as reader:
            os.link(blob, tmp_path / "linked")
            read = b"".join(chunks(reader))

        assert read == LARGE

    @pytest.mark.parametrize("known", [True, False])
    def test_it_is_poured_into_a_file(self, store: Store, blob: Path, tmp_path: Path, *, known: bool) -> None:
        if not known:
            os.utime(blob)
        with store.blobs.open(LARGE_DESCRIPTOR) as reader, (tmp_path / "out").open("wb") as out:
            poured = reader.pour(out.fileno())

        assert (poured, (tmp_path / "out").read_bytes()) == (len(LARGE), LARGE)

    @pytest.mark.parametrize("known", [True, False])
    def test_a_torn_one_is_not_poured_to_a_good_end(
        self, store: Store, blob: Path, tmp_path: Path, *, known: bool
    ) -> None:
        if not known:
            flip_unseen(blob)
        with (
            pytest.raises(CorruptError),
            store.blobs.open(LARGE_DESCRIPTOR) as reader,
            (tmp_path / "out").open("wb") as out,
        ):
            if known:
                flip_unseen(blob)
            reader.pour(out.fileno())

        assert not blob.exists()

    def test_nothing_is_remembered_of_what_was_removed(self, store: Store) -> None:
        store.blobs.remove(LARGE_NAME)

        assert os.listdir(store.root / "marks") == []

    def test_marks_without_a_blob_are_forgotten(self, store: Store, blob: Path) -> None:
        other = store.blobs.put(LARGE + b"more")
        blob.unlink()

        store.blobs.forget()

        assert os.listdir(store.root / "marks") == [other.hex]
