"""`StoreLooker`: what can be known of results with what is on this machine; nothing is fetched, unpacked or run."""

from __future__ import annotations

from threading import Event

from stagemill.digest import Digest
from stagemill.execute.executor import StoreExecutor
from stagemill.execute.tree import ContextFiles, Result
from stagemill.graph.operations import BaseImage, Context, Scratch
from stagemill.graph.vertex import Selection, Vertex


class StoreLooker:
    """Answers for an executor."""

    def __init__(self, executor: StoreExecutor) -> None:
        self._executor = executor

    def free(self, vertex: Vertex) -> Result | None:
        """The names of a base's layers, and the files of the context where they lie."""
        if isinstance(vertex.op, Scratch | BaseImage | Context):
            return self._executor.execute(vertex, (), Event())
        return None

    def content(self, reader: Vertex, result: Result, select: Selection) -> Digest | None:
        """None where a base's layer is not unpacked here, nor a blob of it that tells as much."""
        if isinstance(result, ContextFiles):
            return self._executor.content(reader, result, select)
        from stagemill.execute.glimpse import AwayError  # noqa: PLC0415  many steps are found by definition

        try:
            return self._executor.content(reader, result, select, fetching=False)
        except AwayError:
            return None
