from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError, StoreError
from stagemill.oci.blobs import chunks, copy
from stagemill.oci.descriptor import Descriptor
from stagemill.store.store import Store

DATA = b"some bytes" * 100
NAME = Digest.of(DATA)
DESCRIPTOR = Descriptor("application/octet-stream", NAME, len(DATA))


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
