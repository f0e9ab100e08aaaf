"""Several processes on one store, any of which may be killed, and disks that are full or cannot be written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import CancelledError
from stagemill.store.store import Store

SOURCE = Path(__file__).parents[2] / "src"
PATIENCE = 120.0
PRELUDE = """
import os, sys, time
from pathlib import Path
from stagemill.digest import Digest
from stagemill.errors import StagemillError, StoreError
from stagemill.oci.descriptor import Descriptor
from stagemill.store.records import Record
from stagemill.store.store import Store
root = Path(sys.argv[1])
"""


@contextmanager
def running(script: str, *arguments: object, prefix: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """A Python process on a store; it is gone afterwards, whatever happens."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", PRELUDE + textwrap.dedent(script), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str]) -> str:
    """What a process printed; it must end well."""
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    return out


def all_at_once(script: str, count: int, *arguments: object) -> list[str]:
    """What so many processes print that begin together."""
    processes = [running(script, *arguments, number) for number in range(count)]
    entered = [process.__enter__() for process in processes]
    try:
        return [finish(process) for process in entered]
    finally:
        for process in processes:
            process.__exit__(None, None, None)


def wait_for(found: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)


def test_sixteen_processes_open_a_fresh_store_at_once(tmp_path: Path) -> None:
    script = """
        with Store.open(root) as store:
            key = Digest.of(sys.argv[2].encode())
            store.records.put(Record(key, key, "{}", "{}", "RUN x", 1.0))
            print(store.records.get(key) is not None)
    """

    said = all_at_once(script, 16, tmp_path / "store")

    assert said == ["True\n"] * 16
    with Store.open(tmp_path / "store") as store:
        assert len(store.records.all()) == 16


def test_sixteen_processes_find_a_damaged_state_file_and_one_mends_it(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    (tmp_path / "state.sqlite").write_bytes(b"no database" * 1000)
    script = """
        with Store.open(root, report=print) as store:
            key = Digest.of(sys.argv[2].encode())
            store.records.put(Record(key, key, "{}", "{}", "RUN x", 1.0))
    """

    said = all_at_once(script, 16, tmp_path)

    assert sorted(len(text.splitlines()) for text in said) == [0] * 15 + [1]
    with Store.open(tmp_path) as store:
        assert len(store.records.all()) == 16


def test_processes_that_write_the_same_blob_and_layer_all_succeed(tmp_path: Path) -> None:
    script = """
        with Store.open(root) as store:
            for number in range(20):
                data = b"%d" % number * 100_000
                descriptor = Descriptor("x", Digest.of(data), len(data))
                store.blobs.write(descriptor, [data[:1000], data[1000:]])
                assert store.blobs.read(descriptor.digest) == data
                with store.layers.workspace() as workspace:
                    (workspace.fs / "file").write_bytes(data)
                    layer = workspace.commit(b"index %d" % number)
                assert store.layers.index(layer) == b"index %d" % number
    """

    all_at_once(script, 4, tmp_path)

    with Store.open(tmp_path) as store:
        assert len([store.blobs.verify(blob) for blob in store.blobs.all()]) == 20
        assert len([store.layers.index(layer) for layer in store.layers.all()]) == 20
    assert os.listdir(tmp_path / "tmp") == []


def test_what_a_killed_writer_left_is_swept_by_the_next_and_nothing_of_it_is_served(tmp_path: Path) -> None:
    script = """
        store = Store.open(root)
        with store.blobs.writer() as writer, store.layers.workspace() as workspace, store.lock("step"):
            writer.write(b"half")
            (workspace.fs / "file").touch()
            (workspace.work / "work").mkdir(0)
            print("ready", flush=True)
            time.sleep(60)
    """
    with running(script, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with Store.open(tmp_path):
            alive = len(os.listdir(tmp_path / "tmp"))
        kill(process)
    left = len(os.listdir(tmp_path / "tmp"))

    with Store.open(tmp_path) as store:
        assert (alive, left) == (1, 1)
        assert os.listdir(tmp_path / "tmp") == []
        assert os.listdir(tmp_path / "locks") == []
        assert (list(store.blobs.all()), list(store.layers.all())) == ([], [])


def test_a_process_killed_at_any_moment_leaves_only_whole_objects(tmp_path: Path) -> None:
    script = """
        store = Store.open(root)
        print("ready", flush=True)
        for number in range(100_000):
            data = os.urandom(20_000)
            with store.lock("step"):
                key = store.blobs.put(data)
                with store.layers.workspace() as workspace:
                    (workspace.fs / "file").write_bytes(data)
                    layer = workspace.commit(data[:100])
                store.records.put(Record(key, key, layer, "{}", "RUN x", 1.0))
            if not number:
                print("saved", flush=True)
    """

    for number in range(12):
        with running(script, tmp_path) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            if number == 11:  # at least this one has saved something, however slow the machine
                assert process.stdout.readline() == "saved\n"
            time.sleep(0.003 * number)
            kill(process)
    with Store.open(tmp_path) as store:
        records = store.records.all()
        for record in records:
            assert store.blobs.read(record.key)[:100] == store.layers.index(Digest(record.result))
        for layer in store.layers.all():
            assert (store.layers.directory(layer) / "file").stat().st_size == 20_000

    assert len(records) > 0
    assert os.listdir(tmp_path / "tmp") == []


def test_a_lock_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    script = """
        with Store.open(root) as store:
            for _ in range(10):
                with store.lock("step"):
                    os.close(os.open(root / "inside", os.O_CREAT | os.O_EXCL))
                    time.sleep(0.002)
                    (root / "inside").unlink()
    """

    assert all_at_once(script, 5, tmp_path) == [""] * 5
    assert os.listdir(tmp_path / "locks") == []


def test_a_lock_ends_with_its_process_and_a_wait_for_it_can_be_cancelled(tmp_path: Path) -> None:
    script = """
        store = Store.open(root)
        with store.lock("step"):
            print("ready", flush=True)
            time.sleep(60)
    """
    with Store.open(tmp_path) as store, running(script, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(CancelledError), store.lock("step", iter([False, False, True]).__next__):
            pass
        kill(process)

        with store.lock("step", iter([False, False, True]).__next__):
            held = os.listdir(tmp_path / "locks")

    assert held == ["step"]


def test_what_a_process_writes_is_not_lost_when_another_sets_a_damaged_file_aside(tmp_path: Path) -> None:
    script = """
        with Store.open(root) as store:
            print("ready", flush=True)
            sys.stdin.readline()
            store.links.set_origin(Digest.of(b"blob"), "docker.io/library/theirs:latest")
    """
    Store.open(tmp_path).close()
    with running(script, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with open(tmp_path / "state.sqlite", "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 4096)
        with Store.open(tmp_path) as store:
            assert not store.database.mend()

        process.communicate("go\n", timeout=PATIENCE)

    with Store.open(tmp_path) as store:
        assert store.links.origin(Digest.of(b"blob")) == "docker.io/library/theirs:latest"


FULL_DISK = """
    with Store.open(root) as store:
        try:
            with store.blobs.writer() as writer:
                for _ in range(100):
                    writer.write(bytes(100_000))
        except StoreError as error:
            print(error.message.replace(str(root), "ROOT").split(": ")[1], "|", error.hint)
        try:
            with store.layers.workspace() as workspace:
                (workspace.fs / "file").write_bytes(bytes(100_000))
                workspace.commit(bytes(10_000_000))
        except StoreError as error:
            print(error.message.replace(str(root), "ROOT").split(": ")[1], "|", error.hint)
        try:
            for number in range(10_000):
                key = Digest.of(b"%d" % number)
                store.records.put(Record(key, key, "x" * 10_000, "{}", "RUN x", 1.0))
        except StoreError as error:
            print(error.message.replace(str(root), "ROOT"), "|", error.hint)
        print(len(list(store.blobs.all())), len(list(store.layers.all())))
"""
SPACE_HINT = "free some space on that disk, or set STAGEMILL_ROOT to a directory on a larger one"


def small_disk(mount: str, size: str) -> list[str]:
    """Runs a command with a tmpfs of its own, in a mount namespace that ends with it."""
    script = f'mount -t tmpfs -o size={size} small {mount} && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh"]


needs_mount = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="mounts a small disk, which needs root and unshare"
)


@pytest.mark.root
@needs_mount
def test_a_full_disk_is_said_with_a_hint_and_leaves_nothing_half(tmp_path: Path) -> None:
    with running(FULL_DISK, tmp_path / "store", prefix=small_disk(str(tmp_path), "2m")) as process:
        said = finish(process).splitlines()

    assert said == [
        f"no space left on device | {SPACE_HINT}",
        f"no space left on device | {SPACE_HINT}",
        f"cannot use ROOT/state.sqlite: database or disk is full | {SPACE_HINT}",
        "0 0",
    ]


@pytest.mark.root
@needs_mount
@pytest.mark.parametrize("size", ["4k", "16k", "24k", "40k", "64k"])
def test_a_disk_that_is_too_small_for_a_store_at_all_is_said_with_a_hint(tmp_path: Path, size: str) -> None:
    script = """
        try:
            Store.open(root).close()
        except StoreError as error:
            print(error.message, "|", error.hint)
    """

    with running(script, tmp_path / "store", prefix=small_disk(str(tmp_path), size)) as process:
        said = finish(process)

    assert said.startswith(f"cannot use {tmp_path}/store/state.sqlite: ")
    assert said.endswith(f" | {SPACE_HINT}\n")


@pytest.mark.root
@needs_mount
def test_opening_on_a_full_disk_sweeps_what_the_dead_left(tmp_path: Path) -> None:
    script = """
        Store.open(root).close()
        dead = root / "tmp" / "dead"
        dead.mkdir()
        (dead / "lock").touch()
        with open(dead / "blob", "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)): pass
            except OSError:
                pass
        with Store.open(root) as store:
            store.blobs.put(bytes(500_000))
            print(len(list(store.blobs.all())), len(os.listdir(root / "tmp")))
    """

    with running(script, tmp_path / "store", prefix=small_disk(str(tmp_path), "2m")) as process:
        said = finish(process)

    assert said == "1 1\n"


@pytest.mark.root
@needs_mount
def test_a_read_only_disk_is_said_with_a_hint(tmp_path: Path) -> None:
    Store.open(tmp_path / "store").close()
    prefix = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'mount --bind {tmp_path} {tmp_path} && mount -o remount,bind,ro {tmp_path} && exec "$@"',
        "sh",
    ]
    script = """
        try:
            Store.open(root)
        except StoreError as error:
            print(error.message, "|", error.hint)
    """

    with running(script, tmp_path / "store", prefix=prefix) as process:
        said = finish(process)

    hint = "the file system is read-only; set STAGEMILL_ROOT to a directory that can be written to"
    assert said == f"cannot write to the store {tmp_path}/store: read-only file system | {hint}\n"
