"""Copying an image from a source to a target: blobs as they are, several at once, and nothing that is there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Event

from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError, StagemillError, UsageError
from stagemill.execute.parallel import threads
from stagemill.execute.progress import Progress, reporter
from stagemill.execute.streams import Counted
from stagemill.oci.blobs import Reader, Resumable
from stagemill.oci.descriptor import Descriptor
from stagemill.places.node import Node
from stagemill.places.source import Source
from stagemill.places.target import How, Target
from stagemill.values import dataclass

_SIDED = "its message says which side it is from"


@contextmanager
def side(what: str) -> Iterator[None]:
    """Errors say which side they are from: `cannot read docker://…`. What is wrong in the command line says so itself."""
    try:
        yield
    except (CancelledError, UsageError):
        raise
    except StagemillError as error:
        if _SIDED not in getattr(error, "__notes__", ()):
            error.message = f"{what}: {error.message}"
            error.add_note(_SIDED)
        raise


@dataclass(frozen=True, slots=True)
class Copied:
    """How many blobs came how, and the bytes that were moved."""

    ways: Counter[How]
    bytes: int

    def __str__(self) -> str:
        words: dict[How, str] = {
            "sent": "sent",
            "mounted": "taken over from another repository",
            "there": "there already",
            "later": "left in their registry",
        }
        told = [f"{self.ways[way]} {text}" for way, text in words.items() if self.ways[way]]
        return ", ".join(told) or "all there already"


@dataclass(frozen=True, slots=True)
class Copying:
    """`source` is called `origin` by people."""

    source: Source
    origin: str
    listener: events.Listener
    clock: Callable[[], float]

    def copy(self, node: Node, target: Target, place: str, *, others: Iterable[str] = ()) -> Copied:
        """`place`, which is the target's name for people, means the image afterwards.

        `others` are repositories of its registry that have the blobs too. Raises StagemillError, which says which side it
        was; then the place means what it did before.
        """
        step = Digest.of(f"copy {node.digest} to {place}".encode())
        self.listener(events.Started(step, f"copying {self.origin} to {place}", self.clock()))
        try:
            with side(f"cannot write {place}"):
                copied = self._copy(node, target, tuple(others), reporter(step, self.listener, self.clock))
        except BaseException as error:
            self.listener(events.Failed(step, str(error), self.clock()))
            raise
        self.listener(events.Finished(step, self.clock()))
        return copied

    def _copy(self, node: Node, target: Target, others: tuple[str, ...], progress: Progress) -> Copied:
        target.check(node)
        stopped = Event()
        watch = WatchedResumable if isinstance(self.source, Resumable) else Watched
        watched = watch(self.source, self.origin, progress, stopped)

        def send(blob: Descriptor) -> tuple[How, int]:
            mounts = (*others, *self.source.repositories(blob.digest, target.registry)) if target.registry else ()
            way = target.blob(blob, watched, mounts=mounts, stopped=stopped.is_set)
            return way, blob.size if way == "sent" else 0

        with threads(target.parallel, name="copy", stopped=stopped) as pool:
            nodes = list(node.walk())
            known = dict(zip((each.digest for each in nodes), pool.map(target.knows, nodes), strict=True))
            missing = [each for each in nodes if not known[each.digest]]
            done = list(pool.map(send, blobs_of(missing)))
        for each in missing:
            if each.digest != node.digest:
                target.manifest(each)
        target.name(node)
        return Copied(Counter(way for way, _ in done), sum(size for _, size in done))


def blobs_of(nodes: Iterable[Node]) -> list[Descriptor]:
    """All that the manifests name, each once, by digest."""
    found = {blob.digest: blob for each in nodes for blob in each.blobs}
    return [found[digest] for digest in sorted(found)]


@dataclass(frozen=True, slots=True)
class Watched:
    """A source that tells how far each blob is, and stops when all is to stop."""

    source: Source
    origin: str
    progress: Progress
    stopped: Event

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        return self.watched(descriptor, self.source.open(descriptor))

    @contextmanager
    def watched(self, descriptor: Descriptor, opening: AbstractContextManager[Reader]) -> Iterator[Reader]:
        what = f"cannot read {self.origin}"
        with ExitStack() as stack:
            with side(what):
                reader = _Sided(stack.enter_context(opening), what)
            part = str(descriptor.digest)
            yield Counted(reader, descriptor=descriptor, part=part, progress=self.progress, stopped=self.stopped.is_set)


@dataclass(frozen=True, slots=True)
class WatchedResumable(Watched):
    """The same of a source that can begin in the middle of a blob."""

    def resume(self, descriptor: Descriptor, kept: Reader, size: int, /) -> AbstractContextManager[Reader]:
        assert isinstance(self.source, Resumable)
        return self.watched(descriptor, self.source.resume(descriptor, kept, size))


@dataclass(frozen=True, slots=True)
class _Sided:
    reader: Reader
    what: str

    def read(self, size: int, /) -> bytes:
        with side(self.what):
            return self.reader.read(size)
