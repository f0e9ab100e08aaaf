"""`stagemill store`: looks after what is on disk."""

from __future__ import annotations

from collections.abc import Iterator

import click

from stagemill.cli.frame.command import examples
from stagemill.cli.frame.environment import workplace
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.execute.tree import Trees
from stagemill.layer.index import LayerIndex
from stagemill.layer.verify import is_intact


@click.group("store")
def command() -> None:
    """Look after the local store."""


@command.command("check", epilog=examples({"stagemill store check": "after a crash of this machine, or a full disk"}))
def check_command() -> None:
    """Read all of the store, layers too, and mend or drop what is torn. What was dropped is made again when needed."""
    from stagemill.store.check import check

    with workplace() as place:
        store, trees = place.store, Trees()

        def layers_of(result: str) -> Iterator[Digest]:
            return (digest for form, digest in trees.pairs(result) if form == "layer")

        def whole(layer: Digest) -> bool:
            try:
                index = LayerIndex.parse(store.layers.index(layer))
            except StagemillError:
                return False
            return is_intact(store.layers.directory(layer), index)

        report = check(store, verify_layer=whole, report=print, layers_of=layers_of)
    print(report)
