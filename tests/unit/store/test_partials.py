"""Blobs of which only the beginning is here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import CorruptError
from stagemill.oci.descriptor import Descriptor
from stagemill.store.partials import Partial
from stagemill.store.store import Store

DATA = bytes(range(256)) * 40
BLOB = Descriptor("application/octet-stream", Digest.of(DATA), len(DATA))


@pytest.fixture
def path(store: Store) -> Path:
    return store.root / "partial" / BLOB.digest.hex


def rest(partial: Partial) -> bytes:
    parts = []
    while data := partial.read(1000):
        parts.append(data)
    return b"".join(parts)


def begin(store: Store, size: int) -> None:
    with store.partials.claim(BLOB) as partial:
        assert partial
        partial.write(DATA[:size])


def test_what_was_written_is_there_the_next_time(store: Store) -> None:
    begin(store, 1000)

    with store.partials.claim(BLOB) as partial:
        assert partial
        assert (partial.kept, rest(partial), rest(partial)) == (1000, DATA[:1000], b"")


@pytest.mark.parametrize("piece", [1, 999, 1000, 1001, 5000, len(DATA)])
def test_of_the_whole_only_what_is_missing_is_written(store: Store, path: Path, piece: int) -> None:
    begin(store, 1000)

    with store.partials.claim(BLOB) as partial:
        assert partial
        for start in range(0, len(DATA), piece):
            partial.write(DATA[start : start + piece])
        partial.commit()

    assert store.blobs.read(BLOB.digest) == DATA
    assert not path.exists()


def test_what_is_not_whole_is_no_blob(store: Store, path: Path) -> None:
    with store.partials.claim(BLOB) as partial:
        assert partial
        partial.write(DATA[:-1])
        with pytest.raises(CorruptError, match=f"should have {len(DATA)} bytes, but {len(DATA) - 1} came"):
            partial.commit()

    assert not path.exists()
    assert list(store.blobs.all()) == []


def test_more_than_the_blob_has_is_no_beginning_of_it(store: Store, path: Path) -> None:
    path.write_bytes(DATA + b"x")

    with store.partials.claim(BLOB) as partial:
        assert partial
        assert partial.kept == 0


def test_of_what_is_discarded_nothing_stays(store: Store, path: Path) -> None:
    with store.partials.claim(BLOB) as partial:
        assert partial
        partial.write(DATA[:10])
        partial.discard()

    assert not path.exists()


def test_two_do_not_write_to_one(store: Store) -> None:
    with store.partials.claim(BLOB) as one, store.partials.claim(BLOB) as other:
        assert one
        assert other is None

    with store.partials.claim(BLOB) as again:
        assert again


def test_a_link_is_not_followed(store: Store, path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"x")
    path.symlink_to(tmp_path / "other")

    with pytest.raises(Exception, match="cannot write"), store.partials.claim(BLOB):
        pass

    assert (tmp_path / "other").read_bytes() == b"x"


def test_what_nobody_goes_on_with_is_swept(store: Store, path: Path) -> None:
    begin(store, 10)
    os.utime(path, (1000, 1000))

    with store.partials.claim(BLOB):
        assert store.partials.sweep(before=2000) == 0
    assert store.partials.sweep(before=999) == 0
    assert store.partials.sweep(before=1001) == 1
    assert not path.exists()
