"""`ArchiveWriter`: a tar archive of blobs and small documents, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from stagemill.errors import CorruptError, StagemillError
from stagemill.layer import header as tar


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
        if written != size:
            raise CorruptError(f"{name} has {written} bytes, want {size}", hint="fetch or build the image again")
        self.raw(tar.padding(size))

    def raw(self, data: bytes) -> None:
        """Bytes of the archive as they are. Raises StagemillError where they cannot be written."""
        try:
            self._out.write(data)
        except OSError as error:
            reason = error.strerror or str(error)
            hint = "make room, or choose another place with dest="
            raise StagemillError(f"cannot write the archive: {reason}", hint=hint) from error

    def close(self) -> None:
        """Ends the archive; `out` stays open."""
        self.raw(tar.END)
