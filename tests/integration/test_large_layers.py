"""A layer that is larger than the memory it may take, through every place. STAGEMILL_LARGE_LAYER=1g makes it that large."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.distribution import running
from fakes.mill import Mill
from stagemill.digest import Digest
from stagemill.export.layout import BLOBS, INDEX, LAYOUT, LAYOUT_BYTES
from stagemill.layer import header
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.sandbox.limits import size as bytes_of

MEBIBYTE = 1 << 20
SIZE = bytes_of(os.environ.get("STAGEMILL_LARGE_LAYER", "256m"))
MOST = (200 if SIZE >= 1 << 30 else 120) * MEBIBYTE

# A process of its own: the kernel counts what a process had before it became another program, and pytest is large.
MEASURE = """
import os, sys
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A layout with an image of one layer, whose one file is random bytes."""
    path = tmp_path_factory.mktemp("large") / "layout"
    (path / BLOBS).mkdir(parents=True)
    sha256, length = hashlib.sha256(), 0
    with (path / "layer").open("wb") as file:
        for data in _tar():
            file.write(data)
            sha256.update(data)
            length += len(data)
    layer = Descriptor(media_types.LAYER, Digest.from_hex(sha256.hexdigest()), length)
    image = Image.build(ImageConfig(Platform.local(), diff_ids=(layer.digest,)), (layer,))
    (path / "layer").rename(path / BLOBS / layer.digest.hex)
    (path / BLOBS / image.manifest.config.digest.hex).write_bytes(image.config_bytes)
    (path / BLOBS / image.digest.hex).write_bytes(image.manifest_bytes)
    (path / LAYOUT).write_bytes(LAYOUT_BYTES)
    (path / INDEX).write_text(json.dumps({"schemaVersion": 2, "manifests": [image.descriptor.to_json()]}))
    yield path
    shutil.rmtree(path)


def _tar() -> Iterator[bytes]:
    yield header.header(b"random", header.FILE, mode=0o644, size=SIZE)
    for _ in range(SIZE // MEBIBYTE):
        yield os.urandom(MEBIBYTE)
    yield header.padding(SIZE)
    yield header.END


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[str]]:
    with ExitStack() as stack:
        yield [stack.enter_context(running(tmp_path / name)) for name in ("here", "there")]
    shutil.rmtree(tmp_path)  # several gigabytes, which pytest would keep for a while


def memory(mill: Mill, *arguments: str) -> int:
    """The most bytes that a command had in memory, which must go well."""
    figure = mill.folder / "memory"
    replace(mill, prefix=(sys.executable, "-c", MEASURE, str(figure))).ok(*arguments)
    return int(figure.read_text()) * 1024


def test_no_command_has_more_than_a_part_of_it_in_memory(
    mill: Mill, layout: Path, hosts: list[str], tmp_path: Path
) -> None:
    here, there = (f"{host}/large:1" for host in hosts)
    commands = [
        ("copy", f"oci:{layout}", f"docker://{here}"),
        ("copy", f"docker://{here}", f"docker://{there}"),
        ("copy", f"docker://{there}", f"oci-archive:{tmp_path / 'oci.tar'}"),
        ("copy", f"oci-archive:{tmp_path / 'oci.tar'}", f"docker-archive:{tmp_path / 'docker.tar'}"),
        ("copy", f"docker-archive:{tmp_path / 'docker.tar'}", f"docker://{there.removesuffix(':1')}/again:1"),
        ("pull", here),
        ("push", here, f"{hosts[0]}/pushed:1"),
    ]

    found = {" ".join(command): memory(mill, *command) for command in commands}

    for command, size in found.items():
        print(f"{size / MEBIBYTE:.0f} MiB: {command}")
    assert {command: size for command, size in found.items() if size > MOST} == {}


# The program, to which each mebibyte comes late: who wants to stop it need not be quick.
SLOW = """
import runpy, time
from stagemill.oci import blobs
real = blobs.chunks
def chunks(reader):
    for data in real(reader):
        time.sleep(0.05)
        yield data
blobs.chunks = chunks
runpy.run_module("stagemill", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("place", ["oci:there:1", "oci-archive:there.tar", "there"])
def test_a_copy_that_is_stopped_leaves_what_was_there(mill: Mill, layout: Path, place: str) -> None:
    mill.write({"small": "1"})
    mill.build("FROM scratch\nCOPY small /\n", "-t", "small")
    before = mill.ok("copy", "-q", "small", place).out
    known = files(mill)

    with replace(mill, command=(sys.executable, "-c", SLOW)).start("copy", f"oci:{layout}", place) as process:
        while files(mill) == known:
            assert process.poll() is None, "it was over before it was stopped"
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130

    for path in files(mill) - known:  # blobs that had come whole may stay
        assert path.name == Digest.of(path.read_bytes()).hex
    assert mill.ok("copy", "-q", place, "again").out == before
    mill.ok("store", "check")


def files(mill: Mill) -> set[Path]:
    """What lies in the folder and among the blobs of the store, and what is not finished."""
    folders = (mill.folder, mill.root / "blobs", mill.root / "tmp")
    found = {
        Path(at, name) for folder in folders for at, _, names in os.walk(folder) for name in names if name != "lock"
    }
    return {path for path in found if path.is_file()}
