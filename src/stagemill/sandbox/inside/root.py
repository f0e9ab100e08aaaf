"""The root that a sandboxed process sees: the tree's layers, and on them what a system has (proc, sys, dev, names)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stagemill.sandbox.inside import failure, mounts, overlay, requested, stubs, syscalls, system
from stagemill.sandbox.inside.failure import Failure
from stagemill.sandbox.inside.stubs import SYSTEM_DIRECTORIES, SYSTEM_FILES, Point
from stagemill.sandbox.inside.tree import Shown, Told

if TYPE_CHECKING:
    from stagemill.sandbox.inside.ground import Ground
    from stagemill.sandbox.inside.requested import Place
    from stagemill.sandbox.inside.tree import Tree
    from stagemill.sandbox.inside.wire import Request


def prepare(ground: Ground) -> None:
    """Begins in this process's own mount namespace: what is needed whatever the tree is, on a file system of its own."""
    scratch = ground.mountpoint
    try:
        syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
        syscalls.mount("stagemill", scratch, kind="tmpfs", options="mode=0755")
    except OSError as error:
        raise failure.of("cannot begin a file system for the sandbox", error) from error
    for name in ("etc", "nodes", "proc", "sys", "dev", "stubs", "empty", "tree", "root", "upper", "work"):
        os.mkdir(f"{scratch}/{name}", 0o755)
    with mounts.opened(os.open(scratch, os.O_PATH | os.O_DIRECTORY)) as directory:
        system.populate(directory, ground)


def enter(request: Request) -> None:
    """Builds the root on what is prepared, and makes it `/`. Nothing of the host's tree is left."""
    scratch = request["mountpoint"]
    root, places = _stack(request, scratch)
    with mounts.opened(os.open(root, os.O_PATH | os.O_DIRECTORY)) as directory:
        if request["insecure"]:
            syscalls.mount_setattr(directory, 0, cleared=syscalls.MOUNT_ATTR_NODEV)
        for name in SYSTEM_DIRECTORIES:
            mounts.attach(os.open(f"{scratch}{name}", os.O_PATH | os.O_DIRECTORY), directory, name)
        system.show_limits(directory, request["cgroups"])
        for name in SYSTEM_FILES:
            attributes = syscalls.MOUNT_ATTR_NODEV | syscalls.MOUNT_ATTR_RDONLY
            mounts.attach(mounts.copy(f"{scratch}{name}", attributes=attributes), directory, name)
        requested.attach(directory, places, scratch=scratch)
        os.fchdir(directory)
    syscalls.pivot_root(".", ".")
    syscalls.unmount(".")
    os.chdir("/")


def _stack(request: Request, scratch: str) -> tuple[str, list[Place]]:
    """Mounts the tree, with the stub layer between the layers and the upper directory; returns where, and what to mount in it."""
    for name, text in zip(SYSTEM_FILES, (request["hosts"], request["resolv_conf"]), strict=True):
        with open(f"{scratch}{name}", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
    # Layers are named by what they hold, so a tree may have one twice, which overlay refuses (ELOOP). The upper one
    # says all that the lower one did.
    lower = _existing(list(dict.fromkeys(request["lower"][::-1])))
    told = request["tree"]
    tree: Tree = Told(told) if told else Shown(_lower_tree(lower, scratch))
    places = requested.places(request["mounts"], tree)
    stubs.lay(f"{scratch}/stubs", tree, _points(places))
    upper = request["upper"] or f"{scratch}/upper"
    if not os.listdir(upper):
        tree.dress("", upper)
    top = (upper, request["work"] or f"{scratch}/work")
    overlay.stack(f"{scratch}/root", [f"{scratch}/stubs", *lower], scratch=scratch, upper=top)
    return f"{scratch}/root", places


def _existing(lower: list[str]) -> list[str]:
    for path in lower:
        if not os.path.isdir(path):
            raise Failure(f"cannot mount the tree's layers: {path} is not there", "run `stagemill store check`")
    return lower


def _lower_tree(lower: list[str], scratch: str) -> str:
    """A directory that shows the layers as one tree, to look at where nobody told what there is to see: each layer costs as much
    in it as in the root. An overlay without an upper directory wants two.
    """
    if not lower:
        return f"{scratch}/empty"
    if len(lower) == 1:
        return lower[0]
    overlay.stack(f"{scratch}/tree", lower, scratch=scratch)
    return f"{scratch}/tree"


def _points(places: list[Place]) -> list[Point]:
    return [
        *(Point(path, directory=True) for path in SYSTEM_DIRECTORIES),
        *(Point(path, directory=False) for path in SYSTEM_FILES),
        *requested.points(places, covered=SYSTEM_DIRECTORIES),
    ]
