"""Streams of bytes in pieces: reading exact amounts from them, and producing them ahead in a thread of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from threading import Semaphore, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

CHUNK = 1 << 20

_DEPTH = 4
_MANY = 8  # items that are worth a thread


def even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of exactly a mebibyte but for the last: what is made of them depends on where they are cut."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    yield bytes(waiting)


@contextmanager
def in_order(make: Callable[[T], R], items: Iterable[T], *, workers: int) -> Iterator[Iterator[R]]:
    """What is made of each item, in their order, by as many threads and a few items ahead; no item is taken before that.

    The first error is raised in its place; no thread is left when the `with` is.
    """
    left = iter(items)
    some = list(islice(left, 2))
    items = chain(some, left)
    if len(some) < 2 or workers < 2:
        yield map(make, items)
        return
    from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415  many layers are one block

    waiting: deque[Future[R]] = deque()

    def made(pool: ThreadPoolExecutor) -> Iterator[R]:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > workers + _DEPTH:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    with ThreadPoolExecutor(workers, thread_name_prefix="stagemill-pack") as pool:
        try:
            yield made(pool)
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def behind(do: Callable[[T], object], count: int) -> Iterator[Callable[[T], object]]:
    """Has something done with each of about `count` items in their order, in a thread of its own and a few items behind.

    All of it is done when the `with` is left. The first error is raised by then, and nothing is done after it.
    """
    if count < _MANY:
        yield do
        return
    lane = _Lane(do)
    try:
        yield lane.put
    except BaseException:
        lane.end(cancel=True)
        raise
    lane.end()
    lane.check()


class _Lane(Generic[T]):
    """A thread that does something with one item after the other; at most `_DEPTH` wait for it."""

    def __init__(self, do: Callable[[T], object]) -> None:
        self._do = do
        self._items: deque[T] = deque()
        self._free = Semaphore(_DEPTH)
        self._ready = Semaphore(0)
        self._error: BaseException | None = None
        self._ending = self._cancelled = False
        self._thread = Thread(target=self._run, name="stagemill-behind", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Raises what was raised for an earlier one."""
        self._free.acquire()
        self.check()
        self._items.append(item)
        self._ready.release()

    def end(self, *, cancel: bool = False) -> None:
        """The thread has ended; what waited was done, unless it is to be left."""
        self._ending, self._cancelled = True, cancel
        self._ready.release()
        self._thread.join()

    def check(self) -> None:
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            while True:
                self._ready.acquire()
                if self._cancelled or (self._ending and not self._items):
                    return
                self._do(self._items.popleft())
                self._free.release()
        except BaseException as error:  # noqa: BLE001  it is raised where items are put
            self._error = error
        finally:
            self._free.release()


class ByteStream:
    """Pieces of bytes read as one stream: `read` returns exactly as much as is asked for, less only at the end."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._data = b""
        self._at = 0

    def read(self, size: int, /) -> bytes:
        end = self._at + size
        if end <= len(self._data):
            taken = self._data[self._at : end]
            self._at = end
            return taken
        parts = [self._data[self._at :]]
        missing = size - len(parts[0])
        self._data, self._at = b"", 0
        for chunk in self._chunks:
            if missing <= len(chunk):
                parts.append(chunk[:missing])
                self._data, self._at = chunk, missing
                break
            parts.append(chunk)
            missing -= len(chunk)
        return b"".join(parts)

    def peek(self, size: int) -> bytes:
        """What `read` will return next."""
        taken = self.read(size)
        self._data, self._at = taken + self._data[self._at :], 0
        return taken

    @property
    def waiting(self) -> int:
        """How many bytes have come that nobody has read yet."""
        return len(self._data) - self._at

    def skip(self, size: int) -> bool:
        """Passes over bytes without keeping them; False where the stream ends before."""
        while size > 0:
            passed = len(self.read(min(size, CHUNK)))
            if not passed:
                return False
            size -= passed
        return True

    def drain(self) -> None:
        """Reads what is left, for the sake of what watches the stream pass."""
        self._data, self._at = b"", 0
        for _ in self._chunks:
            pass


class _Ahead:
    """The pieces that a thread has made and nobody has taken yet, at most `_DEPTH` of them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._made: deque[bytes] = deque()
        self._free = Semaphore(_DEPTH)
        self._ready = Semaphore(0)
        self._error: BaseException | None = None
        self._stopped = False
        self._thread = Thread(target=self._produce, args=(chunks,), name="stagemill-stream", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self._ready.acquire()
            if not self._made:
                if self._error:
                    raise self._error
                return
            self._free.release()
            yield self._made.popleft()

    def stop(self) -> None:
        self._stopped = True
        self._free.release()
        self._thread.join()

    def _produce(self, chunks: Iterable[bytes]) -> None:
        try:
            for chunk in chunks:
                self._free.acquire()
                if self._stopped:
                    return
                self._made.append(chunk)
                self._ready.release()
        except BaseException as error:  # noqa: BLE001  it is raised where the pieces are taken
            self._error = error
        finally:
            self._ready.release()


@contextmanager
def ahead(chunks: Iterable[bytes]) -> Iterator[Iterator[bytes]]:
    """The same pieces, made in a thread while earlier ones are used. The thread has ended when the `with` is left.

    An error of the producer is raised where its piece would have come.
    """
    producer = _Ahead(chunks)
    try:
        yield iter(producer)
    finally:
        producer.stop()
