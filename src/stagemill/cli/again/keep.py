"""`Keeping`: leaves a receipt of a build, where the same command line can be answered from one."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stagemill import events
from stagemill.cli.again import archive, looked, question, receipt
from stagemill.cli.again.looked import UnrepeatableError
from stagemill.cli.again.pieces import UnusualError, pieces
from stagemill.cli.frame.environment import user_agent
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.graph.operations import BaseImage, Git, Http, Run, Stack
from stagemill.graph.vertex import Vertex, walk
from stagemill.oci.image import Image
from stagemill.store import images, schema

if TYPE_CHECKING:
    from stagemill.build import Built
    from stagemill.cli.again.forms import Asked, Entry, Receipt, Saying, Written
    from stagemill.cli.frame.environment import Workplace
    from stagemill.cli.making.building import BuildFlags
    from stagemill.cli.making.source import Inputs
    from stagemill.cli.results.outputs import Delivered


class Keeping:
    """A listener that passes everything on, and remembers what a build says that finds everything.

    `asked` is the question that the build answers, empty for one that cannot be answered from a receipt; `began` is from before the build looked at anything, in seconds since the epoch.
    """

    def __init__(self, listener: events.Listener, asked: str, *, began: float) -> None:
        self._listener = listener
        self._asked = asked
        self._began_ns = int(began * 1e9)
        self._events: list[events.Event] = []
        self._last: list[events.Notice] = []

    def __call__(self, event: events.Event) -> None:
        if not isinstance(event, events.Output | events.Transfer):
            self._events.append(event)
        self._listener(event)

    def last(self, event: events.Event) -> None:
        """Hears what is said at the end where any step ran."""
        if isinstance(event, events.Notice):
            self._last.append(event)
        self._listener(event)

    def keep(
        self,
        builds: Sequence[Built],
        delivered: Sequence[Delivered | None],
        *,
        given: BuildFlags,
        inputs: Inputs,
        place: Workplace,
        mode: str,
        entry: Entry,
    ) -> None:
        """The same command line is answered from a receipt from now on, where it can be. `mode` is that of the progress."""
        if not self._asked:
            return
        path = receipt.place(os.fspath(place.store.root), question.name(self._asked))
        try:
            (built,), (result,) = builds, delivered
            found = _Found(built, result, given=given, inputs=inputs, place=place)
            receipt.write(
                path,
                {
                    **found.receipt(began_ns=self._began_ns),
                    "mode": mode,
                    "entry": entry,
                    "said": list(self._said(found)),
                },
            )
        except (UnrepeatableError, UnusualError, StagemillError, OSError, ValueError):  # the build is done in any case
            receipt.remove(path)

    def _said(self, found: _Found) -> Iterator[Saying]:
        said = list(_said(self._events, found.vertices, found.dests))
        yield from said
        if any(kind == "done" and text.startswith("[") for kind, text, _, _ in said):
            yield from (("notice", event.text, "", "") for event in self._last)


class _Found:
    """What a build looked at and left, as a receipt has it."""

    def __init__(
        self, built: Built, result: Delivered | None, *, given: BuildFlags, inputs: Inputs, place: Workplace
    ) -> None:
        """Raises UnrepeatableError where that is more than a receipt can have."""
        if result is None or result.files is None or not isinstance(result.image, Image):
            raise UnrepeatableError("the result")
        self.vertices = {vertex.digest: vertex for vertex in walk(built.plan.goals)}
        if any(isinstance(vertex.op, Http | Git) for vertex in self.vertices.values()):
            raise UnrepeatableError("a source")
        self._built = built
        self._given = given
        self._inputs = inputs
        self._place = place
        self._image = result.image
        self._result = result
        self._files = result.files

    @property
    def dests(self) -> Mapping[str, int]:
        """The numbers of the archives by the names of the steps that wrote them."""
        return {archive.step: number for number, archive in enumerate(self._result.archives)}

    def receipt(self, *, began_ns: int) -> Receipt:
        """All but what was said. Raises UnrepeatableError, UnusualError, OSError, ValueError."""
        store, given = self._place.store, self._given
        layers = {layer.digest.hex for layer in self._image.manifest.layers}
        blobs = {*layers, self._image.digest.hex, self._image.manifest.config.digest.hex}
        names = {name: images.serialize(self._image.descriptor).decode() for name in self._result.stored}
        questions, certificates = self._questions()
        return {
            "version": receipt.VERSION,
            "schema": schema.VERSION,
            "boot": receipt.boot(),
            "settings": {**certificates, **looked.settings(self._place.config)},
            "files": looked.files(given.context, given.file),
            "context": looked.context(self._inputs.context, began_ns=began_ns),
            "asked": questions,
            "headers": {
                "Accept": _accept() if questions else "",
                "User-Agent": user_agent(),
                "Accept-Encoding": "identity",
            },
            "before": {name: self._row(name) for name in self._bases() if name not in names},
            "after": names,
            "runs": any(isinstance(vertex.op, Run) for vertex in self.vertices.values()),
            "steps": [digest for digest in self.vertices if store.records.get(digest)],
            "blobs": {name: self._facts(name) for name in sorted(blobs)},
            "archives": list(self._archives(layers)),
            "mode": "",
            "said": [],
            "output": self._result.output,
            "entry": {"place": "", "title": "", "graph": "", "steps": 0},
        }

    def _questions(self) -> tuple[list[Asked], dict[str, str | None]]:
        """The names that registries were asked for, and the files that have a say in how."""
        questions: list[Asked] = []
        files: dict[str, str | None] = {}
        for name, head in self._place.heads().items():
            beside = looked.certificates(head.host, self._place.environment)
            url = head.url if beside else None
            questions.append({"reference": name, "digest": head.digest, "url": url, "host": head.host})
            files |= beside or {}
        return questions, files

    def _bases(self) -> set[str]:
        """By all names, for several may mean one image now and others later."""
        stages = self._built.plan.stages
        reading = [step.vertex for stage in stages for step in stage.steps]
        reading += [edge.vertex for vertex in reading if isinstance(vertex.op, Stack) for edge in vertex.inputs]
        read = [edge.vertex.op for vertex in reading for edge in vertex.inputs]
        copied = {op.reference for op in read if isinstance(op, BaseImage)}
        return copied | {stage.base.reference for stage in stages if stage.base}

    def _row(self, name: str) -> str | None:
        found = self._place.store.images.get(name)
        return images.serialize(found).decode() if found else None

    def _facts(self, name: str) -> list[int]:
        file = os.open(self._place.store.blobs.path(Digest.from_hex(name)), os.O_RDONLY | os.O_CLOEXEC)
        try:
            return archive.facts_of(file)
        finally:
            os.close(file)

    def _archives(self, layers: Collection[str]) -> Iterator[Written]:
        for one in self._result.archives:
            yield {
                "dest": os.path.abspath(one.dest),
                "pieces": list(_joined(pieces(one.dest, layers, naming=self._image.digest))),
            }
        for dest, data in self._files.items():
            yield {"dest": os.path.abspath(dest), "pieces": [("bytes", data.decode("latin-1"))]}


def _said(
    told: Sequence[events.Event], vertices: Mapping[Digest, Vertex], dests: Mapping[str, int]
) -> Iterator[Saying]:
    """What is said where everything is found. Raises UnrepeatableError."""
    running: dict[Digest, events.Started] = {}
    for event in told:
        match event:
            case events.Cached(step, name, _, stage):
                yield "cached", name, stage, step
            case events.Started(step, name, _, stage):
                running[step] = event
                if step in vertices:
                    yield "cached", name, stage, step
            case events.Finished(step) if step in running:
                begun = running.pop(step)
                if step in (Digest.of(begun.name.encode()), Digest.of(f"deliver {begun.name}".encode())):
                    yield str(dests.get(begun.name, "done")), begun.name, begun.stage, step
            case events.Notice(text):
                if any(step in vertices for step in running):
                    raise UnrepeatableError("a notice")
                yield "notice", text, "", ""
            case _:
                raise UnrepeatableError("a failure, or a step that never began")


def _joined(found: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same with neighbouring bytes as one."""
    waiting: list[str] = []
    for kind, text in found:
        if kind == "bytes":
            waiting.append(text)
            continue
        yield "bytes", "".join(waiting)
        waiting.clear()
        yield kind, text
    yield "bytes", "".join(waiting)


def _accept() -> str:
    from stagemill.registry.documents import ACCEPT

    return ACCEPT
