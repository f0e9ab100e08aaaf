"""A command in a tree, as a container of its image would run it: what it printed, and how it ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Timer
from typing import Literal

from stagemill.build import Built
from stagemill.errors import CancelledError, StagemillError
from stagemill.execute.commit import like_root
from stagemill.execute.running import HOSTNAME, hosts_file, read_text
from stagemill.sandbox.process import Process, Rootfs
from stagemill.sandbox.users import find
from stagemill.values import dataclass

_CACHES = frozenset({"__pycache__", ".cache", ".npm"})
_FLEETING = frozenset(
    {"tmp", "var/tmp", "run", "dev", "proc", "sys", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab"}
)
_ENDLESS = "a server does not end: check one that does, such as `--version` or a request that it makes itself; or allow it more time: --check-timeout 5m"
_MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is 127 for a program that is not there. Outputs are cut at 4 MiB. `written` are the files that it has made, changed or
    removed, sorted, but for those that are for a while only.
    """

    status: int
    stdout: bytes
    stderr: bytes
    written: tuple[str, ...] = ()


def run(built: Built, command: tuple[str, ...], *, seconds: float) -> Outcome:
    """Runs it in the tree of a build's target, with the environment, user and directory of the image; no input, no shell.

    What it changes is thrown away. Raises SandboxError, and StagemillError where it has not ended after so many seconds.
    """
    services, tree = built.services, built.tree(built.plan.target)
    config = built.plan.target.image.config
    view = built.forms.view(tree)
    outputs: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}

    def take(stream: Literal["stdout", "stderr"], data: bytes) -> None:
        outputs[stream] += data[: max(0, _MOST_BYTES - len(outputs[stream]))]

    with services.store.layers.workspace() as workspace:
        like_root(view, workspace.fs)
        process = Process(
            args=command,
            env=tuple({"HOSTNAME": HOSTNAME, **dict(config.env)}.items()),
            cwd=config.working_dir or "/",
            credentials=find(config.user, passwd=read_text(view, "etc/passwd"), group=read_text(view, "etc/group")),
            hostname=HOSTNAME,
            network="host",
            hosts=hosts_file(HOSTNAME, ()),
            resolv_conf=services.host.resolv_conf,
            resources=services.host.resources,
        )
        rootfs = Rootfs(built.forms.directories(tree), upper=workspace.fs, work=workspace.work, view=view)
        late = Event()
        timer = Timer(seconds, late.set)
        timer.start()
        try:
            status = services.sandbox.run(rootfs, process, output=take, cancelled=late)
        except CancelledError as error:
            raise StagemillError(f"{' '.join(command)!r} has not ended after {seconds:g} s", hint=_ENDLESS) from error
        finally:
            timer.cancel()
        written = tuple(sorted(_written(workspace.fs)))
    return Outcome(status, bytes(outputs["stdout"]), bytes(outputs["stderr"]), written)


def _written(upper: Path) -> Iterator[str]:
    """What lies in the directory that a process has written to, without what every container has."""
    for folder, folders, names in os.walk(upper):
        here = os.path.relpath(folder, upper).removeprefix(".")
        folders[:] = [name for name in folders if name not in _CACHES and f"{here}/{name}".lstrip("/") not in _FLEETING]
        paths = (f"{here}/{name}".lstrip("/") for name in names)
        yield from (path for path in paths if path not in _FLEETING)
