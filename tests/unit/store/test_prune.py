"""Pruning: what goes, in which order, and what never does."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.store.filters import Filter, Operator
from stagemill.store.links import BaseLayer, Packed
from stagemill.store.prune import Pruned, Wish, prune
from stagemill.store.records import Record
from stagemill.store.references import References
from stagemill.store.store import Store
from stagemill.store.usage import Part, parts, size_of

NOW = time.time()
OLD = NOW - 100_000.0
MEGABYTE = 1_000_000


def layers_of(result: str) -> Iterator[tuple[str, Digest]]:
    return ((form, Digest(digest)) for form, digest in json.loads(result))


def layer(store: Store, name: str, size: int = 1000, *, used: float = OLD) -> Digest:
    with store.layers.workspace() as workspace:
        (workspace.fs / name).write_bytes(os.urandom(size))
        made = workspace.commit(name.encode())
    os.utime(store.root / "layers" / made.hex / "index", (used, used))
    return made


def blob(store: Store, data: bytes, *, used: float = OLD) -> Digest:
    made = store.blobs.put(data)
    for path in store.blobs.path(made), store.root / "marks" / made.hex:
        with suppress(FileNotFoundError):
            os.utime(path, (used, used))
    return made


def record(store: Store, name: str, *layers: Digest, used: float = OLD, form: str = "layer") -> Record:
    key = Digest.of(f"key of {name}".encode())
    made = Record(key, key, json.dumps([(form, each) for each in layers]), "{}", name, 1.0, used)
    store.records.put(made)
    return made


def run(store: Store, wish: Wish | None = None) -> Pruned:
    return prune(store, wish or Wish(), layers_of=layers_of, now=time.time())


def wish(*filters: tuple[str, Operator, str]) -> Wish:
    return Wish(filters=tuple(Filter(*each) for each in filters))


def mount(store: Store, name: str, size: int = 1000, *, used: float = OLD) -> Path:
    def fill(path: Path) -> None:
        (path / "f").write_bytes(bytes(size))

    with store.caches.use(name, sharing="shared", fill=fill) as place:
        pass
    os.utime(place.with_name("0.lock"), (used, used))
    return place


class TestWhatGoes:
    @pytest.mark.parametrize(("age", "keep", "left"), [(10.0, None, 0), (10.0, 0, 1), (100_000.0, 0, 0)])
    def test_the_beginnings_of_downloads_go_and_fresh_ones_stay_where_only_room_is_made(
        self, store: Store, age: float, keep: int | None, left: int
    ) -> None:
        path = store.root / "partial" / ("0" * 64)
        path.write_bytes(b"begun")
        then = time.time() - age
        os.utime(path, (then, then))

        run(store, Wish(keep=keep))

        assert len(os.listdir(store.root / "partial")) == left

    def test_steps_go_with_their_layers_and_blobs_and_so_do_mounts(self, store: Store) -> None:
        made = layer(store, "a", MEGABYTE)
        packed = blob(store, b"packed")
        store.links.set_packed(made, Packed(Digest.of(b"tar"), Descriptor("t", packed, 6)))
        record(store, "RUN a", made)
        mount(store, "/npm")

        told = run(store)

        assert (told.names("step"), told.names("mount")) == (("RUN a",), ("/npm",))
        assert told.bytes > MEGABYTE
        assert told.left == size_of(store.root)
        assert (list(store.layers.all()), list(store.blobs.all())) == ([], [])
        assert (store.records.all(), store.links.packs(), store.caches.all()) == ([], [], [])

    def test_what_nothing_needs_goes_first(self, store: Store) -> None:
        lost = layer(store, "lost")
        stray = blob(store, b"stray")
        kept = layer(store, "kept")
        record(store, "RUN kept", kept)

        told = run(store, Wish(keep=1 << 40))

        assert told.names("step") == ()
        assert list(store.layers.all()) == [kept]
        assert not store.layers.has(lost)
        assert stray not in list(store.blobs.all())

    def test_a_base_goes_when_no_step_stands_on_it(self, store: Store) -> None:
        chain, below = Digest.of(b"chain"), layer(store, "base")
        data = blob(store, b"base blob")
        store.links.set_base(chain, BaseLayer(chain, None, Digest.of(b"d"), Descriptor("t", data, 9), "docker.io/x"))
        store.links.set_layer_of_chain(chain, below)
        record(store, "RUN on it", chain, form="chain")

        run(store, wish(("name", "=", "nothing")))
        assert store.layers.has(below)
        assert store.blobs.used(data)
        run(store)

        assert not store.layers.has(below)
        assert not store.blobs.used(data)
        assert store.links.chains() == []

    @pytest.mark.parametrize(
        ("wish", "gone"),
        [
            (Wish(until=NOW - 50_000), ["RUN old", "/old"]),
            (wish(("type", "=", "step")), ["RUN old", "RUN young"]),
            (wish(("type", "=", "mount")), ["/old", "/young"]),
            (wish(("name", "=", "you")), ["RUN young", "/young"]),
            (wish(("name", "=", "RUN"), ("name", "=", "old")), ["RUN old"]),
            (wish(("mutable", "=", "true"), ("name", "!=", "old")), ["/young"]),
            (wish(("inuse", "=", "true")), []),
            (wish(("shared", "=", "true")), []),
            (wish(("shared", "=", "false"), ("name", "~=", "^/o")), ["/old"]),
            (Wish(until=OLD - 1), []),
        ],
    )
    def test_only_what_is_meant_goes(self, store: Store, wish: Wish, gone: list[str]) -> None:
        for name, used in ("old", OLD), ("young", NOW - 10):
            record(store, f"RUN {name}", layer(store, name), used=used)
            mount(store, f"/{name}", used=used)

        told = run(store, wish)

        assert sorted([*told.names("step"), *told.names("mount")]) == sorted(gone)


class TestKeeping:
    def test_the_least_recently_used_goes_until_there_is_room(self, store: Store) -> None:
        for number in range(6):
            record(store, f"RUN {number}", layer(store, str(number), MEGABYTE), used=OLD + number)
        mount(store, "/between", MEGABYTE, used=OLD + 1.5)
        before = size_of(store.root)

        told = run(store, Wish(keep=before - int(2.5 * MEGABYTE)))

        assert (told.names("step"), told.names("mount")) == (("RUN 0", "RUN 1"), ("/between",))
        assert told.left <= before - 2.5 * MEGABYTE

    def test_what_stands_on_a_step_goes_before_it(self, store: Store) -> None:
        below, above = layer(store, "below", MEGABYTE), layer(store, "above", MEGABYTE)
        record(store, "RUN below", below)
        record(store, "RUN above", below, above)

        told = run(store, Wish(keep=size_of(store.root) - MEGABYTE // 2))

        assert told.names("step") == ("RUN above",)
        assert store.layers.has(below)

    def test_what_is_shared_is_free_only_when_the_last_goes(self, store: Store) -> None:
        one, other = layer(store, "one", 3 * MEGABYTE), layer(store, "other", 10)
        os.link(store.layers.directory(one) / "one", store.layers.directory(other) / "linked")
        record(store, "RUN one", one, used=OLD)
        record(store, "COPY other", other, used=OLD + 1)

        told = run(store, Wish(keep=size_of(store.root) - 2 * MEGABYTE))

        assert set(told.names("step")) == {"RUN one", "COPY other"}
        assert told.bytes >= 3 * MEGABYTE

    @pytest.mark.parametrize(
        ("wish", "expected"),
        [
            (Wish(), None),
            (Wish(keep=60), 60),
            (Wish(reserved=40), 40),
            (Wish(keep=30, reserved=40), 40),
            (Wish(free=20), 100),
            (Wish(free=65), 85),
            (Wish(free=65, keep=60), 60),
            (Wish(free=100, keep=60), 50),
            (Wish(free=1000, reserved=40), 40),
        ],
    )
    def test_a_store_of_100_on_a_disk_with_50_free_may_keep(self, wish: Wish, expected: int | None) -> None:
        assert wish.limit(100, 50) == expected

    def test_where_there_is_room_nothing_goes(self, store: Store) -> None:
        record(store, "RUN a", layer(store, "a"))

        assert run(store, Wish(keep=1 << 40)).names("step") == ()


class TestImages:
    def named(self, store: Store, *, packed: bool) -> tuple[Image, Digest]:
        """A named image of one layer, of which the directory is here, and the blob or not."""
        made = layer(store, "app", MEGABYTE)
        data = b"app blob"
        descriptor = Descriptor(media_types.LAYER, Digest.of(data), len(data))
        diff = Digest.of(b"diff")
        image = Image.build(replace(ImageConfig.parse(b'{"rootfs":{"diff_ids":[]}}'), diff_ids=(diff,)), (descriptor,))
        for each in (image.manifest_bytes, image.config_bytes, *([data] if packed else [])):
            blob(store, each)
        store.links.set_packed(made, Packed(diff, descriptor))
        store.links.set_layer_of_chain(diff, made)
        store.images.set("docker.io/library/app:latest", image.descriptor, 1.0)
        record(store, "RUN app", made)
        return image, made

    def test_the_steps_of_a_named_image_stay(self, store: Store) -> None:
        image, made = self.named(store, packed=True)

        assert run(store).names("step") == ()

        assert store.layers.has(made)
        assert {image.digest, image.manifest.config.digest, image.manifest.layers[0].digest} <= set(store.blobs.all())

    def test_with_every_they_go_and_the_image_stays_as_blobs(self, store: Store) -> None:
        image, made = self.named(store, packed=True)

        told = run(store, Wish(every=True))

        assert told.names("step") == ("RUN app",)
        assert not store.layers.has(made)
        assert image.manifest.layers[0].digest in set(store.blobs.all())

    def test_an_image_whose_blob_is_not_here_keeps_the_layer_that_it_is_made_of(self, store: Store) -> None:
        _, made = self.named(store, packed=False)

        run(store, Wish(every=True))

        assert store.layers.has(made)
        assert store.links.packed(made) is not None

    def test_an_image_that_lost_its_name_goes(self, store: Store) -> None:
        self.named(store, packed=True)
        store.images.remove("docker.io/library/app:latest")

        run(store)

        assert (list(store.blobs.all()), list(store.layers.all())) == ([], [])

    def test_an_image_without_a_name_goes_unless_it_is_not_meant(self, store: Store) -> None:
        image, _ = self.named(store, packed=True)
        store.images.remove("docker.io/library/app:latest")
        store.images.keep(image.descriptor, OLD)

        run(store, wish(("type", "=", "mount")))
        assert set(store.blobs.all()) >= {image.digest, image.manifest.config.digest}
        told = run(store)

        assert told.names("image") == (f"<none> {image.digest.short}",)
        assert (list(store.blobs.all()), list(store.layers.all())) == ([], [])


class TestOthers:
    """Another process works on the store."""

    @pytest.fixture
    def other(self, store: Store) -> Iterator[Store]:
        with Store.open(store.root) as opened:
            os.utime(opened.living._path, (NOW - 1000, NOW - 1000))
            yield opened

    def test_what_it_has_used_since_it_began_is_held(self, store: Store, other: Store) -> None:
        old, held = layer(store, "old"), layer(store, "held")
        record(store, "RUN old", old)
        record(store, "RUN held", held)
        assert other.records.use(Digest.of(b"key of RUN held"), NOW - 900) is not None

        told = run(store)

        assert told.names("step") == ("RUN old",)
        assert (store.layers.has(old), store.layers.has(held)) == (False, True)

    def test_what_it_has_made_and_nothing_names_yet_is_held(self, store: Store, other: Store) -> None:
        made = layer(store, "new", used=NOW - 900)
        data = blob(store, b"new", used=NOW - 900)

        run(store)

        assert store.layers.has(made)
        assert store.blobs.used(data)

    def test_what_it_marks_is_held(self, store: Store, other: Store) -> None:
        made, data = layer(store, "marked"), blob(store, b"marked")
        other.layers.touch(made)
        assert other.blobs.has(Descriptor("t", data, 6))

        run(store)

        assert store.layers.has(made)
        assert store.blobs.used(data)

    def test_what_it_has_used_stays_where_it_ends_when_names_have_been_read(
        self, store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """For it may have named it meanwhile."""
        made, data = layer(store, "marked"), blob(store, b"marked")
        other.layers.touch(made)
        other.blobs.touch(data)
        read = References.of

        def late(*arguments: Any) -> References:
            found = read(*arguments)
            other.living.close()
            return found

        monkeypatch.setattr(References, "of", late)

        run(store, Wish(keep=0))

        assert store.layers.has(made)
        assert store.blobs.used(data)

    def test_a_cache_mount_that_it_is_in_stays(self, store: Store, other: Store) -> None:
        mount(store, "/npm")

        with other.caches.use("/npm", sharing="shared", fill=lambda _path: None):
            told = run(store)

        assert told.names("mount") == ()
        assert [one.name for one in store.caches.all()] == ["/npm"]


def system(path: Path) -> int:
    """What `du` says of it."""
    done = subprocess.run(["du", "-s", "--block-size=1", str(path)], check=True, capture_output=True, text=True)
    return int(done.stdout.split()[0])


class TestParts:
    """What the disk is taken by."""

    def test_the_parts_are_together_what_the_disk_has(self, store: Store) -> None:
        below, above = layer(store, "below", MEGABYTE), layer(store, "above", 2 * MEGABYTE)
        os.link(store.layers.directory(below) / "below", store.layers.directory(above) / "linked")
        packed = blob(store, os.urandom(MEGABYTE // 2))
        store.links.set_packed(above, Packed(Digest.of(b"tar"), Descriptor("t", packed, MEGABYTE // 2)))
        record(store, "RUN below", below, used=NOW - 5)
        record(store, "RUN above", below, above)
        mount(store, "/npm", MEGABYTE)

        found = {part.name: part for part in parts(store, layers_of)}

        assert abs(sum(part.size for part in found.values()) - size_of(store.root)) <= 4096
        assert (found["RUN below"].used, found["RUN below"].id) == (NOW - 5, Digest.of(b"key of RUN below"))
        assert found["RUN below"].size < MEGABYTE * 0.7  # half of what it shares
        assert found["RUN above"].size > 2.9 * MEGABYTE
        assert found["RUN above"].shared == found["RUN below"].shared > MEGABYTE // 3
        assert found["/npm"].kind == "mount"
        (npm,) = store.caches.all()
        assert 0 <= system(npm.path) - found["/npm"].size <= 4096  # which is the directory itself
        alone = system(store.root / "layers" / above.hex) - system(store.root / "layers" / above.hex / "fs" / "linked")
        kept = system(store.blobs.path(packed))
        assert abs(found["RUN above"].size - found["RUN above"].shared - alone - kept) <= 8192

    def test_an_empty_store_has_a_rest(self, store: Store) -> None:
        (only,) = parts(store, layers_of)

        assert isinstance(only, Part)
        assert (only.kind, only.size > 0) == ("other", True)
