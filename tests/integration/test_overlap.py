"""Pushing, loading and archives begin while later stages still build."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from fakes.mill import Mill, Ran
from fakes.registry import FakeRegistry, Seen

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="builds as root")]

WAIT = "for i in $(seq 600); do [ -e /seen/COUNT ] && break; sleep 0.1; done; test -e /seen/COUNT"
DOCKERFILE = f"FROM busybox\nCOPY big /\nRUN sleep 1\nRUN {WAIT.replace('COUNT', '2')} && echo done > /done\n"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


def uploads(registry: FakeRegistry) -> list[Seen]:
    return [seen for seen in registry.requests if seen.method == "PUT" and "/blobs/uploads/" in seen.path]


@pytest.fixture
def seen(registry: FakeRegistry, tmp_path: Path) -> Iterator[str]:
    """The flag that shows RUN in /seen how many blobs the registry has: a file `2` as soon as there are two, or more."""
    (tmp_path / "seen").mkdir()
    over = Event()

    def look() -> None:
        while not over.wait(0.02):
            for count in range(len(registry.blobs.data) + 1):
                (tmp_path / "seen" / str(count)).touch()

    thread = Thread(target=look)
    thread.start()
    yield f"{tmp_path}/seen:/seen:ro"
    over.set()
    thread.join()


def build(mill: Mill, dockerfile: str, *flags: str) -> Ran:
    mill.write({"Dockerfile": dockerfile, "big": os.urandom(8 << 20)})
    return mill("build", "--progress=rawjson", *flags, str(mill.folder))


def test_the_blobs_are_on_their_way_before_the_last_step_has_ended_and_the_manifest_goes_last(
    mill: Mill, registry: FakeRegistry, seen: str
) -> None:
    ran = build(mill, DOCKERFILE, "--push", "-v", seen, "-t", f"{registry.host}/app:1")

    (last,) = [step for name, step in ran.steps.items() if name.startswith("RUN") and "done" in name]
    (manifest,) = [seen for seen in registry.requests if seen.method == "PUT" and "/manifests/1" in seen.path]
    layers = [layer["digest"].removeprefix("sha256:") for layer in json.loads(manifest.body)["layers"]]
    ended = {layer: put.at for layer in layers for put in uploads(registry) if layer in put.path}
    assert ran.status == 0, ran.err
    assert max(ended[layers[0]], ended[layers[1]]) < last.completed
    assert last.completed < ended[layers[-1]] < manifest.at
    assert len(uploads(registry)) == len({*layers, "config"})
    assert "pushing layers to" in ran.err


@pytest.mark.parametrize("flags", [("-t", "app"), ("--load",), ("-o", "type=oci,dest=app.tar,compression=zstd")])
def test_what_stays_here_is_packed_meanwhile(mill: Mill, flags: tuple[str, ...]) -> None:
    """The last step looks at the store, which has the layer's blob by then."""
    blobs = mill.root / "blobs/sha256"
    before = set(os.listdir(blobs))
    wait = "for i in $(seq 600); do [ $(ls /store | wc -l) -gt BEFORE ] && exit 0; sleep 0.1; done; exit 1"
    dockerfile = f"FROM busybox\nCOPY big /\nRUN {wait.replace('BEFORE', str(len(before)))}\n"

    flags = tuple(flag.replace("app.tar", str(mill.folder.parent / "app.tar")) for flag in flags)
    ran = build(mill, dockerfile, "-v", f"{blobs}:/store:ro", *flags)

    assert ran.status == 0, ran.err


def test_a_build_that_fails_pushes_no_manifest(mill: Mill, registry: FakeRegistry, seen: str) -> None:
    ran = build(mill, DOCKERFILE + "RUN false\n", "--push", "-v", seen, "-t", f"{registry.host}/app:1")

    assert ran.status != 0
    assert len(uploads(registry)) >= 2
    assert registry.manifests == {}
