"""`Remotes`: files and repositories that URLs name, for a whole build and all its threads.

Nothing is connected, and neither an HTTP library nor git is loaded, before something is asked for. What was found once is
the same until the end of the build, whoever asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import MismatchError, StagemillError
from stagemill.graph import operations
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.store.locks import never
from stagemill.store.store import Store
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.registry.config import RegistryConfig
    from stagemill.registry.retry import Retries
    from stagemill.sources.git import GitSource
    from stagemill.sources.http import HttpSource, Progress
    from stagemill.sources.pins import Pins
    from stagemill.sources.policy import Judge

T = TypeVar("T")
_INTERVAL = 0.1  # seconds between two reports of a download
_SLICE = 0.1


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line knows of how to reach others. `environment` has PATH and the proxies for git.

    `limit` gives the most bytes of a file, `policy` says what may be asked for, `pins` what is settled; `agents` are sockets of SSH agents by id, `known_hosts` a file of SSH. `sleep`
    waits between attempts (None: as long as it takes).
    """

    config: Callable[[], RegistryConfig]
    user_agent: str
    environment: Mapping[str, str]
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    agents: Mapping[str, Path] = field(default_factory=dict)
    known_hosts: Path | None = None
    limit: Callable[[], int | None] = lambda: None
    policy: Judge | None = None
    pins: Pins | None = None
    sleep: Callable[[float], None] | None = None
    retries: Retries | None = None


class Remotes:
    """Finds (`http`, `git`) while planning, and brings (`fetch`, `checkout`) while building.

    `close` ends what is under way, from any thread: whoever waits for it gets CancelledError.
    """

    def __init__(
        self, store: Store, settings: Settings, *, listener: events.Listener, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._settings = settings
        self._listener = listener
        self._clock = clock
        self._closed = Event()
        self._guard = Lock()
        self._files: _Answers[operations.Http] = _Answers()
        self._commits: _Answers[operations.Git] = _Answers()
        self._dates: _Answers[int | None] = _Answers()
        self._made: tuple[HttpSource, Callable[[], None]] | None = None

    def http(self, location: HttpLocation, *, checksum: Digest | None = None) -> operations.Http:
        """The file that the URL has now; its bytes are in the store afterwards. Raises StagemillError with a hint."""

        def resolve() -> operations.Http:
            place, wanted, name = self._policed(location, checksum)
            pins = self._settings.pins
            settled = pins.file(place, wanted) if pins else wanted
            with self._told(f"[internal] load {place}") as progress:
                found = self._read(place, settled, progress)
            if pins:
                pins.found(place, found)
            return replace(found, name=name)

        return self._files.of((location, checksum), resolve)

    def git(self, location: GitLocation) -> operations.Git:
        """The commit that the location means now; no file is fetched. Raises StagemillError with a hint."""

        def resolve() -> operations.Git:
            policy = self._settings.policy
            if policy is None:
                return self._looked_up(location)
            from stagemill.sources.policed import confirm, repository  # noqa: PLC0415  few builds have a policy

            place = repository(policy, location)
            found = self._looked_up(place)
            confirm(policy, place, found)
            return found

        return self._commits.of(location, resolve)

    def _read(self, location: HttpLocation, checksum: Digest | None, progress: Progress) -> operations.Http:
        try:
            return self._http.resolve(location, checksum=checksum, progress=progress)
        except MismatchError as error:
            pins = self._settings.pins
            changed = pins.changed(location, Digest(error.found), Digest(error.wanted)) if pins else None
            raise changed or error from error

    def _looked_up(self, location: GitLocation) -> operations.Git:
        pins = self._settings.pins
        known = pins.repository(location) if pins else None
        with self._told(f"[internal] load git source {location}"):
            found = self._git(self._closed.is_set).resolve(location, known=known)
        if pins:
            pins.found(location, found)
        return found

    def dated(self, location: Location, *, checksum: Digest | None = None) -> int | None:
        """The time of a commit, the Last-Modified of a file, else that of the newest file in an archive.

        In seconds since 1970; None where there is none. Raises StagemillError with a hint.
        """

        def find() -> int | None:
            if isinstance(location, GitLocation):
                op = self.git(location)
                with self._told(f"[internal] load the date of {location}"):
                    return self._git(self._closed.is_set).date(op)
            from stagemill.context.archive import newest  # noqa: PLC0415  as below

            file = self.http(location, checksum=checksum)
            return file.mtime or newest(self.fetch(file))

        return self._dates.of((location, checksum), find)

    def admit_files(self, name: str) -> None:
        """The files of a context may be read. Raises SourceError where the policy denies it."""
        if self._settings.policy:
            from stagemill.sources.policed import admit_files  # noqa: PLC0415  as above

            admit_files(self._settings.policy, name)

    def _policed(self, location: HttpLocation, checksum: Digest | None) -> tuple[HttpLocation, Digest | None, str]:
        """The file that is had for one, and its name in the tree."""
        if not self._settings.policy:
            return location, checksum, location.name
        from stagemill.sources.policed import file  # noqa: PLC0415  as above

        found = file(self._settings.policy, location, checksum)
        return found.location, found.checksum, found.name

    def fetch(self, op: operations.Http) -> Path:
        """Where the file lies, in the store, whole: it was checked. Raises StagemillError with a hint."""
        self._http.fetch(op, progress=_quiet)
        self._store.blobs.verify(op.content)
        return self._store.blobs.path(op.content)

    def checkout(self, op: operations.Git, into: Path, *, stopped: Callable[[], bool] = never) -> None:
        """The commit's files are in an empty directory of the store's file system. Raises StagemillError with a hint.

        `stopped` is asked often while git works; CancelledError where it says so.
        """
        self._git(lambda: self._closed.is_set() or stopped()).checkout(op, into)

    def close(self) -> None:
        """Nothing is asked for any more."""
        self._closed.set()
        with self._guard:
            made = self._made
        if made:
            made[1]()

    @contextmanager
    def _told(self, name: str) -> Iterator[Progress]:
        """Tells the listener that something is looked up, and how it ended."""
        step = Digest.of(name.encode("utf-8", "surrogateescape"))
        last = 0.0

        def progress(current: int, total: int | None) -> None:
            nonlocal last
            now = self._clock()
            if now - last >= _INTERVAL or current == total:
                last = now
                self._listener(events.Transfer(step, "download", current, total, now, done=current == total))

        self._listener(events.Started(step, name, self._clock()))
        try:
            yield progress
        except StagemillError as error:
            self._listener(events.Failed(step, str(error), self._clock()))
            raise
        self._listener(events.Finished(step, self._clock()))

    @property
    def _http(self) -> HttpSource:
        with self._guard:
            if self._made is None:
                self._made = self._connect()
            return self._made[0]

    def _connect(self) -> tuple[HttpSource, Callable[[], None]]:
        """Files at URLs, and how to end their transfers."""
        from stagemill.registry.retry import Retries, Sender  # noqa: PLC0415  loaded when the first URL is asked for
        from stagemill.registry.transport import Transport  # noqa: PLC0415
        from stagemill.sources.authorization import Authorizations  # noqa: PLC0415
        from stagemill.sources.http import HttpSource  # noqa: PLC0415

        settings = self._settings
        config = settings.config()
        transport = Transport(user_agent=settings.user_agent, proxies=config.proxies, settings=config.settings)
        sender = Sender(
            transport.send, settings.retries or Retries(), settings.sleep or self._pause, self._closed.is_set
        )
        source = HttpSource(self._store, sender, Authorizations(settings.secrets), settings.limit())
        return source, transport.close

    def _git(self, stopped: Callable[[], bool]) -> GitSource:
        from stagemill.sources.authorization import Authorizations  # noqa: PLC0415
        from stagemill.sources.git import GitSource  # noqa: PLC0415

        return GitSource(
            scratch=self._store.scratch,
            environment=self._settings.environment,
            authorizations=Authorizations(self._settings.secrets),
            agents=self._settings.agents,
            known_hosts=self._settings.known_hosts,
            settings=self._settings.config().settings,
            stopped=stopped,
        )

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._closed.is_set() and (left := end - time.monotonic()) > 0:
            self._closed.wait(min(left, _SLICE))


class _Answers(Generic[T]):
    """What was found, by what was asked, errors too; who asks second waits."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._locks: dict[Hashable, Lock] = {}
        self._found: dict[Hashable, T | StagemillError] = {}

    def of(self, question: Hashable, find: Callable[[], T]) -> T:
        with self._guard:
            lock = self._locks.setdefault(question, Lock())
        with lock:
            if question not in self._found:
                try:
                    self._found[question] = find()
                except StagemillError as error:
                    self._found[question] = error
            found = self._found[question]
        if isinstance(found, StagemillError):
            raise found
        return found


def _quiet(_current: int, _total: int | None) -> None:
    """For a download that was one before, and is made up for."""
