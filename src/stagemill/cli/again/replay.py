"""`replay`: answers a build from its receipt, where all that it looked at is still the same."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager

from stagemill.cli.again import archive, entry, question, receipt
from stagemill.cli.again.archive import Blobs, ChangedError
from stagemill.cli.again.glance import Glance
from stagemill.cli.again.survey import Survey
from stagemill.cli.again.unanswered import Unanswered
from stagemill.cli.frame.roots import store_root
from stagemill.store.opening import kept

TYPE_CHECKING = False  # for a type checker it is true; typing itself takes a while to load
if TYPE_CHECKING:
    from typing import TextIO

    from stagemill.cli.again.forms import Asked, Receipt

_AWAKE = 30.0  # seconds; what was used less long ago is not marked again, as the store's records have it
_BUSY = 5.0
_MANY = 500


def replay(asked: str, environment: Mapping[str, str]) -> Unanswered | None:
    """None where the build is done that a question asks for. Else an ordinary build has everything to do, and nothing was said
    yet.
    """
    begun = time.time()
    glances: list[tuple[Asked, Glance]] = []
    try:
        root = store_root(environment, root=os.geteuid() == 0)
        path = receipt.place(root, question.name(asked))
        known = receipt.read(path)
        if known is None or not _are_as_before(known["settings"]):
            return Unanswered(asked)
        # The answers come while the files are looked at.
        glances = [(one, Glance(one["url"], known["headers"])) for one in known["asked"] if one["url"]]
        if not _looks_the_same(known, glances):
            unanswered = Unanswered(asked, glances)
            if known["runs"]:
                unanswered.get_ready(f"{root}/mounts")
            return unanswered
        seconds = _answer(root, path, known, environment, begun=begun)
    except (OSError, sqlite3.Error, ChangedError, LookupError, ValueError, TypeError):
        return Unanswered(asked)  # whatever it is, the build itself meets it too, and says what to do
    _tell(known, seconds)
    return None


def _are_as_before(files: Mapping[str, str | None]) -> bool:
    return all(_digest(path) == digest for path, digest in files.items())


def _looks_the_same(known: Receipt, glances: Sequence[tuple[Asked, Glance]]) -> bool:
    """Whether files, the context and what tags mean are what they were."""
    if not _are_as_before(known["files"]):
        return False
    looked = known["context"]
    if looked and Survey(looked["root"], looked["directories"], frozenset(looked["hidden"])).digest != looked["digest"]:
        return False
    return all(glance.answer() == one["digest"] for one, glance in glances)


def _answer(root: str, path: str, known: Receipt, environment: Mapping[str, str], *, begun: float) -> list[float]:
    """Writes what the build wrote; how many seconds each archive took. Raises ChangedError where it is not to be had so."""
    trusted = known["boot"] == receipt.boot()
    blobs = Blobs(f"{root}/blobs/sha256", known["blobs"], trusted=trusted)
    with closing(blobs), _state(root, known["schema"]) as state:
        rows = _Rows(state, known)
        for one in known["asked"]:
            if not one["url"] and _asked(one, environment) != one["digest"]:
                raise ChangedError(one["reference"])
        seconds = []
        for written in known["archives"]:
            began = time.perf_counter()
            archive.write(written["dest"], written["pieces"], blobs)
            seconds.append(time.perf_counter() - began)
        now = time.time()
        rows.mark(now)
        entry.write(root, known["entry"], begun=begun, seconds=now - begun)
    if not trusted or blobs.facts != known["blobs"]:
        receipt.write(path, {**known, "boot": receipt.boot(), "blobs": blobs.facts})
    return seconds


@contextmanager
def _state(root: str, schema: int) -> Iterator[sqlite3.Connection]:
    """The store's tables. Raises ChangedError where they are of another version."""
    with ExitStack() as stack:
        with kept(root):
            state = sqlite3.connect(f"{root}/state.sqlite", timeout=_BUSY)
            stack.callback(_close, state, root)
            (version,) = state.execute("PRAGMA user_version").fetchone()
        if version != schema:
            raise ChangedError("the store")
        yield state


def _close(state: sqlite3.Connection, root: str) -> None:
    with kept(root):
        state.close()


class _Rows:
    """What the store's tables have of a receipt's steps and names."""

    def __init__(self, state: sqlite3.Connection, known: Receipt) -> None:
        """Raises ChangedError where they have something else, or less."""
        self._state = state
        steps = dict(row for rows in self._select("key, used FROM records WHERE key", known["steps"]) for row in rows)
        names = {**known["before"], **known["after"]}
        means: dict[str, str | None] = dict.fromkeys(names)
        self._given: dict[str, float] = {}
        for rows in self._select("reference, descriptor, created FROM images WHERE reference", [*names]):
            for name, descriptor, created in rows:
                means[name] = descriptor.decode()
                if name in known["after"]:
                    self._given[name] = created
        if means != names or len(steps) != len(known["steps"]):
            raise ChangedError("the store")
        self._used: dict[str, float] = steps

    def mark(self, now: float) -> None:
        """Steps count as used now, and names as given now."""
        for what, times in (
            ("records SET used = ? WHERE key", self._used),
            ("images SET created = ? WHERE reference", self._given),
        ):
            for some, marks in _some([key for key, at in times.items() if at < now - _AWAKE]):
                self._state.execute(f"UPDATE {what} IN ({marks})", (now, *some))
        self._state.commit()

    def _select(self, what: str, keys: Sequence[str]) -> Iterator[sqlite3.Cursor]:
        for some, marks in _some(keys):
            yield self._state.execute(f"SELECT {what} IN ({marks})", some)


def _some(keys: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    """As many as one statement takes, with a question mark for each."""
    for start in range(0, len(keys), _MANY):
        some = keys[start : start + _MANY]
        yield some, ",".join("?" * len(some))


def _digest(path: str) -> str | None:
    """Of a file's bytes; None where nothing is. Raises OSError."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        if os.path.lexists(path):
            raise
        return None


def _asked(one: Asked, environment: Mapping[str, str]) -> str | None:
    """The digest that a tag has, where the registry wants more than a glance; None where it cannot be had."""
    from stagemill.cli.again.asking import head  # what it loads takes longer than all else here

    return head(one["reference"], environment)


def _tell(known: Receipt, seconds: Sequence[float]) -> None:
    """What an ordinary build says that finds everything."""
    if known["mode"] == "plain":
        _write(sys.stderr, _plain(known["said"], seconds))
    elif known["mode"] != "quiet":
        from stagemill.cli.again.retell import retell

        retell(known["mode"], known["said"], seconds)
    _write(sys.stdout, known["output"])


def _write(stream: TextIO, text: str) -> None:
    """Where nobody reads it, it is not said."""
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        return


def _plain(said: Sequence[Sequence[str]], seconds: Sequence[float]) -> str:
    """As `progress.plain` says it."""
    blocks, number = [], 0
    for kind, text, _, _ in said:
        if kind == "notice":
            blocks.append("".join(f"#0 {line}\n" for line in text.split("\n")))
            continue
        number += 1
        took = seconds[int(kind)] if kind.isdigit() else 0.0
        last = "CACHED" if kind == "cached" else f"DONE {took:.1f}s"
        blocks.append(f"#{number} {text}\n#{number} {last}\n")
    return "\n".join(blocks)
