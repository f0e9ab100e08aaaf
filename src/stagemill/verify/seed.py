"""An empty store that has the base images of another one, so that a build in it fetches none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from stagemill.digest import Digest
from stagemill.execute import base
from stagemill.execute.forms import Forms
from stagemill.graph.operations import BaseImage
from stagemill.graph.vertex import walk
from stagemill.oci.blobs import copy
from stagemill.oci.image import Image
from stagemill.plan.planner import Plan
from stagemill.store.store import Store


def bases(plan: Plan) -> list[BaseImage]:
    """The images that a plan reads, each once."""
    found = (vertex.op for vertex in walk(plan.goals, plan.order) if isinstance(vertex.op, BaseImage))
    return list({op.manifest: op for op in found}.values())


def seed(root: Path, images: Iterable[BaseImage], forms: Forms, *, now: float, own: bool = False) -> None:
    """Makes a store at `root` with these images under the names that they have. What the user's store lacks of them is
    fetched into that one first. With `own` no file is shared with that one. Raises StagemillError.
    """
    users = forms.store
    with Store.open(root) as store:
        for op in images:
            image = base.read_image(users, op.manifest)
            for layer in image.manifest.layers:
                if not users.blobs.has(layer):
                    copy(layer, forms.source(layer, op.reference), users.blobs)
            for digest in _blobs(image):
                _take(users.blobs.path(digest), store.blobs.path(digest), link=not own)
            base.remember(store, image, reference="")
            if op.reference and "://" not in op.reference:
                store.images.set(op.reference, image.descriptor, now)


def _blobs(image: Image) -> list[Digest]:
    return [image.digest, image.manifest.config.digest, *(layer.digest for layer in image.manifest.layers)]


def _take(source: Path, target: Path, *, link: bool) -> None:
    """A blob of one store is in another afterwards, as a hard link where that can be."""
    if target.exists():
        return
    if link:
        with suppress(OSError):
            os.link(source, target)
            return
    shutil.copyfile(source, target)
