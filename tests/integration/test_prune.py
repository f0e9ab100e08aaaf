"""Prune, over and over, while others work on the store: none of them loses what it needs."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from fakes import archives
from fakes.distribution import running
from fakes.mill import Mill

pytestmark = pytest.mark.root

PRUNES = (("--force",), ("--force", "--all"), ("--all", "--keep-storage", "1"))
BUILDS = 8
TEXT = """
FROM busybox AS base
RUN head -c 70000 /dev/urandom > /shared && ln /shared /same
FROM base AS other
ARG N
RUN --mount=type=cache,target=/c sleep 0.$N; echo $N > /n && ls /c > /seen && touch /c/$N
FROM base
ARG N
RUN sleep 0.2 && test -s /shared
COPY --from=other /n /n
COPY --from=base /same /copy
RUN cmp /shared /copy && cat /n > /all
CMD ["cat", "/all"]
"""


def age(mill: Mill) -> None:
    """Makes all that is in a store as old as can be, as if nobody had used it for long."""
    with closing(sqlite3.connect(mill.root / "state.sqlite", timeout=30)) as database:
        database.execute("UPDATE records SET used = 1")
        database.execute("UPDATE images SET created = 1")
        database.commit()
    for path in (
        *mill.root.glob("blobs/sha256/*"),
        *mill.root.glob("marks/*"),
        *mill.root.glob("layers/*/index"),
        *mill.root.glob("caches/*/*.lock"),
    ):
        os.utime(path, (1, 1))


@contextmanager
def pruning(mill: Mill) -> Iterator[list[str]]:
    """What goes meanwhile. There is at least one round of every kind of prune."""
    gone: list[str] = []
    enough = threading.Event()

    def work() -> None:
        while True:
            for flags in PRUNES:
                gone.extend(line for line in mill.ok("prune", *flags).out.splitlines() if line.startswith("removed "))
            if enough.is_set():
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield gone
    finally:
        enough.set()
        thread.join()


def check_whole(mill: Mill, name: str) -> None:
    """Every blob of an image can be read, and is what its digest says."""
    path = mill.folder / "saved.tar"
    mill.ok("save", "--format", "oci", "-o", str(path), name)
    archives.config(archives.read_all(path.read_bytes()))
    assert archives.layers(path.read_bytes())


def test_it_breaks_no_build_that_runs(mill: Mill) -> None:
    """Eight builds have steps in common and steps of their own; half of them also leave the store next to nothing."""
    mill.write({"Dockerfile": TEXT})
    gone: list[str] = []
    for turn in range(2):
        age(mill)
        with pruning(mill) as removed, ExitStack() as stack:
            builds = [
                stack.enter_context(
                    mill.start("build", "-q", "--build-arg", f"N={n}", "-t", f"app{turn}-{n}", *most, ".")
                )
                for n in range(1, BUILDS + 1)
                for most in [("--cache-max", "1") if n % 2 else ()]
            ]
            ended = [(build.communicate()[1].decode(), build.returncode) for build in builds]
        assert [error for error, status in ended if status] == []
        gone += removed

    assert gone
    mill.ok("prune", "--force", "--all")
    for turn in range(2):
        for n in range(1, BUILDS + 1):
            check_whole(mill, f"app{turn}-{n}")
        assert mill.ok("run", f"app{turn}-{BUILDS}").out == f"{BUILDS}\n"
    assert mill.ok("store", "check").out.rstrip().endswith("all whole")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path / "registry") as host:
        yield host


def test_it_breaks_nobody_who_uses_an_image(mill: Mill, registry: str) -> None:
    name = f"{registry}/team/app:1"
    mill.build(TEXT, "--build-arg", "N=1", "-t", name)
    commands = {
        "run": ("run", name, "sh", "-c", "sleep 1; cmp /shared /copy && cat /all"),
        "save": ("save", "--format", "oci", "-o", "used.tar", name),
        "push": ("push", name),
        "shell": (
            "shell",
            "--progress=quiet",
            "--build-arg",
            "N=1",
            "-c",
            "sleep 1; cmp /shared /copy && cat /all",
            ".",
        ),
    }

    for _ in range(2):
        age(mill)
        with pruning(mill), ExitStack() as stack:
            started = {what: stack.enter_context(mill.start(*each)) for what, each in commands.items()}
            ended = {what: (*process.communicate(), process.returncode) for what, process in started.items()}
        assert {what: (error, status) for what, (_, error, status) in ended.items() if status} == {}
        assert (ended["run"][0], ended["shell"][0]) == (b"1\n", b"1\n")
        assert archives.layers((mill.folder / "used.tar").read_bytes())

    mill.ok("rmi", name)
    mill.ok("prune", "--force", "--all")
    mill.ok("pull", name)
    check_whole(mill, name)


def test_it_takes_nothing_from_a_build_that_only_looks_at_a_base(
    mill: Mill, new_mill: Callable[[str], Mill], registry: str
) -> None:
    """What was taken out of the base's blobs is in no layer before the last COPY has come to it."""
    name = f"{registry}/team/large:1"
    mill.build(
        "FROM busybox\nRUN for n in 1 2 3; do echo $n > /$n; done; head -c 9000000 /dev/zero > /big\n", "-t", name
    )
    mill.ok("push", name)
    user = new_mill("user")
    user.write(
        {
            "Dockerfile": "FROM busybox AS slow\nRUN sleep 1\nRUN sleep 1; echo slow > /slow\n"
            f"FROM scratch\nCOPY --from={name} /1 /\nCOPY --from=slow /slow /\nCOPY --from={name} /2 /3 /\n"
        }
    )
    for _ in range(2):
        with pruning(user) as removed:
            user.ok("build", "-q", "--no-cache", "-o", "type=local,dest=out", ".")
        assert {path.name: path.read_text() for path in (user.folder / "out").iterdir()} == {
            "1": "1\n", "2": "2\n", "3": "3\n", "slow": "slow\n",
        }  # fmt: skip
        assert removed
        age(user)

    user.ok("prune", "--force", "--all")
    user.build(f"FROM {name}\nRUN wc -c < /big > /size\n", "-o", "type=local,dest=whole")

    assert (user.folder / "whole/size").read_text() == "9000000\n"
