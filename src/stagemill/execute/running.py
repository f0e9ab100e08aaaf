"""RUN: a process in the parent's tree, whose changes become a layer."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Literal

from stagemill import events
from stagemill.errors import CancelledError, StagemillError, StepError
from stagemill.execute.commit import commit, like_root
from stagemill.execute.forms import Forms
from stagemill.execute.hostca import trusting
from stagemill.execute.mounts import Prepared, prepared
from stagemill.execute.pausing import Standing
from stagemill.execute.progress import Progress
from stagemill.execute.services import Services
from stagemill.execute.tree import Tree
from stagemill.files.paths import resolve
from stagemill.files.view import FileView
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Vertex
from stagemill.layer.changes import settle
from stagemill.layer.hashed import Hashed
from stagemill.layer.index import Watch
from stagemill.oci.platform import Platform
from stagemill.sandbox import privileges
from stagemill.sandbox.emulators import needed
from stagemill.sandbox.limits import Resources, Ulimit
from stagemill.sandbox.process import SHM_SIZE, Bind, Process, Rootfs
from stagemill.sandbox.users import find
from stagemill.timings import measured
from stagemill.values import dataclass

HOSTNAME = "stagemill"
_LOGS = dict.fromkeys(
    ("var/log/lastlog", "var/log/faillog"),
    "it is packed as zeros, which takes long; useradd --no-log-init leaves it alone",
)
TAIL_LINES = 20
_AFTER_STOP = 256  # MiB of a new layer that are still read when the build is stopped
_MOST_BYTES = 10 << 20
_MAX_LINE = 4096  # bytes of a line that are kept for the error; the log has all of it


@dataclass(frozen=True, slots=True)
class Step:
    """Whose process runs, and how to hear of it and stop it."""

    vertex: Vertex
    progress: Progress
    cancelled: Event


@measured("sandbox")
def run(op: Run, parent: Tree, sources: Sequence[Tree] = (), *, services: Services, forms: Forms, step: Step) -> Tree:
    """The parent's tree with what the process changed. `sources` are the trees that its mounts read, in their order.

    Raises StepError where it ends with another status than 0, and nobody wants it run again.
    """
    while True:
        with suppress(_AgainError):
            return _run(op, parent, sources, services=services, forms=forms, step=step)


class _AgainError(Exception):
    """The process failed, and is to be run from its beginning."""


def _run(op: Run, parent: Tree, sources: Sequence[Tree], *, services: Services, forms: Forms, step: Step) -> Tree:
    lower = forms.directories(parent, progress=step.progress, cancelled=step.cancelled)
    view = forms.view(parent)
    store = services.store
    with store.layers.workspace() as workspace, store.scratch() as scratch, _log(step, services) as log:
        like_root(view, workspace.fs)
        bundle, environment = trusting(services.host.ca_bundle, view, into=scratch / "ca", env=op.env)
        shown = None if bundle.layers else view
        rootfs = Rootfs((*lower, *bundle.layers), upper=workspace.fs, work=workspace.work, view=shown)
        with _mounted(op, sources, services=services, forms=forms, scratch=scratch, step=step) as extra:
            process = _process(op, view, services=services, extra=extra, environment=environment)
            standing = Standing(step.vertex, view, step.cancelled, process, rootfs, scratch, services.sandbox)
            if services.pauser and not services.pauser.begin(standing):
                raise CancelledError("the build was given up before this step")
            code = services.sandbox.run(rootfs, process, output=log.write, cancelled=step.cancelled)
            if code != 0:
                if step.cancelled.is_set():
                    raise CancelledError("the build was stopped")
                resources = services.host.resources
                error = _failure(op, code, step=step, log=log, resources=resources, emulated=bool(process.emulators))
                if services.pauser and services.pauser.again(standing, error):
                    raise _AgainError
                raise error
        bundle.take_back(workspace.fs, view)
        settle(workspace.fs, view)
        watch, keep = _watch(step, services, forms.hashed), forms.indexes.keep
        return commit(workspace, parent, clock=services.clock, watch=watch, keep=keep)


def _watch(step: Step, services: Services, hashed: Hashed) -> Watch:
    """Looks on while the new layer is read, for a file may be so large that this takes hours. What is nearly done is kept."""
    left = _AFTER_STOP

    def pause() -> None:
        nonlocal left
        left -= step.cancelled.is_set()
        if left < 0:
            raise CancelledError("the build was stopped")

    def sparse(path: str, size: int, held: int) -> None:
        if at := step.vertex.label.at:
            message = (
                f'"/{path}" is {_in_gib(size)}, and all but {_in_gib(held)} of it is a hole, which images do not know'
            )
            hint = _LOGS.get(
                path, "it is packed as zeros, which takes long; make it smaller, or remove it in the same RUN"
            )
            services.listener(events.Notice(events.remark(message, at, hint=hint), services.clock()))

    return Watch(pause, sparse, hashed)


def _in_gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"


@contextmanager
def _mounted(
    op: Run, sources: Sequence[Tree], *, services: Services, forms: Forms, scratch: Path, step: Step
) -> Iterator[Prepared]:
    """The mounts of the RUN, and its script."""
    progress, cancelled = step.progress, step.cancelled
    with prepared(
        op, sources, services=services, forms=forms, scratch=scratch, progress=progress, cancelled=cancelled
    ) as found:
        found.mounts += _script(op, scratch)
        yield found


def _process(op: Run, view: FileView, *, services: Services, extra: Prepared, environment: dict[str, str]) -> Process:
    credentials = find(op.user, passwd=read_text(view, "etc/passwd"), group=read_text(view, "etc/group"))
    hostname = op.hostname or HOSTNAME
    names = {name for name, _ in op.env}
    added = {**environment, **dict(op.proxy)}
    own = ((name, value) for name, value in sorted(added.items()) if name not in names)
    groups = dict.fromkeys((*credentials.groups, *extra.groups))
    given, taken = privileges.changes(op.capabilities)
    return Process(
        args=op.args,
        env=(*op.env, *own, *extra.env.items()),
        cwd=op.cwd,
        credentials=replace(credentials, groups=tuple(groups)),
        hostname=hostname,
        network="none" if op.network == "none" else "host",
        mounts=tuple(extra.mounts),
        hosts=hosts_file(hostname, op.extra_hosts),
        resolv_conf=services.host.resolv_conf,
        insecure=op.security == "insecure",
        resources=services.host.resources,
        ulimits=tuple(Ulimit(*limit) for limit in op.ulimits),
        shm_size=op.shm_size or SHM_SIZE,
        added=given,
        dropped=taken,
        emulators=needed(Platform.parse(op.platform), search=services.host.search) if op.platform else (),
    )


def hosts_file(hostname: str, extra: tuple[str, ...]) -> str:
    """The text of /etc/hosts; `extra` are lines `address name`."""
    lines = [f"127.0.0.1\tlocalhost {hostname}", "::1\tlocalhost ip6-localhost ip6-loopback", *extra]
    return "\n".join(lines) + "\n"


def read_text(view: FileView, path: str) -> str:
    """A small text file of a tree, empty where there is none. Raises StagemillError for one that is not small."""
    found = resolve(view, path)
    entry = view.lstat(found)
    if entry is None or entry.kind != "file":
        return ""
    if entry.size > _MOST_BYTES:
        raise StagemillError(f"/{path} of the image is larger than {_MOST_BYTES >> 20} MiB", hint="make it smaller")
    return view.real_path(found).read_text("utf-8", "surrogateescape")


def _script(op: Run, scratch: Path) -> tuple[Bind, ...]:
    """A heredoc that begins with `#!`, as a file to execute."""
    if op.script is None:
        return ()
    name, body = op.script
    path = scratch / "script"
    path.write_bytes(body.encode("utf-8", "surrogateescape"))
    path.chmod(0o755)
    return (Bind(path, f"/dev/pipes/{name}"),)


class StepLog:
    """Takes the output of a process: all of it to a file, to the listener as it comes, and the last lines to memory."""

    def __init__(self, file: int, path: Path, *, tell: Callable[[Literal["stdout", "stderr"], bytes], None]) -> None:
        self._file = file
        self.path = path
        self._tell = tell
        self._lock = Lock()
        self._tail: deque[bytes] = deque(maxlen=TAIL_LINES)
        self._partial = b""

    def write(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        with self._lock:
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
            *lines, self._partial = (self._partial + data).split(b"\n")
            self._tail.extend(line[-_MAX_LINE:] for line in lines)
            self._partial = self._partial[-_MAX_LINE:]
        self._tell(stream, data)

    @property
    def tail(self) -> str:
        """The last lines, at most twenty."""
        lines = [*self._tail, self._partial] if self._partial else list(self._tail)
        return "\n".join(line.decode("utf-8", "replace").rstrip("\r") for line in lines[-TAIL_LINES:])


@contextmanager
def _log(step: Step, services: Services) -> Iterator[StepLog]:
    path = services.store.log_path(step.vertex.digest)

    def tell(stream: Literal["stdout", "stderr"], data: bytes) -> None:
        services.listener(events.Output(step.vertex.digest, stream, data, services.clock()))

    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        yield StepLog(file, path, tell=tell)
    finally:
        os.close(file)


_CRASHES = {128 + number for number in (signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV)}


def _failure(
    op: Run, code: int, *, step: Step, log: StepLog, resources: Resources, emulated: bool = False
) -> StepError:
    what = " ".join(op.args) if op.script is None else op.script[0]
    first, _, more = what.partition("\n")
    shown = f"{first} …" if more else first
    hint = None
    if log.tail.rpartition("\n")[2].startswith("hint: "):
        pass  # by whoever was to start the program, and knows better
    elif code == 127:
        hint = "a program was not found: is it installed in this stage, and in PATH?"
    elif code == 137:
        hint = "the process was killed with SIGKILL, often because memory ran out"
        if resources.memory:
            hint += f"; --memory gives it {resources.memory >> 20} MiB"
    elif code in _CRASHES and emulated:
        hint = (
            f"it is {op.platform}'s, and ran in an emulator, which may lack something; compile for {op.platform} in a stage "
            "FROM --platform=$BUILDPLATFORM instead, or build on such a machine"
        )
    return StepError(
        f'process "{shown}" did not complete successfully: exit code: {code}',
        exit_code=code,
        tail=log.tail,
        log=str(log.path),
        at=step.vertex.label.at,
        hint=hint,
    )
