"""`Crew`: processes that do errands beside this one, as Python does one thing at a time in each.

They are started once there is enough to do, wait for more, and end with this process: what they are given comes through a
pipe, and they go when that is closed.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

from stagemill.files import errands

if TYPE_CHECKING:
    import subprocess
    from types import TracebackType

    from stagemill.files.errands import Errand

_PACKAGES = Path(__file__).parent.parent.parent
_SERVE = "import sys; sys.path.insert(0, sys.argv[1]); from stagemill.files.errands import serve; serve()"
_INHERITED = ("LD_LIBRARY_PATH",)  # without which some a Python does not start
_WORTH = 64 << 20
"""So much to do is worth a process, which takes some hundredths of a second to start. In bytes, as `cost` has it."""
_OF_A_FILE = 32 << 10  # so many bytes are hashed in the time that it takes to open one
_OF_A_LINK = 8 << 10
_FORM = 2  # of marshal: a later one looks for equal values, which takes longer than to write them
_PIPE = 1 << 20  # bytes
_HEAD = 4  # bytes, with the size of what follows
_DEEP = 2  # errands that a process has at most: one that it does, and one that waits

Done = Callable[[bytes], None]


def cost(errand: Errand, size: int) -> int:
    """What it takes to do an errand with files of so many bytes together."""
    return len(errand[-1]) * (_OF_A_LINK if errand[0] == "link" else _OF_A_FILE) + size


class Crew:
    """As many processes as there are processors, less this one. Thread-safe. Close it."""

    def __init__(self, most: int | None = None) -> None:
        self._most = len(os.sched_getaffinity(0)) - 1 if most is None else most
        self._lock = Lock()
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def hired(self) -> Iterator[Hands]:
        """For one caller at a time; another one who comes meanwhile has only his own hands. All errands are done when the
        block is left, unless by an error: then nobody does any of them any more.
        """
        free = self._lock.acquire(blocking=False)
        hands = Hands(self._workers, self._most if free else 0)
        try:
            yield hands
            hands.wait()
        except BaseException:
            if free:
                self.close()
            raise
        finally:
            if free:
                self._lock.release()

    def close(self) -> None:
        """Nothing is done any more, and the processes have ended."""
        while self._workers:
            self._workers.pop().kill()


class Hands:
    """What one caller has of a crew. Of one thread."""

    def __init__(self, workers: list[_Worker], most: int) -> None:
        self._workers = workers
        self._most = most
        self._seen = 0

    def put(self, errand: Errand, done: Done, *, size: int) -> None:
        """Has an errand done, now or later; `size` is what its files have together, in bytes.

        `done` gets what `errands.run` returned, in this thread: in this call, in a later one, or in `wait`.
        """
        self._collect(wait=False)
        self._seen += cost(errand, size)
        if self._most > len(self._workers) and self._seen >= _WORTH:
            self._hire()
        for worker in self._workers if self._most else ():
            if worker.waiting < _DEEP and worker.send(errand, done):
                return
        done(errands.run(errand))

    def _hire(self) -> None:
        """One more. Where the system has none left, this process is enough."""
        try:
            self._workers.append(_Worker())
        except OSError:
            self._most = len(self._workers)

    def wait(self) -> None:
        """All errands are done."""
        self._collect(wait=True)

    def _collect(self, *, wait: bool) -> None:
        if self._most:
            for worker in list(self._workers):
                if not worker.collect(wait=wait):
                    self._workers.remove(worker)
                    self._most -= 1


class _Worker:
    def __init__(self) -> None:
        import fcntl  # noqa: PLC0415  few contexts are large and new
        import subprocess  # noqa: PLC0415

        self._under_way: deque[tuple[Errand, Done]] = deque()
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", _SERVE, os.fspath(_PACKAGES)],
            bufsize=0,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # a Ctrl-C at the terminal is for the caller
        )
        assert self._process.stdin, "a pipe leads there"
        assert self._process.stdout, "a pipe leads back"
        self._there, self._back = self._process.stdin, self._process.stdout
        self._came = bytearray()  # of results that nobody has taken
        os.set_blocking(self._there.fileno(), False)
        os.set_blocking(self._back.fileno(), False)
        with suppress(OSError):  # the usual pipe holds one errand, and who fills it waits
            fcntl.fcntl(self._there, fcntl.F_SETPIPE_SZ, _PIPE)

    @property
    def waiting(self) -> int:
        return len(self._under_way)

    def send(self, errand: Errand, done: Done) -> bool:
        """Whether the process has it."""
        import marshal  # noqa: PLC0415  see above

        data = marshal.dumps(errand, _FORM)
        left = memoryview(len(data).to_bytes(_HEAD, "big") + data)
        try:
            while left := left[self._there.write(left) or 0 :]:
                if not self._wait(to_send=True):
                    return False
        except OSError:
            return False
        self._under_way.append((errand, done))
        return True

    def collect(self, *, wait: bool) -> bool:
        """Passes on what has come back. False where the process has died: what it had is done here."""
        alive = self._receive()
        while self._under_way:
            result = self._taken()
            if result is not None:
                self._under_way.popleft()[1](result)
            elif alive and wait:
                alive = self._wait()
            else:
                break
        if alive:
            return True
        self.kill()
        for errand, done in self._under_way:
            errands.undo(errand)
            done(errands.run(errand))
        return False

    def _wait(self, *, to_send: bool = False) -> bool:
        """Until something comes, or more can be sent. False where the process has died.

        Who sends takes what comes as well: pipes may be as small as a page, and both would wait for each other.
        """
        import select  # noqa: PLC0415  see above

        poller = select.poll()
        poller.register(self._back, select.POLLIN)
        if to_send:
            poller.register(self._there, select.POLLOUT)
        poller.poll()
        return self._receive()

    def _receive(self) -> bool:
        """Keeps what has come. False where the process has died."""
        while data := self._back.read(errands.CHUNK):
            self._came += data
        return data is None  # nothing yet

    def _taken(self) -> bytes | None:
        """The next result, if it has come whole."""
        size = _HEAD + int.from_bytes(self._came[:_HEAD], "big")
        if len(self._came) < size:
            return None
        result = bytes(self._came[_HEAD:size])
        del self._came[:size]
        return result

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._there.close()
        self._back.close()
