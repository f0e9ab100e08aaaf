"""`NamespaceSandbox`: runs processes in namespaces of their own, on an overlay of layers, by a helper that forks."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, assert_never

from stagemill.errors import CancelledError, SandboxError
from stagemill.sandbox import cgroups, terminal
from stagemill.sandbox.cgroups import Group
from stagemill.sandbox.helper import Helper
from stagemill.sandbox.inside.stubs import SYSTEM_DIRECTORIES, SYSTEM_FILES
from stagemill.sandbox.process import Bind, Data, Mount, Process, Rootfs, Stack, Tmpfs
from stagemill.sandbox.seen import facts
from stagemill.sandbox.session import OutputSink, Session, relay
from stagemill.sandbox.terminal import Relay, Streams
from stagemill.timings import measured

if TYPE_CHECKING:
    from stagemill.sandbox.inside.wire import MountRequest, Request

_OWN_STREAMS = Streams()
_NO_GROUP = Group()


def _nothing() -> None:
    """There is nothing else to do."""


class NamespaceSandbox:
    """Thread-safe: processes may run at the same time. Leaving the block ends whatever still runs.

    `state` is a directory for the one empty directory on which every sandbox mounts its root, unseen by all others. `meanwhile`
    is called while a process runs whose end somebody waits for.
    """

    def __init__(self, *, state: Path, meanwhile: Callable[[], None] = _nothing) -> None:
        self._meanwhile = meanwhile
        self._mountpoint = state.absolute() / "mountpoint"
        self._helper = Helper(self._mountpoint)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._helper.close()

    def get_ready(self) -> None:
        """Has the helper start, for somebody will want it. Raises SandboxError."""
        self._make_mountpoint()
        self._helper.start()

    @measured("run")
    def run(self, rootfs: Rootfs, process: Process, *, output: OutputSink, cancelled: threading.Event) -> int:
        """Runs a process with an empty standard input; returns its exit code, 128+N where signal N ended it.

        `output` gets every byte it writes, in the calling thread. When this returns or raises, every process of the
        sandbox is dead and nothing of it is mounted. Raises SandboxError where the process could not be started, and
        CancelledError where `cancelled` was set before it ended (SIGTERM, after three seconds SIGKILL).
        """
        if cancelled.is_set():
            raise CancelledError("the process was stopped before it began")
        with (
            cgroups.limited(process.resources) as group,
            _pipe() as (stdout, stdout_end),
            _pipe() as (stderr, stderr_end),
        ):
            request = self._request(rootfs, process, group, size=None)
            with ExitStack() as ends:
                stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
                for descriptor in (stdin, stdout_end, stderr_end):
                    ends.callback(os.close, descriptor)
                session = Session(self._helper, request, stdio=(stdin, stdout_end, stderr_end))
            with session:
                self._meanwhile()
                return relay(session, {stdout: "stdout", stderr: "stderr"}, output, cancelled=cancelled)

    def attach(
        self,
        rootfs: Rootfs,
        process: Process,
        *,
        tty: bool,
        cancelled: threading.Event | None = None,
        streams: Streams = _OWN_STREAMS,
    ) -> int:
        """Runs a process on the caller's own streams; returns its exit code, 128+N where signal N ended it.

        With `tty` it gets a terminal of its own, and the caller's is raw until it ends. Signals to the caller are
        passed on; in another thread than the main one `cancelled` stops it instead. Raises SandboxError where the process
        could not be started, and CancelledError where `cancelled` was set before it ended on its terminal.
        """
        size = terminal.size(streams.stdin, streams.stdout) if tty else None
        stdio = (streams.stdin, streams.stdout, streams.stderr)
        with (
            cgroups.limited(process.resources) as group,
            Session(self._helper, self._request(rootfs, process, group, size=size), stdio=stdio) as session,
        ):
            if tty:
                return Relay(session, streams, cancelled).run()
            with terminal.forwarded_signals(session):
                while not session.ended:
                    session.listen()
            return session.result()

    def _request(self, rootfs: Rootfs, process: Process, group: Group, *, size: tuple[int, int] | None) -> Request:
        if not process.args:
            raise SandboxError(
                "there is no program to run", hint="give a command, or set CMD or ENTRYPOINT in the image"
            )
        self._make_mountpoint()
        return request(rootfs, process, group, mountpoint=self._mountpoint, size=size)

    def _make_mountpoint(self) -> None:
        try:
            self._mountpoint.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            hint = "the sandbox needs one empty directory in the store; is that writable?"
            raise SandboxError(f"cannot make {self._mountpoint}: {error.strerror}", hint=hint) from error


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe; the first one is closed at the end, the second one is given away."""
    read_end, write_end = os.pipe()
    try:
        yield read_end, write_end
    finally:
        os.close(read_end)


def request(
    rootfs: Rootfs, process: Process, group: Group = _NO_GROUP, *, mountpoint: Path, size: tuple[int, int] | None
) -> Request:
    """What the helper is sent about one process."""
    who = process.credentials
    targets = (*SYSTEM_DIRECTORIES, *SYSTEM_FILES, *(mount.target for mount in process.mounts))
    return {
        "mountpoint": str(mountpoint),
        "lower": [str(path.absolute()) for path in rootfs.lower],
        "upper": str(rootfs.upper.absolute()) if rootfs.upper else None,
        "work": str(rootfs.work.absolute()) if rootfs.work else None,
        "tree": facts(rootfs.view, targets) if rootfs.view else {},
        "mounts": [mount_request(mount) for mount in process.mounts],
        "args": list(process.args),
        "env": list(process.env),
        "cwd": process.cwd or "/",
        "uid": who.uid,
        "gid": who.gid,
        "groups": list(who.groups),
        "home": who.home,
        "hostname": process.hostname,
        "network": process.network,
        "hosts": process.hosts,
        "resolv_conf": process.resolv_conf,
        "umask": process.umask,
        "insecure": process.insecure,
        "shm_size": process.shm_size,
        "ulimits": [(limit.name, limit.soft, limit.hard) for limit in process.ulimits],
        "members": [str(path) for path in group.members],
        "cgroups": [(name, str(path)) for name, path in group.shown],
        "cpus": sorted(group.cpus),
        "added": sorted(process.added),
        "dropped": sorted(process.dropped),
        "read_only": process.read_only,
        "no_new_privileges": process.no_new_privileges,
        "filtered": process.filtered,
        "terminal": size,
        "foreign": bool(process.emulators),
        "emulators": [emulator.rule for emulator in process.emulators],
    }


def mount_request(mount: Mount) -> MountRequest:
    """The same of one mount."""
    match mount:
        case Bind():
            source = mount.source.absolute()
            return {
                "kind": "bind",
                "target": mount.target,
                "directory": bool(mount.inside) or source.is_dir(),
                "read_only": mount.read_only,
                "source": str(source),
                "inside": mount.inside,
            }
        case Stack():
            return {
                "kind": "stack",
                "target": mount.target,
                "directory": mount.directory,
                "read_only": mount.upper is None,
                "path": mount.path,
                "lower": [str(path.absolute()) for path in mount.lower],
                "upper": str(mount.upper.absolute()) if mount.upper else None,
                "work": str(mount.work.absolute()) if mount.work else None,
            }
        case Tmpfs():
            return {
                "kind": "tmpfs",
                "target": mount.target,
                "directory": True,
                "read_only": False,
                "size": mount.size,
                "mode": mount.mode,
                "uid": mount.uid,
                "gid": mount.gid,
                "executable": mount.executable,
            }
        case Data():
            return {
                "kind": "data",
                "target": mount.target,
                "directory": False,
                "read_only": True,
                "content": base64.b64encode(mount.content).decode(),
                "mode": mount.mode,
                "uid": mount.uid,
                "gid": mount.gid,
            }
        case _:
            assert_never(mount)
