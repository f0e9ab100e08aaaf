"""A throw-away container: a process in a tree, whose changes go when it ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from stagemill.errors import StagemillError, UsageError
from stagemill.execute.commit import like_root
from stagemill.execute.forms import Forms
from stagemill.execute.hostca import trusting
from stagemill.execute.running import HOSTNAME, hosts_file, read_text
from stagemill.execute.services import Services
from stagemill.execute.tree import Tree
from stagemill.files.paths import resolve
from stagemill.files.view import FileView
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.sandbox.emulators import needed
from stagemill.sandbox.limits import Ulimit
from stagemill.sandbox.process import SHM_SIZE, Credentials, Mount, Process, Rootfs
from stagemill.sandbox.users import find, find_group
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Rights:
    """What a container may do beyond and less than others: `added` and `dropped` are capabilities by number.

    What is `privileged` may do all that its caller may, with the devices of this machine.
    """

    added: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()
    privileged: bool = False
    read_only: bool = False
    no_new_privileges: bool = False
    filtered: bool = True


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start: the image's own words where nothing else is given. `tty` gives the process a terminal.

    `hosts` are lines of /etc/hosts, `groups` names or numbers of further groups, `devices` names of the device book.
    """

    args: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    devices: tuple[str, ...] = ()
    network: Literal["host", "none"] = "host"
    hostname: str = HOSTNAME
    hosts: tuple[str, ...] = ()
    tty: bool = False
    ulimits: tuple[Ulimit, ...] = ()
    shm_size: int = SHM_SIZE
    rights: Rights = Rights()

    def command(self, config: RunConfig) -> tuple[str, ...]:
        """Entrypoint and command as docker run joins them. Raises StagemillError where there is nothing to start."""
        entrypoint = config.entrypoint or () if self.entrypoint is None else self.entrypoint
        rest = self.args or (config.cmd or () if self.entrypoint is None else ())
        command = (*entrypoint, *rest)
        if not command:
            hint = "name a command: stagemill run IMAGE COMMAND"
            raise StagemillError("the image has neither ENTRYPOINT nor CMD, and no command was given", hint=hint)
        return command


def launch(what: Launch, tree: Tree, image: ImageConfig, *, services: Services, forms: Forms) -> int:
    """The exit status of the process. The tree is as it was afterwards."""
    config = image.config
    emulators = needed(image.platform, search=services.host.search) if image.platform.architecture else ()
    args = what.command(config)
    what = _with_devices(what, services)
    lower = forms.directories(tree)
    view = forms.view(tree)
    store = services.store
    env = {"HOSTNAME": what.hostname, **dict(config.env), **dict(what.env)}
    if what.tty:
        env.setdefault("TERM", "xterm")
    with store.layers.workspace() as workspace, store.scratch() as scratch:
        like_root(view, workspace.fs)
        bundle, trust = trusting(services.host.ca_bundle, view, into=scratch / "ca", env=tuple(env.items()))
        process = Process(
            args=args,
            env=tuple((env | {name: value for name, value in trust.items() if name not in env}).items()),
            cwd=what.cwd or config.working_dir or "/",
            credentials=_credentials(what, config, view),
            hostname=what.hostname,
            network=what.network,
            mounts=what.mounts,
            hosts=hosts_file(what.hostname, what.hosts),
            resolv_conf=services.host.resolv_conf,
            insecure=what.rights.privileged,
            resources=services.host.resources,
            ulimits=what.ulimits,
            shm_size=what.shm_size,
            added=what.rights.added,
            dropped=what.rights.dropped,
            read_only=what.rights.read_only,
            no_new_privileges=what.rights.no_new_privileges,
            filtered=what.rights.filtered,
            emulators=emulators,
        )
        shown = None if bundle.layers else view
        rootfs = Rootfs((*lower, *bundle.layers), upper=workspace.fs, work=workspace.work, view=shown)
        return services.sandbox.attach(rootfs, process, tty=what.tty)


def _credentials(what: Launch, config: RunConfig, view: FileView) -> Credentials:
    group = read_text(view, "etc/group")
    found = find(what.user or config.user, passwd=read_text(view, "etc/passwd"), group=group)
    more = (find_group(name, group=group) for name in what.groups)
    return replace(found, groups=tuple(dict.fromkeys((*found.groups, *more))))


def _with_devices(what: Launch, services: Services) -> Launch:
    """With what its devices add. Raises StagemillError for one that there is not."""
    book = services.host.devices
    for name in what.devices:
        edits = book.edits(name) if book else None
        if edits is None:
            raise StagemillError(f"there is no device {name}", hint=book.advice() if book else None)
        what = replace(
            what,
            env=(*edits.env, *what.env),
            mounts=(*what.mounts, *edits.mounts),
            groups=(*what.groups, *map(str, edits.groups)),
        )
    return what


def has_program(view: FileView, path: str) -> bool:
    """Whether a tree has an executable file at an absolute path."""
    entry = view.lstat(resolve(view, path.lstrip("/")))
    return entry is not None and entry.kind == "file" and bool(entry.mode & 0o111)


def environment(texts: Iterable[str], inherited: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """`NAME=VALUE`, or `NAME` for the value it has outside. Raises UsageError."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name:
            raise UsageError(f"invalid --env {text!r}: it has no name", hint="write -e NAME=VALUE")
        if equals:
            found[name] = value
        elif name in inherited:
            found[name] = inherited[name]
    return tuple(found.items())
