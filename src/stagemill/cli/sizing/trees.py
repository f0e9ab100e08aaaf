"""`Recalled`: a stage of a build that was, as the record of the build has it, with its tree where the store still has that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stagemill.cli.sizing.made import MadeStage, MadeStep
from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError
from stagemill.execute import base
from stagemill.execute.tree import Tree, Trees
from stagemill.insight.why.past import Past, PastStage
from stagemill.oci.config import ImageConfig
from stagemill.oci.document import Json
from stagemill.store.store import Store
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Recalled:
    """`vertex` is its last step; `manifest` that of its base. Without a tree it is lost: `again` where it was made since then."""

    number: int
    title: str
    vertex: str
    base: str
    manifest: Digest | None
    parent: int | None
    steps: tuple[MadeStep, ...]
    config: ImageConfig
    tree: Tree | None = None
    again: bool = False

    @property
    def made(self) -> MadeStage | None:
        """What can be weighed of it; None where it is lost."""
        if self.tree is None:
            return None
        return MadeStage(self.number, self.title, self.base, self.parent, self.tree, self.steps)


def recalled(past: Past, store: Store) -> list[Recalled]:
    """The stages of a build; none where its record does not say how they were made."""
    stages = [found for stage in past.graph.stages if (found := _read(stage))]
    trees = Trees()
    whole = [_with_tree(stage, past, store, trees) for stage in stages]
    return [_from_child(stage, whole) for stage in whole]


def _read(stage: PastStage) -> Recalled | None:
    match stage.made:
        case {
            "number": int(number),
            "vertex": str(vertex),
            "parent": int() | None as parent,
            "base": str(reference),
            "manifest": str(manifest),
            "steps": list(steps),
            "config": str(config),
        }:
            try:
                digest = Digest(manifest) if manifest else None
                parsed = ImageConfig.parse(config.encode())
                Digest(vertex)
            except ValueError:
                return None
            return Recalled(number, stage.title, vertex, reference, digest, parent, tuple(_steps(steps)), parsed)
        case _:
            return None


def _steps(steps: list[Json]) -> Iterator[MadeStep]:
    for step in steps:
        match step:
            case [str(text), int(line), int() | None as copied_from]:
                yield MadeStep(text, line, copied_from)


def _with_tree(stage: Recalled, past: Past, store: Store, trees: Trees) -> Recalled:
    step = past.graph.steps.get(stage.vertex)
    if step and step.kind == "scratch":
        return replace(stage, tree=Tree())
    if step and step.kind == "base" and stage.manifest:
        try:
            return replace(stage, tree=_whole(base.tree(store, stage.manifest), store))
        except (NotFoundError, CorruptError):
            return stage
    text = past.trees.get(stage.vertex, "")
    record = None if text else store.records.get(Digest(stage.vertex))
    if record and record.created > past.begun + past.seconds:
        return replace(stage, again=True)
    try:
        return replace(stage, tree=_whole(trees.parse(text or (record.result if record else "")), store))
    except ValueError:
        return stage


def _whole(tree: Tree, store: Store) -> Tree | None:
    """The tree if all of its layers are there, or can be fetched as a base's can."""
    for layer in tree.layers:
        there = store.holds(layer.digest) if layer.form == "layer" else store.links.base(layer.digest) is not None
        if not there:
            return None
    return tree


def _from_child(stage: Recalled, stages: list[Recalled]) -> Recalled:
    """A stage whose own record is gone is what another one begins with."""
    if stage.tree is not None:
        return stage
    for child in stages:
        if child.parent == stage.number and child.tree is not None:
            layers = child.tree.layers[: len(child.tree.layers) - len(child.steps)]
            return replace(stage, tree=Tree(layers), again=False)
    return stage
