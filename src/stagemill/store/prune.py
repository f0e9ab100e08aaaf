"""`prune`: takes out of a store what is not wanted any more, and never what a running process may hold.

A step is forgotten first, by its records, and then goes what nothing needs. What was used since the first of the other
processes began is kept: they mark what they use (records, layers, blobs), and flock the directories of cache mounts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import field
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.oci.descriptor import Descriptor
from stagemill.store.caches import CacheDirectory
from stagemill.store.records import AWAKE
from stagemill.store.references import LayersOf, References, StepUse
from stagemill.store.store import Store
from stagemill.store.usage import parts, size_of
from stagemill.values import dataclass

_SLACK = 2 * AWAKE  # seconds: marks are not that exact
_LOGS = 7 * 86400.0
_PARTIALS = 86400.0  # of what is left of downloads, where no more room than necessary is made
_ROUNDS = 8
Victim: TypeAlias = StepUse | CacheDirectory | Descriptor


@dataclass(frozen=True, slots=True)
class Wish:
    """What may go: all of it, or the least recently used until the store takes at most `keep` bytes.

    Images without a name go as well. Only what was not used since `until` (seconds since the epoch), of these `kinds`,
    with all of `words` in its name. With `every` also steps whose layers named images have, which keep their blobs.
    """

    keep: int | None = None
    until: float | None = None
    kinds: frozenset[str] = frozenset({"step", "mount", "image"})
    words: tuple[str, ...] = ()
    every: bool = False


@dataclass(frozen=True, slots=True)
class Pruned:
    """What is gone: the names of steps and mounts, images without a name, and how many bytes the store takes less."""

    steps: tuple[str, ...]
    mounts: tuple[str, ...]
    images: tuple[Digest, ...]
    bytes: int
    left: int


def prune(store: Store, wish: Wish, *, layers_of: LayersOf, now: float) -> Pruned:
    """Builds may run meanwhile. Raises StoreError where the store cannot be read at all."""
    return _Pruning(store, wish, layers_of, now).run()


@dataclass(slots=True)
class _Pruning:
    store: Store
    wish: Wish
    layers_of: LayersOf
    now: float
    steps: list[str] = field(default_factory=list)
    mounts: list[str] = field(default_factory=list)
    images: list[Digest] = field(default_factory=list)

    @property
    def held(self) -> float:
        """What was used since then may be held by another process."""
        oldest = self.store.living.oldest_other()
        return self.now + _SLACK if oldest is None else min(oldest, self.now) - _SLACK

    def run(self) -> Pruned:
        before = size_of(self.store.root)
        self._sweep()
        if self.wish.keep is None:
            for victim in self._victims():
                self._remove(victim)
            self._sweep()
        else:
            self._shrink(self.wish.keep)
        left = size_of(self.store.root)
        return Pruned(tuple(self.steps), tuple(self.mounts), tuple(self.images), max(before - left, 0), left)

    def _shrink(self, keep: int) -> None:
        """Removes in rounds, since it is known only afterwards how much of what was shared is free now."""
        for _ in range(_ROUNDS):
            over = size_of(self.store.root) - keep
            victims = list(self._victims()) if over > 0 else []
            if not victims:
                return
            sizes = {(part.kind, part.key or part.name): part.size for part in parts(self.store, self.layers_of)}
            for victim in victims:
                if over <= 0:
                    break
                size = 0
                match victim:
                    case StepUse():
                        size = sizes.get(("step", victim.key), 0)
                    case CacheDirectory():
                        size = size_of(victim.path)
                    case Descriptor():
                        size = sizes.get(("image", f"<none> {victim.digest.short}"), 0)
                over -= size if self._remove(victim) else 0
            self._sweep()

    def _victims(self) -> Iterator[Victim]:
        """What may go, the least recently used first; of those used together what stands on others first."""
        found: list[tuple[float, int, Victim]] = []
        if "step" in self.wish.kinds:
            found += [(step.used, -len(step.layers), step) for step in self._steps()]
        if "image" in self.wish.kinds:
            nameless = self.store.images.nameless()
            found += [(made, 0, image) for image, made in nameless if self._is_meant("<none>", made, self.held)]
        if "mount" in self.wish.kinds:
            # Its lock says whether somebody is in it.
            after = self.now + _SLACK
            found += [
                (one.used, 0, one) for one in self.store.caches.all() if self._is_meant(one.name, one.used, after)
            ]
        yield from (victim for _, _, victim in sorted(found, key=lambda each: each[:2]))

    def _steps(self) -> Iterator[StepUse]:
        references = References.of(self.store, self.layers_of)
        held = self.held
        for step in references.steps:
            shown = not self.wish.every and self._is_shown(step, references)
            if self._is_meant(step.name, step.used, held) and not shown:
                yield step

    def _is_meant(self, name: str, used: float, held: float) -> bool:
        old = self.wish.until is None or used < self.wish.until
        return old and used < held and all(word in name for word in self.wish.words)

    def _is_shown(self, step: StepUse, references: References) -> bool:
        """Whether all of its own layers are a named image's."""
        homes = [self.store.home(layer) for form, layer in step.layers if form == "layer"]
        return bool(homes) and all(home in references.shown for home in homes)

    def _remove(self, victim: Victim) -> bool:
        if isinstance(victim, CacheDirectory):
            gone = self.store.caches.remove(victim.name, victim.number)
            self.mounts += [victim.name] if gone else []
            return gone
        if isinstance(victim, Descriptor):
            gone = self.store.images.forget(victim.digest)
            self.images += [victim.digest] if gone else []
            return gone
        held = self.held
        marks = [self.store.records.prune(key, before=held) for key in victim.keys]
        self.steps += [victim.name] if all(marks) else []
        return all(marks)

    def _sweep(self) -> None:
        """Nothing is here afterwards that nothing needs, but for what is held."""
        references = References.of(self.store, self.layers_of)
        layers, blobs = self._needed(references)
        for layer in self.store.layers.all():
            if layer not in layers:
                self.store.layers.prune(layer, before=self.held)
        for blob in self.store.blobs.all():
            if blob not in blobs:
                self.store.blobs.prune(blob, before=self.held)
        self._forget()
        self._old_files()
        self.store.partials.sweep(before=self.held if self.wish.keep is None else self.now - _PARTIALS)
        self.store.temporary.sweep()

    def _needed(self, references: References) -> tuple[set[Digest], set[Digest]]:
        """The directories of layers, and the blobs, that records and named images need."""
        layers: set[Digest] = set()
        blobs = {blob for needed in references.images.values() for blob in needed}
        bases = {base.chain: base.descriptor.digest for base in self.store.links.bases()}
        for form, layer in {each for step in references.steps for each in step.layers}:
            home = self.store.links.layer_of_chain(layer) if form == "chain" else self.store.home(layer)
            layers |= {home} if home else set()
            blobs |= references.packed(layer) | (references.packed(home) if home else frozenset())
            blobs |= {bases[layer]} if layer in bases else set()
        # An image whose blob is not here is packed again from the layer's directory.
        for home in references.directories:
            packed = references.packed(home)
            if not any(self.store.blobs.used(blob) for blob in packed):
                layers.add(home)
        return layers, blobs

    def _forget(self) -> None:
        """Links of what is not here any more."""
        links = self.store.links
        for chain, layer in links.chains():
            if not self.store.layers.has(layer):
                links.remove_chain(chain)
        for layer, packed in links.packs():
            if self.store.home(layer) is None and not self.store.blobs.used(packed.descriptor.digest):
                links.remove_packed(layer)
        for one in links.variants():
            if not self.store.blobs.used(one.packed.descriptor.digest):
                links.remove_variant(one.layer, one.form)
        for blob in self.store.blocks.blobs():
            if not self.store.blobs.used(blob):
                self.store.blocks.remove(blob)

    def _old_files(self) -> None:
        """Full outputs of steps, and what was remembered of contexts, that nobody has written to for a week."""
        for folder in "logs", "stats":
            with suppress(OSError), os.scandir(self.store.root / folder) as entries:
                for entry in entries:
                    if entry.stat().st_mtime < self.now - _LOGS:
                        os.unlink(entry.path)
