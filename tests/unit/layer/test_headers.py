"""Which headers an entry has; what they say is tested with whole archives, in test_pack.py."""

from __future__ import annotations

import pytest

from stagemill.errors import ArchiveError
from stagemill.files.view import Entry
from stagemill.layer.headers import has_any, headers
from stagemill.layer.index import IndexEntry

DIRECTORY = Entry("dir", 0o755, 0, 0, 0, 0)


def test_a_plain_root_and_sockets_are_in_no_archive() -> None:
    assert not has_any(IndexEntry("", DIRECTORY))
    assert not has_any(IndexEntry("run/s", Entry("socket", 0o755, 0, 0, 0, 0)))
    assert has_any(IndexEntry("", Entry("dir", 0o700, 0, 0, 0, 0)))
    assert has_any(IndexEntry("", DIRECTORY, opaque=True))
    assert has_any(IndexEntry("d", DIRECTORY))


def test_an_opaque_directory_has_a_mark_after_it() -> None:
    first, mark = headers(IndexEntry("d", DIRECTORY, opaque=True))

    assert first.startswith(b"d/\0")
    assert mark.startswith(b"d/.wh..wh..opq\0")


def test_a_deletion_is_an_empty_file() -> None:
    (header,) = headers(IndexEntry("d/gone", DIRECTORY, whiteout=True))

    assert header.startswith(b"d/.wh.gone\0")


def test_a_name_that_would_mean_a_deletion_is_refused() -> None:
    with pytest.raises(ArchiveError, match=r"an image cannot carry the file 'd/\.wh\.x'"):
        headers(IndexEntry("d/.wh.x", Entry("file", 0o644, 0, 0, 1, 0)))
