"""A throw-away container: a process in a tree, whose changes go when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from stagemill.sandbox.process import Bind, Process, Rootfs
from stagemill.sandbox.users import find


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start: the image's own words where nothing else is given. `tty` gives the process a terminal."""

    args: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""
    user: str = ""
    binds: tuple[Bind, ...] = ()
    network: Literal["host", "none"] = "host"
    tty: bool = False

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
    lower = forms.directories(tree)
    view = forms.view(tree)
    store = services.store
    env = {**dict(config.env), **dict(what.env)}
    if what.tty:
        env.setdefault("TERM", "xterm")
    with store.layers.workspace() as workspace, store.scratch() as scratch:
        like_root(view, workspace.fs)
        bundle, trust = trusting(services.host.ca_bundle, view, into=scratch / "ca", env=tuple(env.items()))
        user = what.user or config.user
        process = Process(
            args=args,
            env=tuple((env | {name: value for name, value in trust.items() if name not in env}).items()),
            cwd=what.cwd or config.working_dir or "/",
            credentials=find(user, passwd=read_text(view, "etc/passwd"), group=read_text(view, "etc/group")),
            hostname=HOSTNAME,
            network=what.network,
            mounts=what.binds,
            hosts=hosts_file(HOSTNAME, ()),
            resolv_conf=services.host.resolv_conf,
            emulators=emulators,
        )
        rootfs = Rootfs(lower=(*lower, *bundle.layers), upper=workspace.fs, work=workspace.work)
        return services.sandbox.attach(rootfs, process, tty=what.tty)


def has_program(view: FileView, path: str) -> bool:
    """Whether a tree has an executable file at an absolute path."""
    entry = view.lstat(resolve(view, path.lstrip("/")))
    return entry is not None and entry.kind == "file" and bool(entry.mode & 0o111)


def environment(texts: Sequence[str], inherited: dict[str, str]) -> tuple[tuple[str, str], ...]:
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
