"""A command in a tree, as a container of its image would run it: what it printed, and how it ended."""

from __future__ import annotations

from threading import Event
from typing import Literal

from stagemill.build import Built
from stagemill.execute.commit import like_root
from stagemill.execute.running import HOSTNAME, hosts_file, read_text
from stagemill.sandbox.process import Process, Rootfs
from stagemill.sandbox.users import find
from stagemill.values import dataclass

_MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is 127 for a program that is not there. Outputs are cut at 4 MiB."""

    status: int
    stdout: bytes
    stderr: bytes


def run(built: Built, command: tuple[str, ...]) -> Outcome:
    """Runs it in the tree of a build's target, with the environment, user and directory of the image; no input, no shell.

    What it changes is thrown away. Raises SandboxError.
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
        status = services.sandbox.run(rootfs, process, output=take, cancelled=Event())
    return Outcome(status, bytes(outputs["stdout"]), bytes(outputs["stderr"]))
