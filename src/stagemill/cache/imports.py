"""`Imports`: caches that are kept elsewhere, read side by side, for as long as a build has patience.

Only what they list is read at first. A layer is fetched when somebody needs its bytes; where that fails, its source counts
as lost, and nothing of it is given out any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import field
from threading import Event, Lock, Thread

from stagemill import events
from stagemill.cache.contents import CacheContents, CachedLayer, CachedMount, CachedStep
from stagemill.cache.pump import Pace, TooSlowError, pumped
from stagemill.digest import Digest
from stagemill.errors import CancelledError, NotFoundError, StagemillError
from stagemill.events import Listener
from stagemill.oci.blobs import BlobSource, Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.values import dataclass

PATIENCE = 10.0
"""Seconds, from when the build begins, after which a source that has not answered is left out."""

_SLICE = 0.2


_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Opened:
    """A cache that was read: what it holds, where its blobs are, and how many bytes were read so far."""

    contents: CacheContents
    blobs: BlobSource
    bytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """A cache by what people call it. `open` reads what it lists, or raises StagemillError."""

    name: str
    open: Callable[[], Opened]


@dataclass(slots=True)
class _Import:
    """One source: under way, then opened or failed."""

    source: Source
    ended: Event = field(default_factory=Event)
    opened: Opened | None = None
    error: StagemillError | None = None
    lost: bool = False


class Imports:
    """Begins to read when it is made, and is asked from many threads. Its errors are notices: a build does without."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        listener: Listener,
        clock: Callable[[], float],
        patience: float = PATIENCE,
        pace: Pace = _PACE,
    ) -> None:
        self.received = 0
        self._pace = pace
        self._listener = listener
        self._clock = clock
        self._lock = Lock()
        self._asked = Lock()
        self._ready = False
        self._imports = [_Import(source) for source in sources]
        self._steps: dict[Digest, list[tuple[_Import, CachedStep]]] = {}
        self._layers: dict[Digest, list[tuple[_Import, CachedLayer]]] = {}
        self._mounts: dict[str, list[tuple[_Import, CachedMount]]] = {}
        self._blobs: dict[Digest, list[_Import]] = {}
        self._deadline = time.monotonic() + patience
        for each in self._imports:
            Thread(target=self._open, args=(each,), name=f"import {each.source.name}", daemon=True).start()

    def _open(self, each: _Import) -> None:
        step = Digest.of(f"import {each.source.name}".encode())
        self._listener(events.Started(step, f"importing the cache {each.source.name}", self._clock()))
        try:
            each.opened = each.source.open()
        except StagemillError as error:
            each.error = error
        finally:
            self._listener(events.Finished(step, self._clock()))
            each.ended.set()

    @property
    def count(self) -> int:
        """How many sources there are."""
        return len(self._imports)

    @property
    def usable(self) -> int:
        """How many of them were read and are not lost, as far as anybody asked."""
        return sum(each.opened is not None and not each.lost for each in self._imports) if self._ready else 0

    @property
    def steps(self) -> int:
        """How many steps they list, each once, as far as anybody asked."""
        return len({step.key for listed in self._steps.values() for _, step in listed})

    def step(self, key: Digest) -> CachedStep | None:
        """The step with a canonical key, or a definition that leads to it, of the first source that lists it."""
        self._wait()
        return next((step for each, step in self._steps.get(key, ()) if not each.lost), None)

    def all(self) -> list[CachedStep]:
        """Every step that can be had, in the order of the sources; one that several list as often."""
        self._wait()
        return list(dict.fromkeys(step for listed in self._steps.values() for each, step in listed if not each.lost))

    def layer(self, digest: Digest) -> CachedLayer | None:
        """A layer of a build by its name, with its blob."""
        self._wait()
        return next((layer for each, layer in self._layers.get(digest, ()) if not each.lost), None)

    def mount(self, name: str) -> CachedMount | None:
        """What was in the directory of a cache mount, by its full name."""
        self._wait()
        return next((mount for each, mount in self._mounts.get(name, ()) if not each.lost), None)

    def has(self, blob: Digest) -> bool:
        """Whether a source lists a blob."""
        self._wait()
        return any(not each.lost for each in self._blobs.get(blob, ()))

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        """A BlobSource: the blob from the first source that gives it. Raises what the last one raised."""
        self._wait()
        failure: StagemillError | None = None
        for each in self._blobs.get(descriptor.digest, ()):
            if each.lost or each.opened is None:
                continue
            with ExitStack() as stack:
                try:
                    blob = pumped(each.opened.blobs, descriptor, pace=self._pace, count=self._count)
                    reader = stack.enter_context(blob)
                except CancelledError:
                    raise
                except StagemillError as error:
                    failure = error
                    if isinstance(error, TooSlowError):
                        self._lose(each, error)
                    continue
                try:
                    yield reader
                except TooSlowError as error:
                    self._lose(each, error)
                    raise
                return
        raise failure or NotFoundError(f"no cache has the blob {descriptor.digest}", hint="build again")

    def lose(self, blob: Digest, why: StagemillError) -> None:
        """Gives nothing of the sources that list a blob any more, and says so."""
        for each in self._blobs.get(blob, ()):
            self._lose(each, why)

    def _lose(self, each: _Import, why: StagemillError) -> None:
        with self._lock:
            known, each.lost = each.lost, True
        if not known:
            self._leave_out(each.source.name, why.message, why.hint)

    def _count(self, size: int) -> None:
        with self._lock:
            self.received += size

    def _wait(self) -> None:
        if self._ready:
            return
        with self._asked:
            if not self._ready:
                for each in self._imports:
                    self._take(each)
                self._ready = True

    def _take(self, each: _Import) -> None:
        while not each.ended.wait(min(_SLICE, max(self._deadline - time.monotonic(), 0.0))):
            if time.monotonic() >= self._deadline:
                each.lost = True
                self._leave_out(each.source.name, "it did not answer in time", None)
                return
        if isinstance(each.error, CancelledError):
            raise each.error
        if each.error:
            each.lost = True
            self._leave_out(each.source.name, each.error.message, each.error.hint)
        elif each.opened:
            self._count(each.opened.bytes)
            for step in each.opened.contents.steps:
                self._list(each, step)
            for mount in each.opened.contents.mounts:
                self._mounts.setdefault(mount.name, []).append((each, mount))
                self._blobs.setdefault(mount.blob.digest, []).append(each)

    def _list(self, each: _Import, step: CachedStep) -> None:
        """Takes a step in, if all of its layers can be had."""
        if any(layer.form == "layer" and not (layer.blob and layer.diff_id) for layer in step.layers):
            return
        for key in dict.fromkeys((step.key, *step.definitions)):
            self._steps.setdefault(key, []).append((each, step))
        for layer in step.layers:
            if layer.blob:
                known = self._layers.setdefault(layer.digest, [])
                if all(other is not each for other, _ in known):
                    known.append((each, layer))
                givers = self._blobs.setdefault(layer.blob.digest, [])
                if each not in givers:
                    givers.append(each)

    def _leave_out(self, name: str, why: str, hint: str | None) -> None:
        text = f"the cache {name} is left out: {why}" + (f"\nhint: {hint}" if hint else "")
        self._listener(events.Notice(text, self._clock()))
