"""Layers are packed and sent while later steps run; nothing depends on that."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Event, Lock, get_native_id
from typing import Any

import pytest

from fakes.blobs import make_image
from fakes.registry import FakeRegistry, status
from fakes.sandbox import Call, fails
from fakes.workshop import Workshop
from stagemill import events
from stagemill.build import Built, Options
from stagemill.errors import CancelledError, StagemillError
from stagemill.execute.assemble import Finish
from stagemill.execute.overlap import Shipment, way
from stagemill.execute.packaging import Packaging
from stagemill.execute.pushing import Pushing
from stagemill.layer.compression import Compression
from stagemill.layer.pack import PackedLayer, pack_blob
from stagemill.oci.blobs import BlobSource, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.reference import Reference
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import RegistryConfig
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

BASE = "registry.example/team/base:1"
PATIENCE = 60.0


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


@pytest.fixture
def registry(workshop: Workshop) -> Iterator[FakeRegistry]:
    with FakeRegistry() as running, RegistryClient(RegistryConfig(), sleep=lambda _seconds: None) as client:
        workshop.destination = client.destination
        yield running


def name(registry: FakeRegistry, text: str = "team/app:1") -> Reference:
    return Reference.parse(f"{registry.host}/{text}")


def build(workshop: Workshop, dockerfile: str, *shipments: Shipment) -> Built:
    return workshop.build(dockerfile, files={"big": "x"}, options=Options(shipments=[shipments]))


def waits_for(something: Callable[[], object]) -> Callable[[Call], None]:
    """A process that ends when something has happened, and fails where it never does."""

    def act(_call: Call) -> None:
        end = time.monotonic() + PATIENCE
        while not something():
            assert time.monotonic() < end, "it did not happen while the step ran"
            time.sleep(0.005)

    return act


def sent(registry: FakeRegistry, count: int = 1) -> Callable[[], bool]:
    return lambda: len(registry.blobs.data) >= count


def test_a_layer_is_sent_while_the_next_step_runs_and_its_manifest_after_all_of_them(
    workshop: Workshop, registry: FakeRegistry
) -> None:
    workshop.sandbox.acts["test"] = waits_for(sent(registry))

    built = build(workshop, "FROM scratch\nCOPY big /\nRUN test\n", Shipment(names=(name(registry),)))
    during = dict(registry.blobs.data), dict(registry.manifests)
    image = built.image()
    destination = workshop.services.repository()
    Pushing(built.forms, destination, workshop.heard.append, workshop.clock).push(image, [name(registry)])

    assert image.manifest.layers[0].digest in during[0]
    assert during[1] == {}
    assert ("team/app", "1") in registry.manifests
    puts = [seen.path for seen in registry.requests if seen.method == "PUT" and "/blobs/" in seen.path]
    assert len(puts) == len(set(puts)) == len(registry.blobs.data)


@pytest.mark.parametrize("packaging", [Packaging(), Packaging(Compression("zstd"), force=True)])
def test_the_layers_of_a_base_go_first(workshop: Workshop, registry: FakeRegistry, packaging: Packaging) -> None:
    workshop.remote.images[BASE] = make_image(workshop.remote.blobs, {"etc/motd": b"hello"})
    workshop.sandbox.acts["test"] = waits_for(sent(registry))

    built = build(workshop, f"FROM {BASE}\nRUN test\n", Shipment(packaging, (name(registry),)))

    assert built.image(Finish(packaging=packaging)).manifest.layers[0].digest in registry.blobs.data


def test_a_base_that_no_step_has_read_is_fetched_and_sent_while_other_stages_build(
    workshop: Workshop, registry: FakeRegistry
) -> None:
    workshop.remote.images[BASE] = made = make_image(workshop.remote.blobs, {"etc/motd": b"hello"})
    workshop.sandbox.acts["test"] = waits_for(sent(registry))
    dockerfile = f"FROM scratch AS build\nCOPY big /\nRUN test\nFROM {BASE}\nCOPY --link --from=build /big /\n"

    build(workshop, dockerfile, Shipment(names=(name(registry),)))

    assert made.manifest.layers[0].digest in registry.blobs.data


def test_what_the_registry_has_is_not_fetched(workshop: Workshop, registry: FakeRegistry) -> None:
    workshop.remote.images[BASE] = made = make_image(workshop.remote.blobs, {"etc/motd": b"hello"})
    registry.blobs.data |= {layer.digest: workshop.remote.blobs.data[layer.digest] for layer in made.manifest.layers}

    build(workshop, f"FROM {BASE}\nCOPY --link big /\n", Shipment(names=(name(registry),)))

    assert workshop.remote.opened == []


def test_nor_is_what_stays_here(workshop: Workshop) -> None:
    workshop.remote.images[BASE] = make_image(workshop.remote.blobs, {"etc/motd": b"hello"})

    build(workshop, f"FROM {BASE}\nCOPY --link big /\n", Shipment())

    assert workshop.remote.opened == []


def test_for_a_file_the_layers_of_a_base_are_fetched_meanwhile(workshop: Workshop) -> None:
    workshop.remote.images[BASE] = made = make_image(workshop.remote.blobs, {"etc/motd": b"hello"})
    workshop.sandbox.acts["test"] = waits_for(lambda: workshop.store.blobs.has(made.manifest.layers[0]))
    dockerfile = f"FROM scratch AS build\nCOPY big /\nRUN test\nFROM {BASE}\nCOPY --link --from=build /big /\n"

    build(workshop, dockerfile, Shipment(file=True))

    assert [event.name for event in workshop.events(events.Started) if "fetching" in event.name] == [
        "fetching layers of the base while the build runs"
    ]


@pytest.mark.parametrize("packaging", [Packaging(), Packaging(Compression("zstd"), force=True)])
def test_a_layer_that_a_step_reads_at_the_same_time_is_fetched_once(
    workshop: Workshop, registry: FakeRegistry, packaging: Packaging
) -> None:
    layers = ({f"file-{number}": os.urandom(100_000)} for number in range(6))
    workshop.remote.images[BASE] = make_image(workshop.remote.blobs, *layers)
    workshop.sandbox.acts["test"] = waits_for(sent(registry, 6))

    build(workshop, f"FROM {BASE}\nRUN test\n", Shipment(packaging, (name(registry),)))

    assert len(workshop.remote.opened) == 6


def test_only_what_is_in_the_image_is_sent(workshop: Workshop, registry: FakeRegistry) -> None:
    workshop.sandbox.acts["test"] = waits_for(sent(registry, 2))
    dockerfile = """
    FROM scratch AS other
    COPY big /other
    FROM scratch
    COPY --link big /linked
    COPY --from=other /other /copied
    RUN test
    """

    built = build(workshop, dockerfile, Shipment(names=(name(registry),)))

    layers = {layer.digest for layer in built.image().manifest.layers}
    assert registry.blobs.data.keys() <= layers
    assert len(layers) == 3


def test_what_is_not_pushed_is_packed_ahead(workshop: Workshop) -> None:
    blobs = workshop.store.blobs
    workshop.sandbox.acts["test"] = waits_for(lambda: list(blobs.all()))

    built = build(workshop, "FROM scratch\nCOPY big /\nRUN test\n", Shipment())

    assert built.image().manifest.layers[0].digest in set(blobs.all())
    assert [event for event in workshop.events(events.Started) if "push" in event.name] == []


def test_layers_that_will_be_others_are_not_packed(workshop: Workshop, registry: FakeRegistry) -> None:
    build(workshop, "FROM scratch\nCOPY big /\nRUN test\n", Shipment(names=(name(registry),), base_only=True))

    assert list(workshop.store.blobs.all()) == []
    assert registry.requests == []


def test_a_build_from_the_cache_sends_nothing_ahead(workshop: Workshop, registry: FakeRegistry) -> None:
    build(workshop, "FROM scratch\nCOPY big /\nRUN test\n")

    build(workshop, "FROM scratch\nCOPY big /\nRUN test\n", Shipment(names=(name(registry),)))

    assert registry.requests == []


def test_a_build_that_fails_names_nothing(workshop: Workshop, registry: FakeRegistry) -> None:
    gone = waits_for(sent(registry))

    def act(call: Call) -> int | None:
        gone(call)
        return fails(1)(call)

    workshop.sandbox.acts["fail"] = act

    with pytest.raises(StagemillError):
        build(workshop, "FROM scratch\nCOPY big /\nRUN fail\n", Shipment(names=(name(registry),)))

    assert registry.manifests == {}
    (step,) = [event for event in workshop.events(events.Started) if "push" in event.name]
    (end,) = [event for event in workshop.events(events.Failed) if event.step == step.step]
    assert (end.cancelled, end.message) == (True, "canceled")


def test_several_names_take_it_from_each_other(workshop: Workshop, registry: FakeRegistry) -> None:
    names = name(registry), name(registry, "other/app:2")
    registry.fail("other/app/blobs/sha256:", status(404))
    workshop.sandbox.acts["test"] = waits_for(lambda: registry.paths("other/app/blobs/uploads"))

    build(workshop, "FROM scratch\nCOPY big /\nRUN test\n", Shipment(names=names))

    assert [path for path in registry.paths("mount=") if "from=team%2Fapp" in path]


def test_the_way_to_a_target_is_what_its_tree_stands_on(workshop: Workshop) -> None:
    dockerfile = "FROM scratch AS a\nCOPY big /a\nFROM scratch\nRUN one\nCOPY --link --from=a /a /\nWORKDIR /d\n"
    built = workshop.build(dockerfile, files={"big": "x"})

    kinds = [type(vertex.op).__name__ for vertex in way(built.plan.target.vertex)]

    assert kinds == ["MakeDirectory", "Stack", "Copy", "Scratch", "Run", "Scratch"]


def test_a_registry_that_refuses_is_told_of_once_and_left_alone(workshop: Workshop, registry: FakeRegistry) -> None:
    registry.fail("/blobs/uploads/", *[status(403, message="not you")] * 20)
    workshop.sandbox.acts["one"] = waits_for(lambda: workshop.events(events.Notice))

    build(workshop, "FROM scratch\nCOPY big /\nRUN one\nRUN two\nRUN three\n", Shipment(names=(name(registry),)))

    (notice,) = workshop.events(events.Notice)
    assert notice.text.startswith(f"{registry.host}/team/app:1 gets its layers only at the end: ")
    assert len(registry.paths("/blobs/uploads/")) == 1


def test_the_image_is_the_same_with_it_and_without(workshop: Workshop, registry: FakeRegistry, tmp_path: Path) -> None:
    dockerfile = "FROM scratch\nCOPY big /\nRUN test\nCOPY --link big /linked\n"
    with Store.open(tmp_path / "other") as store:
        plain = build(Workshop(tmp_path, store), dockerfile).image(Finish(epoch=0))

    ahead = build(workshop, dockerfile, Shipment(names=(name(registry),)), Shipment()).image(Finish(epoch=0))

    assert ahead == plain


def test_it_is_shown(workshop: Workshop, registry: FakeRegistry) -> None:
    workshop.sandbox.acts["test"] = waits_for(sent(registry))

    build(workshop, "FROM scratch\nCOPY big /\nRUN test\n", Shipment(names=(name(registry),)))

    text = f"pushing layers to {registry.host}/team/app:1 while the build runs"
    (step,) = [event.step for event in workshop.events(events.Started) if event.name == text]
    assert {event.part for event in workshop.events(events.Transfer) if event.step == step} >= {
        str(digest) for digest in registry.blobs.data
    }
    assert step in {event.step for event in workshop.events(events.Finished)}


class Slow:
    """A repository that takes a blob when it is let go; `most` says how many it was sent at once."""

    def __init__(self) -> None:
        self.go = Event()
        self.now = self.most = 0
        self.lock = Lock()
        self.ended = Event()
        self.error: BaseException | None = None

    def send(self, blob: Descriptor, source: BlobSource, *, mounts: Iterable[str]) -> None:
        list(mounts)
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            with source.open(blob) as reader:
                assert self.go.wait(PATIENCE)
                list(chunks(reader))
        except CancelledError as error:
            self.error = error
            raise
        finally:
            with self.lock:
                self.now -= 1
            self.ended.set()


def test_few_are_under_way_at_once(workshop: Workshop) -> None:
    slow = Slow()
    workshop.destination = lambda _name: slow  # type: ignore[assignment,return-value]
    lines = "".join(f"COPY big /{number}\n" for number in range(9))

    def act(_call: Call) -> None:
        waits_for(lambda: slow.now == 2)(_call)
        time.sleep(0.1)  # for those that should not come
        slow.go.set()

    workshop.sandbox.acts["test"] = act
    build(workshop, f"FROM scratch\n{lines}RUN test\n", Shipment(names=(Reference.parse("x.example/a"),)))

    assert slow.most == 2


def test_a_build_that_fails_breaks_off_what_is_under_way_and_does_not_wait_for_it(workshop: Workshop) -> None:
    slow = Slow()
    workshop.destination = lambda _name: slow  # type: ignore[assignment,return-value]

    def act(call: Call) -> int:
        waits_for(lambda: slow.now)(call)
        return 1

    workshop.sandbox.acts["fail"] = act
    with pytest.raises(StagemillError):
        build(workshop, "FROM scratch\nCOPY big /\nRUN fail\n", Shipment(names=(Reference.parse("x.example/a"),)))
    during = slow.now
    slow.go.set()

    assert during == 1
    assert slow.ended.wait(PATIENCE)
    assert isinstance(slow.error, CancelledError)


def test_what_is_packed_ahead_gives_way_to_the_steps(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    own = os.getpriority(os.PRIO_PROCESS, get_native_id())
    seen: list[int] = []

    def packing(*given: Any, **more: Any) -> PackedLayer:
        seen.append(os.getpriority(os.PRIO_PROCESS, get_native_id()))
        return pack_blob(*given, **more)

    monkeypatch.setattr("stagemill.layer.pack.pack_blob", packing)
    workshop.sandbox.acts["next"] = waits_for(lambda: seen)
    build(workshop, "FROM scratch\nCOPY big /\nRUN next\n", Shipment())

    assert seen
    assert min(seen) >= max(10, own)
    assert os.getpriority(os.PRIO_PROCESS, get_native_id()) == own
