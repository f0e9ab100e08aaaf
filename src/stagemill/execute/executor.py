"""`StoreExecutor`: does what operations say, with the store and the sandbox; one function per operation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import Event
from typing import assert_never

from stagemill.digest import Digest
from stagemill.errors import CancelledError, DockerfileError, StagemillError
from stagemill.execute import base
from stagemill.execute.forms import Forms
from stagemill.execute.progress import reporter
from stagemill.execute.services import Services
from stagemill.execute.tree import ContextFiles, Result, Tree
from stagemill.files.content import content
from stagemill.graph import operations
from stagemill.graph.vertex import Selection, Vertex
from stagemill.store.faults import store_error


class StoreExecutor:
    """Makes trees. Thread-safe, as long as the services are."""

    def __init__(self, services: Services, forms: Forms) -> None:
        self.services = services
        self.forms = forms

    def execute(self, vertex: Vertex, inputs: Sequence[Result], cancelled: Event) -> Result:
        """Errors of an instruction carry its place in the Dockerfile."""
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

                copier = copying.Copier(self.services, self.forms, progress, cancelled)
                if isinstance(op, operations.MakeDirectory):
                    return copier.make_directory(op, _tree(inputs[0]))
                return copier.copy(op, _tree(inputs[0]), *inputs[1:])
            case _:
                assert_never(op)

    def content(self, reader: Vertex, result: Result, select: Selection) -> Digest:
        """The digest of what a COPY selects from a stage or an image, owners included."""
        with _placed(reader):
            view = result.view if isinstance(result, ContextFiles) else self.forms.view(result)
            return content(view, select.patterns, owners=True).digest

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


def _tree(result: Result) -> Tree:
    assert isinstance(result, Tree)
    return result
