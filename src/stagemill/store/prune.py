"""`prune`: takes out of a store what is not wanted any more, and never what a running process may hold.

A step is forgotten first, by its records, and then goes what nothing needs. What was used since the first of the other
processes began is kept: they mark what they use (records, layers, blobs), and flock the directories of cache mounts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field, replace
from functools import partial
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.oci.descriptor import Descriptor
from stagemill.store.caches import CacheDirectory
from stagemill.store.filters import Filter, Kind, Thing
from stagemill.store.locks import never
from stagemill.store.records import AWAKE
from stagemill.store.references import LayersOf, References, StepUse
from stagemill.store.store import Store
from stagemill.store.usage import Part, parts, size_of
from stagemill.values import dataclass

_SLACK = 2 * AWAKE  # seconds: marks are not that exact
_LOGS = 7 * 86400.0
_PARTIALS = 86400.0  # of what is left of downloads, where no more room than necessary is made
_ROUNDS = 8
_Keys: TypeAlias = Callable[[], Iterable[str]]
Victim: TypeAlias = StepUse | CacheDirectory | Descriptor


@dataclass(frozen=True, slots=True)
class Wish:
    """What may go: all of it, or the least recently used until the store takes at most `keep` bytes.

    With `free`, until so many bytes of the disk are free, too; with `reserved` only as long as the store takes more than that.
    Images without a name go as well. Only what was not used since `until` (seconds since the epoch), and what all `filters`
    mean. With `every` also steps whose layers named images have, which keep their blobs.
    """

    keep: int | None = None
    free: int | None = None
    reserved: int | None = None
    until: float | None = None
    filters: tuple[Filter, ...] = ()
    every: bool = False

    def limit(self, total: int, free: int) -> int | None:
        """What the store may take, where it takes `total` and so much of its disk is free; None where there is no limit."""
        if self.keep is None and self.free is None:
            return self.reserved
        most = total if self.keep is None else self.keep
        if self.free is not None:
            most = min(most, total - max(self.free - free, 0))
        return max(most, self.reserved or 0)


@dataclass(frozen=True, slots=True)
class Gone:
    """A step, a mount or an image that was removed; `size` is what it took alone, None where nobody asked."""

    kind: Kind
    id: str
    name: str
    used: float
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What is gone, how many bytes the store takes less, and how many it still takes."""

    gone: tuple[Gone, ...]
    bytes: int
    left: int

    def names(self, kind: Kind) -> tuple[str, ...]:
        return tuple(each.name for each in self.gone if each.kind == kind)


def held_since(store: Store, now: float) -> float:
    """What was used since then may be held by another process."""
    oldest = store.living.oldest_other()
    return now + _SLACK if oldest is None else min(oldest, now) - _SLACK


def prune(store: Store, wish: Wish, *, layers_of: LayersOf, now: float, sizes: bool = False) -> Pruned:
    """Builds may run meanwhile. With `sizes` it is said what each thing took. Raises StoreError where the store cannot be read."""
    pruning = _Pruning(store, wish, layers_of, now)
    return pruning.run(pruning.measured() if sizes else {})


@dataclass(slots=True)
class _Pruning:
    store: Store
    wish: Wish
    layers_of: LayersOf
    now: float
    gone: list[Gone] = field(default_factory=list)
    parts: Mapping[tuple[Kind, str], Part] | None = None

    @property
    def held(self) -> float:
        return held_since(self.store, self.now)

    def measured(self) -> Mapping[tuple[Kind, str], Part]:
        return {(part.kind, part.id): part for part in parts(self.store, self.layers_of)}

    def run(self, known: Mapping[tuple[Kind, str], Part]) -> Pruned:
        before = size_of(self.store.root)
        self._sweep()
        limit = self.wish.limit(size_of(self.store.root), shutil.disk_usage(self.store.root).free)
        if limit is None:
            for victim in self._victims():
                self._remove(victim)
            self._sweep()
        else:
            self._shrink(limit)
        left = size_of(self.store.root)
        gone = (
            replace(each, size=part.size) if (part := known.get((each.kind, each.id))) else each for each in self.gone
        )
        return Pruned(tuple(gone), max(before - left, 0), left)

    def _shrink(self, keep: int) -> None:
        """Removes in rounds, since it is known only afterwards how much of what was shared is free now."""
        for _ in range(_ROUNDS):
            over = size_of(self.store.root) - keep
            victims = list(self._victims()) if over > 0 else []
            if not victims:
                return
            sizes = self.parts = self.measured()
            for victim in victims:
                if over <= 0:
                    break
                if self._remove(victim):
                    part = sizes.get((self.gone[-1].kind, self.gone[-1].id))
                    over -= part.size if part else 0
            self._sweep()

    def _thing(self, victim: Victim) -> Thing:
        match victim:
            case StepUse():
                return self._made("step", victim.key, victim.name, parents=lambda: victim.parents)
            case CacheDirectory():
                inuse = partial(self.store.caches.is_used, victim.name, victim.number)
                return self._made("mount", victim.id, victim.name, inuse=inuse)
            case Descriptor():
                name = f"<none> {victim.digest.short}"
                return self._made("image", name, name)

    def _made(
        self, kind: Kind, key: str, name: str, *, inuse: Callable[[], bool] = never, parents: _Keys = tuple
    ) -> Thing:
        return Thing(kind, key, name, inuse, parents, partial(self._is_shared, kind, key))

    def _is_shared(self, kind: Kind, key: str) -> bool:
        if self.parts is None:
            self.parts = self.measured()
        part = self.parts.get((kind, key))
        return part is not None and part.shared > 0

    def _victims(self) -> Iterator[Victim]:
        """What may go, the least recently used first; of those used together what stands on others first."""
        found: list[tuple[float, int, Victim]] = [(step.used, -len(step.layers), step) for step in self._steps()]
        # Its lock says whether somebody is in a mount.
        mounts = [one for one in self.store.caches.all() if self._is_old(one.used, self.now + _SLACK)]
        images = [(image, made) for image, made in self.store.images.nameless() if self._is_old(made, self.held)]
        found += [(one.used, 0, one) for one in mounts]
        found += [(made, 0, image) for image, made in images]
        meant = [each for each in found if self._is_meant(each[2])]
        yield from (victim for _, _, victim in sorted(meant, key=lambda each: each[:2]))

    def _steps(self) -> Iterator[StepUse]:
        held = self.held
        references = References.of(self.store, self.layers_of)
        for step in references.steps:
            shown = not self.wish.every and self._is_shown(step, references)
            if self._is_old(step.used, held) and not shown:
                yield step

    def _is_old(self, used: float, held: float) -> bool:
        return (self.wish.until is None or used < self.wish.until) and used < held

    def _is_meant(self, victim: Victim) -> bool:
        if not self.wish.filters:
            return True
        thing = self._thing(victim)
        return all(each.means(thing) for each in self.wish.filters)

    def _is_shown(self, step: StepUse, references: References) -> bool:
        """Whether all of its own layers are a named image's."""
        homes = [self.store.home(layer) for form, layer in step.layers if form == "layer"]
        return bool(homes) and all(home in references.shown for home in homes)

    def _remove(self, victim: Victim) -> bool:
        gone, used = self._removed(victim)
        if gone:
            thing = self._thing(victim)
            self.gone.append(Gone(thing.kind, thing.id, thing.name, used))
        return gone

    def _removed(self, victim: Victim) -> tuple[bool, float]:
        """Whether it is gone, and when it was used last."""
        match victim:
            case StepUse():
                held = self.held
                marks = [self.store.records.prune(key, before=held) for key in victim.keys]
                return all(marks), victim.used
            case CacheDirectory():
                return self.store.caches.remove(victim.name, victim.number), victim.used
            case Descriptor():
                return self.store.images.forget(victim.digest), 0.0

    def _sweep(self) -> None:
        """Nothing is here afterwards that nothing needs, but for what is held, or was when names were read: whoever ended since then
        may have named it.
        """
        held = self.held
        references = References.of(self.store, self.layers_of)
        layers, blobs = self._needed(references)
        for layer in self.store.layers.all():
            if layer not in layers:
                self.store.layers.prune(layer, before=min(held, self.held))
        for blob in self.store.blobs.all():
            if blob not in blobs:
                self.store.blobs.prune(blob, before=min(held, self.held))
        self.store.blobs.forget()
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
