"""What the mounts of a RUN become: layers to stack, directories of the store, memory, secrets; and how long each is held."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import field
from pathlib import Path
from threading import Event
from typing import assert_never

from stagemill.digest import Digest, canonical
from stagemill.errors import StagemillError
from stagemill.events import Notice
from stagemill.execute.agents import forwarding
from stagemill.execute.copy import copy
from stagemill.execute.forms import Forms
from stagemill.execute.progress import Progress
from stagemill.execute.services import Services
from stagemill.execute.tree import Tree
from stagemill.files.paths import resolve
from stagemill.graph import operations
from stagemill.graph.mounts import (
    BindMount,
    CacheMount,
    HostMount,
    Mount,
    SecretMount,
    SshMount,
    TmpfsMount,
    reads_input,
)
from stagemill.layer.stack import StackView
from stagemill.layer.unpack import extract
from stagemill.sandbox import process as sandbox
from stagemill.sandbox.process import Bind, Data, Stack, Tmpfs
from stagemill.store.caches import make_inside
from stagemill.values import dataclass


@dataclass(slots=True)
class Prepared:
    """What the sandbox is to mount, and the variables that come with it. Neither is ever shown: there are secrets in both."""

    mounts: list[sandbox.Mount] = field(default_factory=list, repr=False)
    env: dict[str, str] = field(default_factory=dict, repr=False)
    groups: list[int] = field(default_factory=list)


@contextmanager
def prepared(
    op: operations.Run, sources: Sequence[Tree], *, services: Services, forms: Forms, scratch: Path,
    progress: Progress, cancelled: Event,
) -> Iterator[Prepared]:  # fmt: skip
    """The mounts of a RUN, for the length of the block. `sources` are the trees that they read, in their order.

    `scratch` is an empty directory on the store's file system, for what is thrown away. Raises StagemillError.
    """
    trees = iter(sources)
    pairs = [(mount, next(trees) if reads_input(mount) else None) for mount in op.mounts]
    with ExitStack() as stack:
        job = _Preparing(Prepared(), services, forms, scratch, progress, cancelled, stack)
        # Caches last, and in the order of their names: who holds one waits for nothing but others that come later.
        for mount, tree in sorted(pairs, key=lambda pair: isinstance(pair[0], CacheMount)):
            job.add(mount, tree)
        job.take_caches()
        for name, required in op.devices:
            job.add_device(name, required=required)
        yield job.found


@dataclass(frozen=True, slots=True)
class _Cache:
    """A cache directory to take, by its full name."""

    name: str
    mount: CacheMount
    seed: Tree | None


@dataclass(slots=True)
class _Preparing:
    found: Prepared
    services: Services
    forms: Forms
    scratch: Path
    progress: Progress
    cancelled: Event
    stack: ExitStack
    caches: list[_Cache] = field(default_factory=list)

    def add(self, mount: Mount, tree: Tree | None) -> None:
        match mount:
            case BindMount():
                assert tree is not None, "a bind mount has a source"
                self.found.mounts.append(self._bind(mount, tree))
            case CacheMount():
                self.caches.append(_Cache(name_of(mount, tree), mount, tree))
            case TmpfsMount():
                self.found.mounts.append(Tmpfs(mount.target, mount.size))
            case SecretMount():
                self._secret(mount)
            case SshMount():
                self._agent(mount)
            case HostMount():
                self.found.mounts.append(_host(mount))
            case _:
                assert_never(mount)

    def add_device(self, name: str, *, required: bool) -> None:
        """Adds what a device brings; one that is not there is an error where it is required."""
        devices = self.services.host.devices
        edits = devices.edits(name) if devices else None
        if edits is None:
            if required:
                raise StagemillError(f"there is no device {name}", hint=devices.advice() if devices else None)
            return
        if edits.hooks:
            text = (
                f"device {name} asks for {edits.hooks} hooks, which are not run: its libraries may be missing in the "
                "image's linker cache\nhint: run ldconfig in the RUN that uses it"
            )
            self.services.listener(Notice(text, self.services.clock()))
        self.found.mounts += edits.mounts
        self.found.env.update(edits.env)
        self.found.groups += edits.groups

    def _bind(self, mount: BindMount, tree: Tree) -> Stack:
        view = self._view(tree)
        path = resolve(view, mount.source)
        entry = view.lstat(path)
        if path and entry is None:
            raise StagemillError(
                f'"/{mount.source}" of the mount at {mount.target} was not found', hint="check its source"
            )
        upper = work = None
        if mount.writable:
            place = self._scratch()
            upper, work = place / "upper", place / "work"
            for directory in (place, upper, work):
                directory.mkdir()
        lower = self.forms.directories(tree, progress=self.progress, cancelled=self.cancelled)
        is_directory = entry is None or entry.kind == "dir"
        return Stack(lower, path, mount.target, directory=is_directory, upper=upper, work=work)

    def _secret(self, mount: SecretMount) -> None:
        content = self.services.secrets.get(mount.id)
        if content is None:
            if mount.required:
                hint = f"give it with --secret id={mount.id},src=FILE or --secret id={mount.id},env=VARIABLE"
                raise StagemillError(f"secret {mount.id}: not found", hint=hint)
            return
        if mount.target:
            data = Data(content, mount.target, mode=mount.mode, uid=mount.uid, gid=mount.gid)
            self.found.mounts.append(data)
        if mount.env:
            if b"\0" in content:
                hint = "mount it as a file, with target"
                raise StagemillError(f"secret {mount.id} cannot be in a variable: it holds a NUL", hint=hint)
            self.found.env[mount.env] = content.decode("utf-8", "surrogateescape")

    def _agent(self, mount: SshMount) -> None:
        agent = self.services.agents.get(mount.id)
        if agent is None:
            if mount.required:
                own = mount.id == "default"
                how = "--ssh default" if own else f"--ssh {mount.id}=SOCKET"
                raise StagemillError(f"no SSH agent {mount.id} was given", hint=f"build with {how}")
            return
        place = self._scratch()
        place.mkdir()
        socket = place / "agent"
        self.stack.enter_context(forwarding(agent, socket, mode=mount.mode, owner=(mount.uid, mount.gid)))
        self.found.mounts.append(Bind(socket, mount.target, read_only=False))
        self.found.env.setdefault("SSH_AUTH_SOCK", mount.target)

    def take_caches(self) -> None:
        """All caches of the RUN, each directory once, as strictly as any of its mounts wants it."""
        held: dict[str, Path] = {}
        for cache in sorted(self.caches, key=_order):
            if cache.name not in held:
                held[cache.name] = self._take(cache)
            self._mount_cache(cache, held[cache.name])

    def _take(self, cache: _Cache) -> Path:
        def fill(path: Path) -> None:
            if not self._restored(cache, path) and cache.seed is not None:
                self._seed(cache.seed, cache.mount, path)
            os.chown(path, cache.mount.uid, cache.mount.gid)
            os.chmod(path, cache.mount.mode)

        use = self.services.store.caches.use(
            cache.name, sharing=cache.mount.sharing, fill=fill, cancelled=self.cancelled.is_set
        )
        return self.stack.enter_context(use)

    def _restored(self, cache: _Cache, into: Path) -> bool:
        """Whether an imported cache has what was in this one on another machine; it is in the new directory then."""
        if self.services.imports is None:
            return False
        from stagemill.execute.travelling import restore  # noqa: PLC0415  few builds import a cache

        return restore(cache.name, into, self.services, progress=self.progress, stopped=self.cancelled.is_set)

    def _mount_cache(self, cache: _Cache, directory: Path) -> None:
        mount = cache.mount
        inside = "" if mount.seeded else mount.source
        if inside:
            make_inside(directory, inside, mode=mount.mode, owner=(mount.uid, mount.gid))
        self.found.mounts.append(Bind(directory, mount.target, read_only=mount.read_only, inside=inside))

    def _seed(self, tree: Tree, mount: CacheMount, into: Path) -> None:
        """Copies what a new cache begins with; no file is a link to one of a layer, since it will be written to."""
        view = self._view(tree)
        entry = view.lstat(resolve(view, mount.source))
        if mount.source and (entry is None or entry.kind != "dir"):
            what = "is no directory" if entry else "was not found"
            raise StagemillError(f'"/{mount.source}", which a cache is to begin with, {what}', hint="check its source")
        copying = operations.Copy(sources=(mount.source,), destination="/", keep_owner=True)
        copy(copying, StackView(()), view, into=into, link=False, extract=extract)

    def _view(self, tree: Tree) -> StackView:
        return self.forms.view(tree, progress=self.progress, cancelled=self.cancelled)

    def _scratch(self) -> Path:
        return self.scratch / f"mount-{len(os.listdir(self.scratch))}"


def _order(cache: _Cache) -> tuple[str, int]:
    return cache.name, ("locked", "private", "shared").index(cache.mount.sharing)


def name_of(mount: CacheMount, seed: Tree | None) -> str:
    """The name of a cache's directory: the id, and with it what it began with, so that another seed makes another cache."""
    if seed is None:
        return mount.id
    facts = canonical([mount.id, mount.source, [layer.digest for layer in seed.layers]])
    return f"{mount.id} from {Digest.of(facts)}"


def _host(mount: HostMount) -> Bind:
    if not os.path.lexists(mount.source):
        raise StagemillError(f"cannot mount {mount.source} at {mount.target}: it is gone", hint="check --volume")
    return Bind(Path(mount.source), mount.target, read_only=mount.read_only)
