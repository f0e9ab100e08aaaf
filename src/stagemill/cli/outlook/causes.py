"""`Causes`: why a step would run, in a few words, where that is simple."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from stagemill.digest import Digest, canonical
from stagemill.graph.operations import BaseImage, Context
from stagemill.graph.sealing import sealed
from stagemill.graph.vertex import Label, Vertex
from stagemill.insight import cause
from stagemill.oci.document import Json, JsonObject
from stagemill.solve.forecast import Outlook, State
from stagemill.solve.keys import cache_key
from stagemill.store.records import Record, Records

_SHOWN = 40  # characters of a step


class Causes:
    """Looks at the records of steps like those that would run, and at those of imported caches where there is none.

    `asked` says by which flag somebody asked for one; `imported` has the names of steps that other caches have, with the
    ingredients of their keys, sealed; None where nothing is imported.
    """

    def __init__(
        self,
        records: Records,
        outlooks: Mapping[Digest, Outlook],
        contents: Mapping[Digest, cause.Parts],
        *,
        asked: Callable[[Vertex], str],
        imported: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        self._records = records
        self._outlooks = outlooks
        self._contents = contents
        self._asked = asked
        self._imported = imported

    def of(self, outlook: Outlook) -> str:
        """For one that may run."""
        if outlook.why == "asked":
            return self._asked(outlook.vertex)
        if outlook.why == "missed" and outlook.key:
            now = _object(canonical(outlook.key.ingredients))
            before = self._like(outlook.vertex)
            if before is None and self._imported is not None:
                return self._of_imported(outlook, self._imported)
            if before is None and not self._running(outlook.vertex):
                return cause.NEVER
            if before and now and (found := self._compared(outlook.vertex, now, before)):
                return found
        return self._stands(outlook)

    def _like(self, vertex: Vertex) -> JsonObject | None:
        """The ingredients of the latest step of the same name, or else with the same instruction."""
        name = vertex.label.name
        found = self._records.recent(name) or self._records.ending(f"] {name.partition('] ')[2]}")
        return _ingredients(found[0]) if found else None

    def _of_imported(self, outlook: Outlook, imported: Sequence[tuple[str, str]]) -> str:
        """The same for what nobody has made here."""
        assert outlook.key is not None
        name = outlook.vertex.label.name
        like = [text for other, text in imported if other == name]
        like += [text for other, text in imported if other.endswith(f"] {name.partition('] ')[2]}")]
        now, before = _sealed(canonical(outlook.key.ingredients)), _object(like[0].encode()) if like else None
        if now and before and (found := self._compared(outlook.vertex, now, before)):
            return f"{found} since the cache was written"
        return self._stands(outlook) if like or self._running(outlook.vertex) else cause.NOWHERE

    def _compared(self, vertex: Vertex, now: JsonObject, before: JsonObject) -> str | None:
        if differs := cause.of_operation(now.get("op"), before.get("op")):
            return differs
        for edge, new, old in zip(vertex.inputs, cause.inputs(now), cause.inputs(before), strict=False):
            if new != old and (told := self._input(edge.vertex, old, selected=edge.select is not None)):
                return told
        return None

    def _input(self, source: Vertex, old: str, *, selected: bool) -> str | None:
        if isinstance(source.op, Context):
            return self._files(source.op, old)
        if isinstance(source.op, BaseImage):
            return f"{source.op.reference} is another image now"
        return f"what it copies from {source.label.stage or 'an image'} changed" if selected else None

    def _files(self, op: Context, old: str) -> str:
        """Finds which content had the old key, of those that are remembered."""
        for content in self._records.contents():
            if cache_key(Vertex(Context(op.name, content), (), Label("")), ()).digest == old:
                parts = self._records.noted(content)
                told = cause.of_files(self._contents.get(op.content, ()), parts) if parts else None
                return told or "files changed"
        return "files changed"

    def _running(self, vertex: Vertex) -> Outlook | None:
        """The first input that may run itself, one of which files are read before others."""
        edges = sorted(vertex.inputs, key=lambda edge: edge.select is None)
        looks = (self._outlooks.get(edge.vertex.digest) for edge in edges)
        return next((look for look in looks if look and look.may_run), None)

    def _stands(self, outlook: Outlook) -> str:
        below = self._running(outlook.vertex)
        if below is None:
            return "what comes before it changed" if outlook.state is State.RUN else "its source is not on this machine"
        name = _cut(below.vertex.label.name or "a step before it")
        return f"after {name}" if outlook.state is State.RUN else f"depends on what comes of {name}"


def _ingredients(record: Record) -> JsonObject | None:
    return _object(record.ingredients.encode("utf-8", "surrogateescape"))


def _sealed(data: bytes) -> JsonObject | None:
    return _object(sealed(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"))


def _object(data: bytes) -> JsonObject | None:
    try:
        value: Json = json.loads(data.decode("utf-8", "surrogateescape"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
