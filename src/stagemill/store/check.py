"""`check`: reads all of a store, drops what is torn, and forgets what only named it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError, StagemillError, StoreError
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.manifest import Index, Manifest
from stagemill.store.records import Record
from stagemill.store.store import Store
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What is in the store and whole, and in words what was not. `bytes` are those of the blobs."""

    blobs: int
    layers: int
    records: int
    images: int
    bytes: int
    dropped: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        return not self.dropped

    def __str__(self) -> str:
        counts = f"{self.blobs} blobs ({self.bytes / 1e6:.1f} MB), {self.layers} layers, {self.records} records"
        verdict = f"whole; {len(self.dropped)} other things were dropped or swept" if self.dropped else "all whole"
        return f"{counts}, {self.images} images: {verdict}"


def no_layers(_result: str) -> tuple[Digest, ...]:
    """For records of which nobody knows which layers their results name."""
    return ()


def check(
    store: Store,
    *,
    verify_layer: Callable[[Digest], bool],
    report: Callable[[str], None],
    layers_of: Callable[[str], Iterable[Digest]] = no_layers,
) -> CheckReport:
    """Nothing torn is in the store afterwards; `report` hears of each thing that was dropped, when it is found.

    `verify_layer` reads a layer's files and says whether they are what its index says; `layers_of` finds the layers in
    the result of a record. Builds may run meanwhile. Raises StoreError where the store cannot be read at all.
    """
    work = _Check(store, report)
    if not store.database.mend():
        work.drop(f"{store.database.path} was damaged, and has been made anew")
    blobs = dict(work.blobs())
    layers = list(work.layers(verify_layer))
    images = list(work.images())
    work.links()
    records = list(work.records(layers_of))
    work.leftovers()
    return CheckReport(
        blobs=len(blobs),
        layers=len(layers),
        records=len(records),
        images=len(images),
        bytes=sum(blobs.values()),
        dropped=tuple(work.dropped),
    )


@dataclass(slots=True)
class _Check:
    store: Store
    report: Callable[[str], None]
    dropped: list[str] = field(default_factory=list)
    gone: list[Digest] = field(default_factory=list)

    def drop(self, what: str) -> None:
        self.dropped.append(what)
        self.report(what)

    def blobs(self) -> Iterator[tuple[Digest, int]]:
        """The blobs that are whole, with their sizes."""
        for stray in self.store.blobs.strays():
            self.store.temporary.discard(stray)
            self.drop(f"{stray} is no blob")
        for blob in self.store.blobs.all():
            try:
                yield blob, self.store.blobs.verify(blob, anew=True)
            except CorruptError as error:
                self.gone.append(blob)
                self.drop(error.message)
            except NotFoundError:
                continue  # another process removed it
            except StoreError as error:
                if not _is_broken(error):
                    raise
                self.store.temporary.discard(self.store.blobs.path(blob))
                self.gone.append(blob)
                self.drop(error.message)

    def layers(self, verify: Callable[[Digest], bool]) -> Iterator[Digest]:
        """The layers that are whole."""
        for stray in self.store.layers.strays():
            self.store.temporary.discard(stray)
            self.drop(f"{stray} is no layer")
        for layer in self.store.layers.all():
            flaw = self._flaw_of_layer(layer, verify)
            if not flaw:
                yield layer
            elif flaw != _VANISHED:
                self.store.layers.remove(layer)
                self.gone.append(layer)
                self.drop(flaw)

    def _flaw_of_layer(self, layer: Digest, verify: Callable[[Digest], bool]) -> str:
        try:
            self.store.layers.index(layer)
            return "" if verify(layer) else f"layer {layer} is torn: its files are not what its index says"
        except NotFoundError:
            return _VANISHED
        except CorruptError as error:
            return error.message
        except (OSError, StagemillError) as error:
            return f"layer {layer} cannot be read: {error}" if self.store.layers.has(layer) else _VANISHED

    def images(self) -> Iterator[str]:
        """The names of images that are whole, or can be completed; a digest where there is none."""
        packed = {
            packed.descriptor.digest for layer, packed in self.store.links.packs() if self.store.layers.has(layer)
        }
        for reference, descriptor, _ in self.store.images.all():
            flaw = self._flaw_of_image(descriptor, packed)
            if flaw:
                self.store.images.remove(reference)
                self.drop(f"image {reference} is lost: {flaw}")
            else:
                yield reference
        for descriptor, _ in self.store.images.nameless():
            if flaw := self._flaw_of_image(descriptor, packed):
                self.store.images.forget(descriptor.digest)
                self.drop(f"the image {descriptor.digest}, which has no name, is lost: {flaw}")
            else:
                yield descriptor.digest

    def _flaw_of_image(self, descriptor: Descriptor, packed: set[Digest]) -> str:
        try:
            data = self.store.blobs.read(descriptor.digest)
            if descriptor.media_type in media_types.INDEXES:
                flaws = [self._flaw_of_image(manifest, packed) for manifest in Index.parse(data).manifests]
                return (
                    "" if "" in flaws else "none of its manifests is whole"
                )  # those of other platforms need not be here
            config = self.store.blobs.read(Manifest.parse(data).config.digest)
            image = Image.parse(data, config)
        except (CorruptError, NotFoundError) as error:
            return error.message
        except ValueError as error:
            return f"its manifest {descriptor.digest} cannot be read: {error}"
        lost = [
            layer.digest
            for layer, chain in zip(image.manifest.layers, image.chain_ids, strict=True)
            if not (self.store.blobs.has(layer) or layer.digest in packed or self._can_be_made(layer.digest, chain))
        ]
        return f"its layer {lost[0]} is neither here nor can it be made or fetched again" if lost else ""

    def _can_be_made(self, blob: Digest, chain: Digest) -> bool:
        layer = self.store.links.layer_of_chain(chain)
        return self.store.links.origin(blob) is not None or (layer is not None and self.store.layers.has(layer))

    def links(self) -> None:
        """Forgets chains of missing layers, and packed blobs that are neither here nor to be fetched: they are made again."""
        links = self.store.links
        for chain, layer in links.chains():
            if not self.store.layers.has(layer):
                links.remove_chain(chain)
                self.drop(f"base layer {chain} named the missing layer {layer}")
        for layer, packed in links.packs():
            blob = packed.descriptor
            if self.store.home(layer) is None:
                if not self.store.blobs.has(blob):  # else the layer came as a blob, and is unpacked when it is needed
                    links.remove_packed(layer)
                    self.drop(f"blob {blob.digest} was made of the missing layer {layer}")
            elif not self.store.blobs.has(blob) and links.origin(blob.digest) is None:
                links.remove_packed(layer)
                self.drop(f"layer {layer} named the missing blob {blob.digest}")

    def records(self, layers_of: Callable[[str], Iterable[Digest]]) -> Iterator[Record]:
        """The records whose results are here."""
        for record in self.store.records.all():
            missing = [gone for gone in self.gone if gone in record.result and not self.store.holds(gone)]
            missing += [layer for layer in layers_of(record.result) if not self.store.holds(layer)]
            if missing:
                self.store.records.remove(record.key)
                self.drop(f"the record of {record.name!r} named the missing {missing[0]}")
            else:
                yield record

    def leftovers(self) -> None:
        swept, resisting = self.store.temporary.sweep()
        self.store.locks.sweep()
        if swept:
            self.drop(f"{swept} unfinished directories of builds that died")
        for path in resisting:
            self.drop(f"{path} is left by a build that died, and cannot be removed")


def _is_broken(error: StoreError) -> bool:
    """Whether it is the object that cannot be read, and not this process that cannot read."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in {errno.EIO, errno.EISDIR}


_VANISHED = "another process removed it"
