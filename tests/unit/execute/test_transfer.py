"""Bytes of a file on their way into a layer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from stagemill.digest import Digest
from stagemill.errors import ContextError, CorruptError
from stagemill.execute.transfer import changed, copy_fixed, copy_hashed, write

LARGE = b"0123456789" * 300_000
NOBODY = 65534


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(LARGE)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Iterator[BinaryIO]:
    with (tmp_path / "target").open("w+b") as out:
        yield out


def written(target: BinaryIO) -> bytes:
    return Path(target.name).read_bytes()


class TestHashed:
    """Of a context, whose files anybody may change at any time."""

    def test_the_expected_bytes_arrive(self, source: Path, target: BinaryIO) -> None:
        copy_hashed(str(source), target.fileno(), size=len(LARGE), expected=Digest.of(LARGE), name="source")

        assert written(target) == LARGE

    def test_other_bytes_are_an_error(self, source: Path, target: BinaryIO) -> None:
        with pytest.raises(ContextError) as caught:
            copy_hashed(str(source), target.fileno(), size=6, expected=Digest.of(b"before"), name="dir/source")

        assert caught.value.message == '"/dir/source" of the build context changed while it was being copied'
        assert caught.value.hint == "build again"

    def test_fewer_bytes_are_an_error(self, source: Path, target: BinaryIO) -> None:
        source.write_bytes(LARGE[:-1])

        with pytest.raises(ContextError, match="changed while it was being copied"):
            copy_hashed(str(source), target.fileno(), size=len(LARGE), expected=Digest.of(LARGE), name="source")

    def test_of_a_file_that_grows_what_was_expected_arrives(self, source: Path, target: BinaryIO) -> None:
        source.write_bytes(LARGE + b"more")

        copy_hashed(str(source), target.fileno(), size=len(LARGE), expected=Digest.of(LARGE), name="source")

        assert written(target) == LARGE

    def test_a_file_that_is_gone_has_changed(self, source: Path, target: BinaryIO) -> None:
        source.unlink()

        with pytest.raises(ContextError) as caught:
            copy_hashed(str(source), target.fileno(), size=len(LARGE), expected=Digest.of(LARGE), name="source")

        assert caught.value.message == changed("source").message

    def test_a_link_that_took_its_place_is_not_followed(self, source: Path, target: BinaryIO, tmp_path: Path) -> None:
        source.rename(tmp_path / "secret")
        source.symlink_to(tmp_path / "secret")

        with pytest.raises(ContextError) as caught:
            copy_hashed(str(source), target.fileno(), size=len(LARGE), expected=Digest.of(LARGE), name="source")

        assert caught.value.message == changed("source").message
        assert written(target) == b""

    def test_a_pipe_that_took_its_place_is_not_waited_for(self, source: Path, target: BinaryIO) -> None:
        source.unlink()
        os.mkfifo(source)

        with pytest.raises(ContextError, match="changed while it was being copied"):
            copy_hashed(str(source), target.fileno(), size=len(LARGE), expected=Digest.of(LARGE), name="source")

    @pytest.mark.skipif(os.geteuid() != 0, reason="becomes somebody else for a moment")
    def test_a_file_that_may_not_be_read_is_an_error_with_a_hint(self, source: Path, target: BinaryIO) -> None:
        source.chmod(0)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(ContextError) as caught:
                copy_hashed(str(source), target.fileno(), size=len(LARGE), expected=Digest.of(LARGE), name="source")
        finally:
            os.seteuid(0)

        assert caught.value.message == 'cannot read "/source" of the build context: Permission denied'
        assert caught.value.hint == "make it readable, or leave it out"


class TestFixed:
    """Of a layer, whose files never change."""

    def test_the_bytes_arrive(self, source: Path, target: BinaryIO) -> None:
        copy_fixed(str(source), target.fileno(), size=len(LARGE))

        assert written(target) == LARGE

    @pytest.mark.parametrize("size", [0, 10, len(LARGE) - 1, len(LARGE) + 1])
    def test_another_size_is_an_error_with_a_hint(self, source: Path, target: BinaryIO, size: int) -> None:
        with pytest.raises(CorruptError) as caught:
            copy_fixed(str(source), target.fileno(), size=size)

        assert caught.value.message == f"{source} has {len(LARGE)} bytes, its layer says {size}"
        assert caught.value.hint == "run `stagemill store check`, then build again"

    def test_an_empty_file_is_a_file(self, tmp_path: Path, target: BinaryIO) -> None:
        (tmp_path / "empty").touch()

        copy_fixed(str(tmp_path / "empty"), target.fileno(), size=0)

        assert written(target) == b""

    def test_where_the_kernel_cannot_copy_we_do(self, source: Path) -> None:
        """Into a pipe, for one."""
        read_end, write_end = os.pipe()
        small = source.with_name("small")
        small.write_bytes(b"small")
        try:
            copy_fixed(str(small), write_end, size=5)
            found = os.read(read_end, 100)
        finally:
            os.close(read_end)
            os.close(write_end)

        assert found == b"small"


def test_write_writes_all(target: BinaryIO) -> None:
    write(target.fileno(), LARGE)

    assert written(target) == LARGE
