"""`StoreCache`: the solver's cache, in the records of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from stagemill.digest import Canonical, Digest, canonical
from stagemill.execute.tree import Result, Tree, TreeLayer, Trees
from stagemill.files.content import brief
from stagemill.graph.operations import BaseImage, Context, Scratch
from stagemill.graph.vertex import Vertex
from stagemill.solve.keys import CacheKey
from stagemill.solve.protocols import Hit
from stagemill.store.records import Record
from stagemill.store.store import Store


class StoreCache:
    """Remembers trees by key. What costs nothing to make (scratch, a base's names, a context) is not remembered.

    `contents` are the facts behind content digests of the plan; those that a record's ingredients name are kept with it.
    """

    def __init__(
        self, store: Store, *, clock: Callable[[], float], contents: Mapping[Digest, Iterable[tuple[str, str]]]
    ) -> None:
        self.store = store
        self.clock = clock
        self.contents = contents
        self._trees = Trees()
        self._there: set[tuple[str, Digest]] = set()
        self._saved: set[TreeLayer] = set()

    def load(self, key: Digest) -> Hit[Result] | None:
        """A result whose layers are all there, or None; a record that names a lost layer is forgotten."""
        record = self.store.records.use(key, self.clock())
        if record is None:
            return None
        try:
            tree = self._trees.parse(record.result)
        except ValueError:
            tree = None
        if tree is None or not self._whole(tree):
            self.store.records.remove(key)
            return None
        return Hit(tree, record.canonical)

    def _whole(self, tree: Tree) -> bool:
        """Whether all layers are there. Each is looked for once, since a tree has all those of its parent."""
        for layer in tree.layers:
            key = (layer.form, layer.digest)
            if key not in self._there:
                if not self._has(layer):
                    return False
                self._there.add(key)
        return True

    def _is_here(self, tree: Tree) -> bool:
        """The same now: what is saved may be looked for again when it is loaded."""
        for layer in tree.layers:
            if layer not in self._saved:
                if (layer.form, layer.digest) not in self._there and not self._has(layer):
                    return False
                self._saved.add(layer)
        return True

    def _has(self, layer: TreeLayer) -> bool:
        if layer.form == "layer":
            return self.store.holds(layer.digest)
        return self.store.links.base(layer.digest) is not None

    def save(self, vertex: Vertex, *, definition: Digest, canonical: CacheKey, result: Result) -> None:
        """As `Cache.save`, but for results with layers that are not here: those are somebody else's, and not remembered."""
        if not isinstance(result, Tree) or not is_remembered(vertex) or not self._is_here(result):
            return
        self._put((definition, canonical.digest), canonical.digest, vertex, result, ingredients=_text(canonical))
        self._note(vertex)

    def adopt(self, vertex: Vertex, hit: Hit[Result], inputs: Canonical) -> None:
        """Remembers what somebody else made, if it is here by now.

        `inputs` are what he says that the inputs counted with in its key. Where that is not so its ingredients are not known.
        """
        if not isinstance(hit.result, Tree) or not is_remembered(vertex) or not self._is_here(hit.result):
            return
        key = CacheKey(hit.canonical, {"op": vertex.op.canonical(), "inputs": inputs})
        known = Digest.of_value(key.ingredients) == key.digest
        ingredients = _text(key) if known else "{}"
        self._put((vertex.digest, hit.canonical), hit.canonical, vertex, hit.result, ingredients=ingredients)
        self._note(vertex)

    def _note(self, vertex: Vertex) -> None:
        """Remembers which files of contexts the vertex reads."""
        for edge in vertex.inputs:
            op = edge.vertex.op
            if isinstance(op, Context) and op.content in self.contents:
                facts = self.contents[op.content]
                self.store.records.note(op.content, ((path, brief(text)) for path, text in facts))

    def _put(self, keys: Sequence[Digest], canonical: Digest, vertex: Vertex, tree: Tree, *, ingredients: str) -> None:
        first, *others = dict.fromkeys(keys)
        record = Record(
            key=first,
            canonical=canonical,
            result=tree.serialize(),
            ingredients=ingredients,
            name=vertex.label.name,
            created=self.clock(),
        )
        self.store.records.put(record, *(replace(record, key=key) for key in others))


def is_remembered(vertex: Vertex) -> bool:
    """Whether the vertex costs anything to make, so that its result is kept."""
    return not isinstance(vertex.op, Scratch | BaseImage | Context)


def _text(key: CacheKey) -> str:
    return canonical(key.ingredients).decode("utf-8", "surrogateescape")
