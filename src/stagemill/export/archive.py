"""`ArchiveWriter`: a tar archive of blobs and small documents, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from stagemill.errors import CorruptError, StagemillError
from stagemill.layer import header as tar
from stagemill.oci.blobs import Pourable


class ArchiveWriter:
    """Writes entries of mode 0644 (directories 0755), owned by root, of the year 1970, in the order of the calls."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def directory(self, name: str) -> None:
        self.raw(tar.header(f"{name}/".encode(), tar.DIRECTORY, mode=0o755))

    def file(self, name: str, data: bytes) -> None:
        self.stream(name, len(data), (data,))

    def stream(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """Raises CorruptError where the chunks are not `size` bytes."""
        self.raw(tar.header(name.encode(), tar.FILE, mode=0o644, size=size))
        written = 0
        for chunk in chunks:
            written += len(chunk)
            self.raw(chunk)
        self._end(name, size, written)

    def pour(self, name: str, size: int, reader: Pourable) -> bool:
        """As `stream`, past this process; False where the archive is no file, and nothing was done."""
        try:
            target = self._out.fileno()
        except io.UnsupportedOperation:
            return False
        self.raw(tar.header(name.encode(), tar.FILE, mode=0o644, size=size))
        with _explained():
            self._out.flush()
            written = reader.pour(target)
        self._end(name, size, written)
        return True

    def raw(self, data: bytes) -> None:
        """Bytes of the archive as they are. Raises StagemillError where they cannot be written."""
        with _explained():
            self._out.write(data)

    def close(self) -> None:
        """Ends the archive; `out` stays open."""
        self.raw(tar.END)

    def _end(self, name: str, size: int, written: int) -> None:
        if written != size:
            raise CorruptError(f"{name} has {written} bytes, want {size}", hint="fetch or build the image again")
        self.raw(tar.padding(size))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "make room, or choose another place with dest="
        raise StagemillError(f"cannot write the archive: {reason}", hint=hint) from error
