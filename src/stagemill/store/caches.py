"""`Caches`: the directories of `RUN --mount=type=cache`, which steps share and which outlive every build.

Source: BuildKit's Dockerfile reference, `--mount=type=cache`. `caches/<hash of the name>/<number>/` is such a directory;
`<number>.lock` beside it is flock'ed by whoever uses it, and its time is that of the last use; `name` tells what it is called.
Several users of one name have number 0 in common, or one each where they are to be private.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Literal, TypeAlias

from stagemill.errors import CancelledError, StoreError
from stagemill.store.faults import explained
from stagemill.store.locks import FIRST_WAIT, LONGEST_WAIT, Locks, never
from stagemill.store.temporary import Temporary
from stagemill.values import dataclass

Sharing: TypeAlias = Literal["shared", "private", "locked"]
_LOCKS = Path("/proc/locks")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class CacheDirectory:
    """One of the directories of a name. `used` is when that ended last, in seconds since the epoch."""

    name: str
    number: int
    path: Path
    used: float

    @property
    def id(self) -> str:
        """Of no other one: as it lies on the disk."""
        return f"{self.path.parent.name}-{self.number}"


class Caches:
    """The cache directories of a store, by name; any number of threads and processes may use them."""

    def __init__(self, directory: Path, temporary: Temporary, locks: Locks) -> None:
        self._directory = directory
        self._temporary = temporary
        self._locks = locks

    @contextmanager
    def use(
        self,
        name: str,
        *,
        sharing: Sharing,
        fill: Callable[[Path], None],
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[Path]:
        """A directory of that name, in use until the block ends: by others too where it is `shared`, by nobody else else.

        `fill` gets a new one, which is empty, root's and 0755, before anybody sees it. Where it is `locked`, who comes
        second waits; of `private` ones each gets the first that is free. Raises CancelledError while it waits, StoreError.
        """
        folder = self._folder(name)
        number, lock = self._private(folder) if sharing == "private" else self._wait(folder, sharing, cancelled)
        try:
            place = folder / str(number)
            if not place.is_dir():
                self._make(place, fill, cancelled)
            yield place
        finally:
            with suppress(OSError):
                os.utime(lock)
            _release(lock)

    def all(self) -> list[CacheDirectory]:
        """Every directory, by name and number."""
        with explained("list", self._directory):
            folders = sorted(path for path in self._directory.iterdir() if path.is_dir())
        found = [one for folder in folders for one in _in(folder)]
        return sorted(found, key=lambda one: (one.name, one.number))

    @contextmanager
    def alone(self, name: str, number: int = 0, *, patience: float = 0.0) -> Iterator[Path | None]:
        """Where a directory of that name is, or would be, with nobody else in it for the length of the block.

        None where others do not leave it within `patience` seconds, or there never was one of that name.
        """
        folder = self._directory / _hashed(name)
        deadline = time.monotonic() + patience
        pause = FIRST_WAIT
        lock = None
        while folder.is_dir() and (lock := _take(folder / f"{number}.lock", fcntl.LOCK_EX)) is None:
            if time.monotonic() >= deadline:
                break
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_WAIT)
        if lock is None:
            yield None
            return
        try:
            yield folder / str(number)
        finally:
            _release(lock)

    def is_used(self, name: str, number: int = 0) -> bool:
        """Whether somebody is in the directory now. No lock is taken: who wants a private one would have to make another."""
        try:
            inode = os.stat(self._directory / _hashed(name) / f"{number}.lock").st_ino
            lines = _LOCKS.read_text().splitlines()
        except OSError:
            return False
        return any("FLOCK" in line and line.split()[-3].endswith(f":{inode}") for line in lines)

    def remove(self, name: str, number: int = 0) -> bool:
        """The directory is not there afterwards; False where somebody uses it, and it is."""
        with self.alone(name, number) as place:
            if place is None:
                return not (self._directory / _hashed(name) / str(number)).exists()
            self._temporary.throw_away(place)
        return True

    def replace(self, name: str, fill: Callable[[Path], None]) -> bool:
        """The directory holds what `fill` gives a new one, and nothing that it held before; False where somebody uses it."""
        self._folder(name)
        with self.alone(name) as place:
            if place is None:
                return False
            path = self._temporary.new()
            try:
                with explained("make", path):
                    path.mkdir(0o700)
                    path.chmod(0o755)
                fill(path)
                self._temporary.throw_away(place)
                with explained("make", place):
                    path.rename(place)
            except BaseException:
                self._temporary.discard(path)
                raise
        return True

    def _folder(self, name: str) -> Path:
        data = name.encode("utf-8", "surrogatepass")
        folder = self._directory / _hashed(name)
        label = folder / "name"
        with explained("make", folder):
            folder.mkdir(0o700, exist_ok=True)
            if not label.exists():
                label.write_bytes(data)
        return folder

    def _private(self, folder: Path) -> tuple[int, int]:
        for number in count():
            lock = _take(folder / f"{number}.lock", fcntl.LOCK_EX)
            if lock is not None:
                return number, lock
        raise AssertionError("there is always one more")

    def _wait(self, folder: Path, sharing: Sharing, cancelled: Callable[[], bool]) -> tuple[int, int]:
        how = fcntl.LOCK_SH if sharing == "shared" else fcntl.LOCK_EX
        pause = FIRST_WAIT
        while (lock := _take(folder / "0.lock", how)) is None:
            if cancelled():
                raise CancelledError("stopped while waiting for a cache that another step uses")
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_WAIT)
        return 0, lock

    def _make(self, place: Path, fill: Callable[[Path], None], cancelled: Callable[[], bool]) -> None:
        """Appears by rename, complete. Two that share it may come here at once; the second one finds it."""
        with self._locks.hold(f"cache-{place.parent.name}-{place.name}", cancelled):
            if place.is_dir():
                return
            path = self._temporary.new()
            try:
                with explained("make", path):
                    path.mkdir(0o700)
                    path.chmod(0o755)
                fill(path)
                with explained("make", place):
                    path.rename(place)
            except BaseException:
                self._temporary.discard(path)
                raise


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _in(folder: Path) -> Iterator[CacheDirectory]:
    """The directories of one name; what vanishes meanwhile is not there."""
    with suppress(OSError):
        name = (folder / "name").read_bytes().decode("utf-8", "surrogatepass")
        for path in folder.iterdir():
            if path.name.isdigit() and path.is_dir():
                lock = path.with_name(f"{path.name}.lock")
                yield CacheDirectory(name, int(path.name), path, lock.stat().st_mtime)


def _release(lock: int) -> None:
    # Unlocked in so many words: a forked child may still have the descriptor.
    with suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


def _take(path: Path, how: int) -> int | None:
    """The locked file's descriptor, or None where somebody has it in a way that does not allow this one."""
    with explained("lock", path):
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    return lock


def make_inside(directory: Path, inside: str, *, mode: int, owner: tuple[int, int]) -> None:
    """There is a directory at a path in another one afterwards; those that are made have this mode and owner.

    What lies in a cache was put there by others: no symlink is followed, and one on the way is an error (StoreError).
    """
    descriptor = os.open(directory, _DIRECTORY)
    try:
        for name in inside.split("/"):
            with explained("make", directory / inside):
                made = _make_directory(name, descriptor)
            try:
                below = os.open(name, _DIRECTORY, dir_fd=descriptor)
            except OSError as error:
                message = f'cannot use "{inside}" of a cache: "{name}" is no directory, and a symbolic link might lead outside'
                raise StoreError(message, hint="use another source, or another id for this cache") from error
            os.close(descriptor)
            descriptor = below
            if made:
                with explained("make", directory / inside):
                    os.fchown(descriptor, *owner)
                    os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def _make_directory(name: str, parent: int) -> bool:
    """Whether it was missing."""
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError:
        return False
    return True
