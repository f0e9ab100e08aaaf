"""Results that imported caches have: found by key, fetched when they are wanted, and remembered once they are here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from threading import Event
from typing import TYPE_CHECKING

from stagemill import events
from stagemill.cache.chain import Chain
from stagemill.digest import Canonical, Digest
from stagemill.execute.cache import StoreCache, is_remembered
from stagemill.execute.forms import Forms
from stagemill.execute.parallel import threads
from stagemill.execute.progress import reporter
from stagemill.execute.tree import Result, Tree, TreeLayer
from stagemill.graph.vertex import Vertex
from stagemill.solve.protocols import Hit
from stagemill.store.store import Store

if TYPE_CHECKING:
    from stagemill.cache.contents import CachedStep
    from stagemill.cache.imports import Imports

_PARALLEL = 4


class ImportedSteps:
    """What imports have, as results: trees whose layers may be elsewhere. A base's layers have to be known here."""

    def __init__(self, imports: Imports, store: Store) -> None:
        self._imports = imports
        self._store = store

    def load(self, key: Digest) -> Hit[Result] | None:
        step = self._imports.step(key)
        if step is None or not all(
            layer.form == "layer" or self._store.links.base(layer.digest) for layer in step.layers
        ):
            return None
        return Hit(tree_of(step), step.key)


def tree_of(step: CachedStep) -> Tree:
    return Tree(tuple(TreeLayer(layer.form, layer.digest, layer.created) for layer in step.layers))


def bring(trees: Iterable[Tree], forms: Forms, *, listener: events.Listener, clock: Callable[[], float]) -> None:
    """The store holds every layer of a build in these trees afterwards. Raises CorruptError where one cannot be had."""
    layers = dict.fromkeys(layer for tree in trees for layer in tree.layers if layer.form == "layer")
    missing = [layer for layer in layers if not forms.store.holds(layer.digest)]
    if not missing:
        return
    step = Digest.of_value(["bring", *(layer.digest for layer in missing)])
    count = "1 layer" if len(missing) == 1 else f"{len(missing)} layers"
    listener(events.Started(step, f"fetching {count} from the cache", clock()))
    progress = reporter(step, listener, clock)
    stopped = Event()
    try:
        with threads(_PARALLEL, name="bring", stopped=stopped) as pool:
            list(pool.map(lambda layer: forms.fetch(layer, progress=progress, stopped=stopped.is_set), missing))
    except BaseException as error:
        listener(events.Failed(step, str(error), clock()))
        raise
    listener(events.Finished(step, clock()))


def adopt(vertices: Iterable[Vertex], cache: Chain[Result], own: StoreCache, imports: Imports) -> int:
    """Remembers what was borrowed and is here by now, so that the next build needs no import; how many steps that were."""
    cache.settle()
    borrowed = {*cache.borrowed, *cache.borrowed.values()}
    used = 0
    for vertex in vertices:
        hit = cache.load(vertex.digest) if is_remembered(vertex) else None
        if hit and not borrowed.isdisjoint((vertex.digest, hit.canonical)):
            used += 1
            own.adopt(vertex, hit, _inputs(imports.step(hit.canonical)))
    return used


def _inputs(step: CachedStep | None) -> Canonical:
    """What the inputs of a step counted with in its key. The operation is known, since a key or a definition led to it."""
    try:
        known: Canonical = json.loads(step.ingredients) if step and step.ingredients else None
    except ValueError:
        return None
    return known.get("inputs") if isinstance(known, Mapping) else None
