"""`Database`: the SQLite file of a store, for many threads and processes, versioned, and made anew where it is damaged.

Two groups of tables have a version each. The cache is dropped where another version made it. The names are kept: a
newer version's are left alone, with an error. A damaged file is set aside, and its names are taken over as far as they
can be read.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

from stagemill.digest import Digest
from stagemill.errors import StoreError
from stagemill.store import schema
from stagemill.store.faults import DISK_HINT, PERMISSION_HINT, SPACE_HINT, store_error
from stagemill.store.opening import kept

Cell: TypeAlias = "str | int | float | bytes | None"
Row: TypeAlias = Sequence[Cell]
T = TypeVar("T")

BUSY_SECONDS = 60.0
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_READONLY_DBMOVED")
_HINTS = {
    "SQLITE_FULL": SPACE_HINT,
    "SQLITE_READONLY": PERMISSION_HINT,
    "SQLITE_CANTOPEN": PERMISSION_HINT,
    "SQLITE_PERM": PERMISSION_HINT,
    "SQLITE_BUSY": "another process holds the file; wait for it, or end it",
    "SQLITE_IOERR": DISK_HINT,
}


class Database:
    """One connection, shared by this process's threads. `lock` excludes other processes while the file is (re)made."""

    def __init__(
        self,
        path: Path,
        *,
        lock: Callable[[], AbstractContextManager[None]],
        report: Callable[[str], None],
    ) -> None:
        self.path = path
        self._lock = lock
        self._report = report
        self._guard = threading.RLock()
        self._made_anew = 0
        self._inode = 0
        with self._explained():
            self._connection = self._open()

    def rows(self, make: Callable[[Row], T], sql: str, *cells: Cell) -> list[T]:
        """What `make` makes of each row; a row of which it makes nothing (ValueError) counts as not there."""
        made: list[T] = []
        for row in self._run(sql, cells)[0]:
            with suppress(ValueError):
                made.append(make(row))
        return made

    def change(self, sql: str, *cells: Cell) -> int:
        """Runs one statement, durable when it returns unless the power fails; says how many rows it changed."""
        return self._run(sql, cells)[1]

    def mend(self) -> bool:
        """Reads the whole file; where it is damaged it is made anew. Says whether it was whole."""
        with self._guard, self._explained():
            before = self._made_anew
            self._leave()  # its page cache would hide what is on the disk
            self._connection = self._open()
            if self.rows(text, "PRAGMA quick_check(1)") != ["ok"]:
                self._reopen()
            return self._made_anew == before

    def close(self) -> None:
        with self._guard:
            self._leave()

    def _run(self, sql: str, cells: Sequence[Cell]) -> tuple[list[Row], int]:
        with self._guard, self._explained():
            if self._has_moved():  # another process has set the file aside: what is written to it would be lost
                self._reopen()
            try:
                return _execute(self._connection, sql, cells)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
            self._reopen()
            return _execute(self._connection, sql, cells)

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
        with self._lock():
            try:
                return self._connect(locked=True)  # another process may have been faster
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
            return self._make_anew()

    def _reopen(self) -> None:
        """Leaves the damaged file; it is set aside unless another process has done that already."""
        self._leave()
        with self._lock():
            if self._has_moved():
                self._connection = self._connect(locked=True)
            else:
                self._connection = self._make_anew()

    def _leave(self) -> None:
        with ExitStack() as stack:
            with suppress(OSError):  # the whole store may be gone
                stack.enter_context(kept(self.path.parent))
            with suppress(sqlite3.Error):
                self._connection.close()

    def _has_moved(self) -> bool:
        return self._found() != self._inode

    def _connect(self, *, locked: bool = False) -> sqlite3.Connection:
        with kept(self.path.parent):
            connection, version = self._connection_of(schema.version)
        if version != schema.VERSION:
            try:
                with nullcontext() if locked else self._lock():
                    self._install(connection)
            except BaseException:
                with kept(self.path.parent):
                    connection.close()
                raise
        return connection

    def _connection_of(self, use: Callable[[sqlite3.Connection], T]) -> tuple[sqlite3.Connection, T]:
        """One that was used, and what came of it."""
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.text_factory = _decode
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
            found = use(connection)
        except BaseException:
            connection.close()
            raise
        self._inode = self._found()
        return connection, found

    def _found(self) -> int:
        """The inode of the file, 0 where there is none."""
        try:
            return os.stat(self.path).st_ino
        except FileNotFoundError:
            return 0

    def _make_anew(self) -> sqlite3.Connection:
        aside = self.path.with_name(f"{self.path.name}.damaged")
        # The main file goes last: a fresh one must never meet the write-ahead log of another.
        with kept(self.path.parent, fcntl.LOCK_EX):
            for suffix in ("-wal", "-shm", ""):
                with suppress(FileNotFoundError):
                    os.rename(f"{self.path}{suffix}", f"{aside}{suffix}")
            self._made_anew += 1
            connection, _ = self._connection_of(self._install)
        rescued = schema.rescue(aside, connection)
        self._report(
            f"the store's {self.path} was damaged and has been made anew: cache records are lost, "
            f"{rescued} image names could be read; the damaged file is kept as {aside}"
        )
        return connection

    def _install(self, connection: sqlite3.Connection) -> None:
        schema.install(connection, str(self.path))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            name = getattr(error, "sqlite_errorname", "")
            hint = next((hint for prefix, hint in _HINTS.items() if name.startswith(prefix)), None)
            if name.startswith("SQLITE_IOERR") and self._is_full():
                hint = SPACE_HINT
            raise StoreError(f"cannot use {self.path}: {error}", hint=hint) from error
        except OSError as error:
            raise store_error(error, "use", self.path) from error

    def _is_full(self) -> bool:
        try:
            return os.statvfs(self.path.parent).f_bavail == 0
        except OSError:
            return False


def text(row: Row) -> str:
    """A row of one text. Raises ValueError."""
    match row:
        case (str(cell),):
            return cell
        case _:
            raise ValueError("no text")


def digest(row: Row) -> Digest:
    """A row of one digest. Raises ValueError."""
    return Digest(text(row))


def _decode(data: bytes) -> str:
    # SQLite does not look into its texts: what is damaged in one must not make the table unreadable.
    return data.decode("utf-8", "replace")


def _execute(connection: sqlite3.Connection, sql: str, cells: Sequence[Cell]) -> tuple[list[Row], int]:
    cursor = connection.execute(sql, cells)
    return cursor.fetchall(), cursor.rowcount


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    name: str = getattr(error, "sqlite_errorname", "")
    return name.startswith(_DAMAGED)
