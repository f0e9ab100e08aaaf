"""The sandbox that is loaded late, and may begin before anybody runs anything."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fakes.busybox import BUSYBOX, make_tree
from fakes.sandbox_lab import PLAIN
from stagemill.errors import SandboxError
from stagemill.sandbox.late import LateSandbox
from stagemill.sandbox.process import Rootfs

ready = pytest.mark.skipif(
    os.geteuid() != 0 or BUSYBOX is None, reason="mounts need root, and the tree a static busybox"
)


def helpers(state: Path) -> int:
    """How many processes are known by the place where sandboxes mount their own file system."""
    place = os.fsencode(state / "mountpoint")
    found = 0
    for directory in Path("/proc").iterdir():
        with suppress(OSError):  # it ends just now
            found += directory.name.isdigit() and place in (directory / "cmdline").read_bytes().split(b"\0")
    return found


def eventually_none(state: Path) -> bool:
    """The sandboxes of a helper that was ended are ended by the kernel, a moment later."""
    end = time.monotonic() + 60
    while helpers(state) and time.monotonic() < end:
        time.sleep(0.01)
    return helpers(state) == 0


@pytest.mark.root
@ready
def test_what_got_ready_runs_processes_and_ends_with_the_block(tmp_path: Path) -> None:
    layers = (make_tree(tmp_path / "tree"),)
    with LateSandbox(state=tmp_path / "state") as sandbox:
        sandbox.get_ready()
        code = sandbox.run(Rootfs(layers, None, None), PLAIN, output=lambda *_: None, cancelled=threading.Event())
        running = helpers(tmp_path / "state")

    assert (code, running > 0) == (0, True)
    assert eventually_none(tmp_path / "state")


@pytest.mark.root
@ready
def test_what_nobody_needed_after_all_is_gone_too(tmp_path: Path) -> None:
    with LateSandbox(state=tmp_path / "state") as sandbox:
        sandbox.get_ready()

    assert eventually_none(tmp_path / "state")


def test_what_fails_to_get_ready_fails_for_who_runs_something(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with LateSandbox(state=tmp_path / "file") as sandbox:
        sandbox.get_ready()
        with pytest.raises(SandboxError) as caught:
            sandbox.run(Rootfs((), None, None), PLAIN, output=lambda *_: None, cancelled=threading.Event())

    assert caught.value.message == f"cannot make {tmp_path / 'file/mountpoint'}: Not a directory"
