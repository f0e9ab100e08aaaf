"""After the machine was started anew: layers that it may have gone down with are read before anybody uses them."""

from __future__ import annotations

from collections.abc import Callable

from stagemill.errors import StagemillError
from stagemill.store.boot import Boot, doubtful
from stagemill.store.store import Store


def look_over(store: Store, report: Callable[[str], None]) -> None:
    """Drops what is torn of the layers that were made last, once in each run of the machine; `report` hears of each.

    Nothing waits for the disk when a layer is made (docs/performance.md), and what a RUN reads of its files passes nobody
    who would check it. What is dropped is made again when it is needed. Raises StoreError.
    """
    boot = Boot(store.root)
    if boot.is_known():
        return
    with store.lock("boot"):
        if boot.is_known():
            return
        from stagemill.layer.index import LayerIndex  # noqa: PLC0415  once in each run of the machine
        from stagemill.layer.verify import is_intact  # noqa: PLC0415

        for layer in doubtful(store.layers):
            try:
                whole = is_intact(store.layers.directory(layer), LayerIndex.parse(store.layers.index(layer)))
            except StagemillError:
                whole = False
            if not whole:
                store.layers.remove(layer)
                report(f"layer {layer.short} was torn when the machine went down; it is made again when it is needed")
        boot.know()
