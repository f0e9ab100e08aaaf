"""`FakeExecutor`: an `Executor` whose results are words such as `a=1 b=2`, and vertices to give it.

A selection of `a` has the content `a=1`; an empty selection has all of it. Unless a test says otherwise, the result of
a step is its name with the results of its inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Lock

from stagemill.digest import Digest
from stagemill.errors import CancelledError
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Edge, Label, Selection, Vertex

Act = Callable[[Event], None]


def step(name: str, *inputs: Vertex | Edge, stage: str = "") -> Vertex:
    """A vertex that is told from others by its name; plain inputs are keyed by definition."""
    edges = tuple(each if isinstance(each, Edge) else Edge(each) for each in inputs)
    return Vertex(Run(args=(name,), env=(), cwd="/", user=""), edges, Label(name, stage))


def of(vertex: Vertex, *patterns: str) -> Edge:
    """An edge that is keyed by the content of some words of the input."""
    return Edge(vertex, Selection(patterns))


class FakeExecutor:
    """`results` and `acts` say, by the name of a step, what comes out and what happens meanwhile (an act may raise)."""

    def __init__(self, *, results: Mapping[str, str] | None = None, acts: Mapping[str, Act] | None = None) -> None:
        self.results = dict(results or {})
        self.acts = dict(acts or {})
        self.expected: list[str] = []
        self.executed: list[str] = []
        self.hashed: list[tuple[str, tuple[str, ...]]] = []
        self.most_at_once = 0
        self._now = 0
        self._guard = Lock()
        self._locks: dict[Digest, Lock] = {}

    def expect(self, vertices: Sequence[Vertex]) -> None:
        self.expected += [vertex.label.name for vertex in vertices]

    def execute(self, vertex: Vertex, inputs: Sequence[str], cancelled: Event) -> str:
        assert isinstance(vertex.op, Run)
        name = vertex.op.args[0]
        with self._guard:
            self.executed.append(name)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            if act := self.acts.get(name):
                act(cancelled)
            return self.results.get(name, f"{name}({','.join(inputs)})")
        finally:
            with self._guard:
                self._now -= 1

    def content(self, reader: Vertex, result: str, select: Selection) -> Digest:
        with self._guard:
            self.hashed.append((result, select.patterns))
        words = [word for word in result.split() if not select.patterns or word.split("=")[0] in select.patterns]
        return Digest.of_value(words)

    @contextmanager
    def exclusive(self, key: Digest, cancelled: Event) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(key, Lock())
        while not lock.acquire(timeout=0.01):
            if cancelled.is_set():
                raise CancelledError("stopped while waiting for a lock")
        try:
            yield
        finally:
            lock.release()


def until_cancelled(cancelled: Event) -> None:
    """An act: runs until the solve is cancelled."""
    assert cancelled.wait(60), "nobody cancelled"
    raise CancelledError("stopped")


def fails(error: BaseException) -> Act:
    """An act that fails at once."""

    def act(_cancelled: Event) -> None:
        raise error

    return act
