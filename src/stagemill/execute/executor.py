"""`StoreExecutor`: does what operations say, with the store and the sandbox; one function per operation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING, assert_never

from stagemill.digest import Digest
from stagemill.errors import CancelledError, DockerfileError, StagemillError
from stagemill.events import Notice, remark
from stagemill.execute import base
from stagemill.execute.forms import Forms
from stagemill.execute.progress import reporter
from stagemill.execute.services import Services
from stagemill.execute.tree import ContextFiles, Result, Tree
from stagemill.files.content import content
from stagemill.files.paths import clean
from stagemill.files.select import MissingSourceError
from stagemill.graph import operations
from stagemill.graph.vertex import Selection, Vertex
from stagemill.store.faults import store_error
from stagemill.timings import about, measured

if TYPE_CHECKING:  # a build from the cache looks at no tree
    from stagemill.execute.glimpse import Glimpses


class StoreExecutor:
    """Makes trees. Thread-safe, as long as the services are."""

    def __init__(self, services: Services, forms: Forms) -> None:
        self.services = services
        self.forms = forms
        self._expected: Sequence[Vertex] = ()
        self._glimpses: Glimpses | None = None
        self._lock = Lock()

    def glimpses(self) -> Glimpses:
        """The same for all steps."""
        from stagemill.execute.glimpse import Glimpses  # noqa: PLC0415  a build from the cache looks at no tree

        with self._lock:
            if self._glimpses is None:
                self._glimpses = Glimpses(self.forms, self._expected)
            return self._glimpses

    def expect(self, vertices: Sequence[Vertex]) -> None:
        """The first RUN need not wait for the sandbox to start; what is wanted of a tree is known before it is looked at."""
        self._expected = vertices
        if any(isinstance(vertex.op, operations.Run) for vertex in vertices):
            self.services.sandbox.get_ready()

    @measured("step")
    def execute(self, vertex: Vertex, inputs: Sequence[Result], cancelled: Event) -> Result:
        """Errors of an instruction carry its place in the Dockerfile."""
        about(vertex.label.name)
        with _placed(vertex), self._explained():
            return self._execute(vertex, inputs, cancelled)

    def _execute(self, vertex: Vertex, inputs: Sequence[Result], cancelled: Event) -> Result:
        op = vertex.op
        progress = reporter(vertex.digest, self.services.listener, self.services.clock)
        match op:
            case operations.Scratch():
                return Tree()
            case operations.Context():
                return ContextFiles(self.services.contexts[op.name])
            case operations.BaseImage():
                return base.tree(self.services.store, op.manifest)
            case operations.Http() | operations.Git():
                from stagemill.execute import fetching  # noqa: PLC0415  a build from the cache fetches nothing

                return fetching.fetch(op, self.services, cancelled)
            case operations.Run():
                from stagemill.execute import running  # noqa: PLC0415  a build from the cache runs nothing

                step = running.Step(vertex, progress, cancelled)
                parent, *sources = map(_tree, inputs)
                return running.run(op, parent, sources, services=self.services, forms=self.forms, step=step)
            case operations.Copy() | operations.MakeDirectory():
                from stagemill.execute import copying  # noqa: PLC0415  nor does it write layers

                copier = copying.Copier(self.services, self.forms, progress, cancelled, self.glimpses())
                if isinstance(op, operations.MakeDirectory):
                    return copier.make_directory(op, _tree(inputs[0]))
                return copier.copy(op, _tree(inputs[0]), inputs[1:], name=vertex.label.name)
            case operations.Stack():
                from stagemill.execute import stacking  # noqa: PLC0415  nor does it put layers on each other

                below, above = map(_tree, inputs)
                return stacking.stack(below, above, forms=self.forms, report=partial(self._remark, vertex))
            case _:
                assert_never(op)

    @measured("select")
    def content(self, reader: Vertex, result: Result, select: Selection, *, fetching: bool = True) -> Digest:
        """The digest of what a COPY selects from a stage or an image, owners included.

        Without `fetching` it raises AwayError where something would have to be fetched, or unpacked, for that.
        """
        about(reader.label.name)
        with _placed(reader):
            try:
                if isinstance(result, ContextFiles):
                    view = result.view
                else:
                    view = self.glimpses().view(result, reader, select, fetching=fetching)
                found = content(view, select, owners=True)
            except MissingSourceError as error:
                where = _origin(reader, select)
                raise DockerfileError(f"{error.message}{where}", at=reader.label.at, hint=error.hint) from error
        self._report(reader, select, found.empty)
        return found.digest

    def _report(self, reader: Vertex, select: Selection, empty: Sequence[str]) -> None:
        """Says which patterns of a COPY select nothing, once it is looked at; that is no error (traps 6)."""
        if not isinstance(reader.op, operations.Copy) or select.patterns != reader.op.sources:
            return
        for pattern in empty:
            hint = "nothing is copied for it; only a source without a pattern has to exist"
            path = clean(pattern)
            self._remark(reader, f'"/{path}" matches nothing where it is copied from', hint, about=path)

    def _remark(self, vertex: Vertex, message: str, hint: str, *, about: str = "") -> None:
        """Says something about an instruction that has a place, or about a path in it."""
        if at := vertex.label.at:
            from stagemill.execute.elsewhere import narrowed  # noqa: PLC0415  little is said

            text = remark(message, narrowed(at, about), hint=hint)
            self.services.listener(Notice(text, self.services.clock()))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What the system refuses is the store's fault where nobody knew better: its disk is full, say."""
        try:
            yield
        except OSError as error:
            raise store_error(error, "use", error.filename or self.services.store.root) from error

    def exclusive(self, key: Digest, cancelled: Event) -> AbstractContextManager[None]:
        return self.services.store.lock(f"step-{key.hex}", cancelled.is_set)


@contextmanager
def _placed(vertex: Vertex) -> Iterator[None]:
    """Gives an error the place of the instruction that it is about."""
    try:
        yield
    except (DockerfileError, CancelledError):
        raise
    except StagemillError as error:
        if vertex.label.at is None:
            raise
        raise DockerfileError(error.message, at=vertex.label.at, hint=error.hint) from error


def _origin(reader: Vertex, select: Selection) -> str:
    """What a selection is taken from, as the end of a sentence."""
    for edge in reader.inputs:
        if edge.select == select:
            op, stage = edge.vertex.op, edge.vertex.label.stage
            if stage:
                return f" in the stage {stage}"
            return f" in {op.reference}" if isinstance(op, operations.BaseImage) and op.reference else ""
    return ""


def _tree(result: Result) -> Tree:
    assert isinstance(result, Tree)
    return result
