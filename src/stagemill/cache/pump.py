"""`pumped`: a blob that a thread of its own reads, so that nobody waits longer for it than its source is worth.

However a source fails to give bytes, by silence, a byte at a time, or a disk that hangs, who wants them is done with it in time;
what still waits for the source ends with the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeAlias

from stagemill.errors import CacheError
from stagemill.oci.blobs import BlobSource
from stagemill.oci.descriptor import Descriptor
from stagemill.values import dataclass

_PIECE = 1 << 18
_DEPTH = 4
_PAUSE = 0.2
_FAREWELL = 5.0
_Item: TypeAlias = bytes | BaseException | None
"""The first is empty and says that the blob was found; None is the end."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How slow a source may be: who waits for one blob waits `grace` seconds in all, or one for each `least` bytes that came."""

    grace: float = 30.0
    least: int = 256 * 1000

    def left(self, waited: float, size: int) -> float:
        """Seconds that one may still wait who has waited so long and got so many bytes."""
        return max(self.grace, size / self.least) - waited


class TooSlowError(CacheError):
    """A source does not keep pace."""


@contextmanager
def pumped(
    blobs: BlobSource, descriptor: Descriptor, *, pace: Pace, count: Callable[[int], None]
) -> Iterator[PumpedReader]:
    """The blob's bytes, as `BlobSource.open` has them; `count` is told of them as they come. Raises TooSlowError, too."""
    reader = PumpedReader(pace, count)
    thread = Thread(target=reader.pump, args=(blobs, descriptor), name="import blob", daemon=True)
    thread.start()
    try:
        reader.begin()
        yield reader
    finally:
        reader.stop()
        if reader.ended:
            thread.join(_FAREWELL)


class PumpedReader:
    """Made by `pumped`."""

    def __init__(self, pace: Pace, count: Callable[[int], None]) -> None:
        self._pace = pace
        self._count = count
        self._items: Queue[_Item] = Queue(_DEPTH)
        self._stopped = Event()
        self._waited = 0.0
        self._bytes = 0
        self._piece = b""
        self._at = 0
        self.ended = False

    def begin(self) -> None:
        """The source has found the blob afterwards. Raises what it raises."""
        self._next()

    def read(self, size: int, /) -> bytes:
        if self._at >= len(self._piece) and not self.ended:
            self._piece, self._at = self._next(), 0
        data = self._piece[self._at : self._at + size]
        self._at += len(data)
        return data

    def stop(self) -> None:
        """Nothing more is wanted."""
        self._stopped.set()

    def pump(self, blobs: BlobSource, descriptor: Descriptor) -> None:
        """What the thread does."""
        try:
            with blobs.open(descriptor) as reader:
                self._give(b"")
                while not self._stopped.is_set() and (data := reader.read(_PIECE)):
                    self._give(data)
            self._give(None)
        except BaseException as error:  # noqa: BLE001  it is raised where the bytes are wanted
            self._give(error)

    def _give(self, item: _Item) -> None:
        while not self._stopped.is_set():
            try:
                self._items.put(item, timeout=_PAUSE)
            except Full:
                continue
            return

    def _next(self) -> bytes:
        """The next piece, b"" at the end."""
        began = time.monotonic()
        try:
            item = self._items.get(timeout=max(self._pace.left(self._waited, self._bytes), 0.0))
        except Empty:
            raise self._too_slow() from None
        finally:
            self._waited += time.monotonic() - began
        if isinstance(item, BaseException):
            self.ended = True
            raise item
        if item is None:
            self.ended = True
            return b""
        self._bytes += len(item)
        self._count(len(item))
        return item

    def _too_slow(self) -> TooSlowError:
        if not self._bytes:
            what = f"less than {_PIECE // 1000} kB came in {self._pace.grace:.0f} seconds"
        else:
            what = f"it gives {self._bytes / max(self._waited, self._pace.grace) / 1000:.0f} kB a second"
        return TooSlowError(what, hint="that would take longer than to build again")
