from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import ArchiveError
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.manifest import Index
from stagemill.store.check import CheckReport, check
from stagemill.store.links import Packed
from stagemill.store.records import Record
from stagemill.store.store import Store

APP = "docker.io/library/app:latest"
LAYER_BYTES = b"a packed layer"
DIFF = Digest.of(b"diff")
BLOB = Descriptor(media_types.LAYER, Digest.of(LAYER_BYTES), len(LAYER_BYTES))


def whole(_layer: Digest) -> bool:
    return True


def layers_of(result: str) -> Iterable[Digest]:
    return [Digest(text) for text in json.loads(result)["layers"]]


def make_layer(store: Store, name: str = "layer") -> Digest:
    with store.layers.workspace() as workspace:
        (workspace.fs / name).touch()
        return workspace.commit(name.encode())


def make_image(store: Store) -> Image:
    """An image of one layer, in the store with all that is derived from it."""
    layer = make_layer(store)
    image = Image.build(replace(ImageConfig.parse(b'{"rootfs":{"diff_ids":[]}}'), diff_ids=(DIFF,)), (BLOB,))
    for data in (LAYER_BYTES, image.manifest_bytes, image.config_bytes):
        store.blobs.put(data)
    store.links.set_packed(layer, Packed(DIFF, BLOB))
    store.links.set_layer_of_chain(DIFF, layer)
    store.images.set(APP, image.descriptor, 1.0)
    key = Digest.of(b"key")
    store.records.put(Record(key, key, json.dumps({"layers": [layer]}), "{}", "RUN x", 1.0))
    return image


def run(store: Store, **options: object) -> tuple[CheckReport, list[str]]:
    heard: list[str] = []
    report = check(store, report=heard.append, **({"verify_layer": whole, "layers_of": layers_of} | options))  # type: ignore[arg-type]
    return report, heard


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


def test_a_whole_store_is_counted_and_left_as_it_is(store: Store) -> None:
    image = make_image(store)
    size = len(LAYER_BYTES) + len(image.manifest_bytes) + len(image.config_bytes)

    report, heard = run(store)

    assert report == CheckReport(blobs=3, layers=1, records=1, images=1, bytes=size, dropped=())
    assert report.is_whole
    assert heard == []
    assert store.images.get(APP) == image.descriptor


def test_a_report_can_be_read_by_people() -> None:
    counts = CheckReport(blobs=3, layers=2, records=4, images=1, bytes=1234567, dropped=())

    said = str(counts), str(replace(counts, dropped=("a", "b")))

    assert said == (
        "3 blobs (1.2 MB), 2 layers, 4 records, 1 images: all whole",
        "3 blobs (1.2 MB), 2 layers, 4 records, 1 images: whole; 2 other things were dropped or swept",
    )


def test_an_empty_store_is_whole(store: Store) -> None:
    assert run(store)[0] == CheckReport(blobs=0, layers=0, records=0, images=0, bytes=0, dropped=())


def test_a_flipped_byte_in_a_layers_blob_drops_the_blob_and_not_the_image_whose_layer_can_be_packed_again(
    store: Store,
) -> None:
    image = make_image(store)
    flip(store.blobs.path(BLOB.digest))

    report, heard = run(store)

    assert not store.blobs.has(BLOB)
    assert (report.blobs, report.layers, report.images, report.records) == (2, 1, 1, 1)
    assert list(report.dropped) == heard
    assert heard[0].startswith(f"blob {BLOB.digest} is torn")
    assert heard[1:] == [f"layer {next(store.layers.all())} named the missing blob {BLOB.digest}"]
    assert store.images.get(APP) == image.descriptor


def test_a_flipped_byte_in_a_fetched_blob_keeps_what_names_it(store: Store) -> None:
    make_image(store)
    store.links.set_origin(BLOB.digest, "docker.io/library/base:latest")
    flip(store.blobs.path(BLOB.digest))

    report, _ = run(store)

    assert len(report.dropped) == 1
    assert store.links.packed(next(store.layers.all())) == Packed(DIFF, BLOB)
    assert store.images.get(APP) is not None


@pytest.mark.parametrize("part", ["manifest", "config"])
@pytest.mark.parametrize("harm", ["torn", "missing"])
def test_an_image_whose_manifest_or_config_is_lost_is_dropped_by_name(store: Store, part: str, harm: str) -> None:
    image = make_image(store)
    lost = image.digest if part == "manifest" else image.manifest.config.digest
    if harm == "torn":
        flip(store.blobs.path(lost))
    else:
        store.blobs.remove(lost)

    report, heard = run(store)

    assert report.images == 0
    assert heard[-1] == f"image {APP} is lost: blob {lost} is not in the store"
    assert store.images.all() == []


def test_an_image_without_a_name_is_looked_at_too(store: Store) -> None:
    image = make_image(store)
    store.images.remove(APP)
    store.images.keep(image.descriptor, 1.0)
    assert run(store)[0].images == 1
    store.blobs.remove(image.digest)

    report, heard = run(store)

    assert report.images == 0
    assert heard[-1] == f"the image {image.digest}, which has no name, is lost: blob {image.digest} is not in the store"
    assert store.images.nameless() == []


def test_an_image_whose_layer_is_nowhere_is_dropped_by_name(store: Store) -> None:
    make_image(store)
    store.blobs.remove(BLOB.digest)
    store.layers.remove(next(store.layers.all()))

    report, heard = run(store)

    assert report.images == 0
    assert (
        heard[0] == f"image {APP} is lost: its layer {BLOB.digest} is neither here nor can it be made or fetched again"
    )


def test_an_image_whose_manifest_is_none_is_dropped_by_name(store: Store) -> None:
    digest = store.blobs.put(b"{}")
    store.images.set(APP, Descriptor(media_types.MANIFEST, digest, 2), 1.0)

    _, heard = run(store)

    assert heard[0].startswith(f"image {APP} is lost: its manifest {digest} cannot be read: ")


def test_an_index_is_whole_with_one_whole_manifest_and_lost_with_none(store: Store) -> None:
    image = make_image(store)
    foreign = Descriptor(media_types.MANIFEST, Digest.of(b"foreign"), 7)
    for name, manifests in ("good", (foreign, image.descriptor)), ("bad", (foreign,)):
        data = Index(manifests).serialize()
        store.images.set(name, Descriptor(media_types.INDEX, store.blobs.put(data), len(data)), 1.0)

    _, heard = run(store)

    assert heard == ["image bad is lost: none of its manifests is whole"]
    assert [name for name, _, _ in store.images.all()] == [APP, "good"]


def test_a_layer_whose_files_changed_is_dropped_with_what_names_it(store: Store) -> None:
    make_image(store)
    layer = next(store.layers.all())
    store.blobs.remove(BLOB.digest)
    store.links.set_origin(BLOB.digest, "registry.example/app:1")

    report, heard = run(store, verify_layer=lambda _: False)

    assert heard == [
        f"layer {layer} is torn: its files are not what its index says",
        f"base layer {DIFF} named the missing layer {layer}",
        f"blob {BLOB.digest} was made of the missing layer {layer}",
        f"the record of 'RUN x' named the missing {layer}",
    ]
    assert not store.layers.has(layer)
    assert (report.layers, report.records, report.images) == (0, 0, 1)  # its blob can be fetched
    assert run(store)[0].is_whole


def test_a_layer_that_can_be_unpacked_again_keeps_its_records(store: Store) -> None:
    make_image(store)
    layer = next(store.layers.all())

    report, heard = run(store, verify_layer=lambda _: False)

    assert heard == [
        f"layer {layer} is torn: its files are not what its index says",
        f"base layer {DIFF} named the missing layer {layer}",
    ]
    assert not store.layers.has(layer)
    assert store.holds(layer)
    assert store.links.packed(layer) == Packed(DIFF, BLOB)
    assert (report.layers, report.records, report.images) == (0, 1, 1)
    assert run(store)[0].is_whole


def test_records_that_mention_what_was_dropped_go_even_where_nobody_knows_their_layers(store: Store) -> None:
    make_image(store)
    store.blobs.remove(BLOB.digest)

    heard: list[str] = []
    report = check(store, verify_layer=lambda _: False, report=heard.append)

    assert report.records == 0


def test_a_torn_index_and_a_missing_one_are_found(store: Store) -> None:
    torn, bare = make_layer(store, "torn"), make_layer(store, "bare")
    flip(store.root / "layers" / torn.hex / "index")
    (store.root / "layers" / bare.hex / "index").unlink()

    report, heard = run(store)

    assert report.layers == 0
    assert sorted(heard) == sorted(
        [f"layer {torn} is torn: its index is {Digest.of(b'uorn')}", f"layer {bare} is torn: it has no index"]
    )
    assert list(store.layers.all()) == []


def test_a_layer_that_cannot_be_read_is_dropped_and_one_that_vanishes_is_not_mentioned(store: Store) -> None:
    unreadable, vanishing = make_layer(store, "unreadable"), make_layer(store, "vanishing")

    def verify(layer: Digest) -> bool:
        if layer == vanishing:
            store.layers.remove(layer)
        raise ArchiveError("its index is gibberish")

    report, heard = run(store, verify_layer=verify)

    assert heard == [f"layer {unreadable} cannot be read: its index is gibberish"]
    assert report.layers == 0


def test_a_directory_in_the_place_of_a_blob_is_dropped(store: Store) -> None:
    path = store.blobs.path(BLOB.digest)
    (path / "sub").mkdir(parents=True)

    report, heard = run(store)

    assert heard == [f"cannot read {path}: is a directory"]
    assert report.blobs == 0
    assert not path.exists()


def test_strays_and_leftovers_are_swept(store: Store) -> None:
    strays = [store.root / "blobs" / "sha256" / "x", store.root / "layers" / "y", store.root / "tmp" / "z"]
    for stray in strays:
        stray.mkdir()
    (store.root / "locks" / "dead").touch()

    _, heard = run(store)

    assert heard == [
        f"{strays[0]} is no blob",
        f"{strays[1]} is no layer",
        "1 unfinished directories of builds that died",
    ]
    assert [stray for stray in strays if stray.exists()] == []
    assert list((store.root / "locks").iterdir()) == []


def test_a_damaged_state_file_is_mended(store: Store) -> None:
    make_image(store)
    store.database.change("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(store.database.path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)

    report, heard = run(store)

    assert heard[0] == f"{store.database.path} was damaged, and has been made anew"
    assert not report.is_whole
    assert run(store)[0].is_whole
