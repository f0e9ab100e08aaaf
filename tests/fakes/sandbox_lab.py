"""A laboratory for sandboxes: a busybox tree, fresh upper directories, and what a process did as one value."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fakes.busybox import make_tree
from fakes.disk import stacked
from stagemill.sandbox.namespaces import NamespaceSandbox
from stagemill.sandbox.process import ROOT, Process, Rootfs

PLAIN = Process(
    args=("true",),
    env=(),
    cwd="/",
    credentials=ROOT,
    hostname="lab",
    network="host",
    hosts="127.0.0.1 localhost lab\n",
    resolv_conf="nameserver 192.0.2.1\n",
)


@dataclass(frozen=True)
class Outcome:
    """What a process left: its exit code and what it wrote."""

    code: int
    stdout: str
    stderr: str


class Lab:
    """Runs shell lines in a sandbox; what they write lands in `upper`, if there is one."""

    def __init__(self, sandbox: NamespaceSandbox, directory: Path) -> None:
        self.sandbox = sandbox
        self.directory = directory
        self.base = make_tree(directory / "base")
        self.upper = directory / "upper"
        self.work = directory / "work"
        self.upper.mkdir()
        self.work.mkdir()
        self.lower: tuple[Path, ...] = (self.base,)
        self.process = PLAIN
        self.told = False  # whether the sandbox is told what its layers show

    def layer(self, name: str) -> Path:
        """A new, empty layer on top of the others."""
        path = self.directory / name
        path.mkdir()
        self.lower = (*self.lower, path)
        return path

    def rootfs(self, *, kept: bool = False) -> Rootfs:
        view = stacked(*self.lower) if self.told else None
        return Rootfs(self.lower, self.upper if kept else None, self.work if kept else None, view)

    def run(
        self, *args: str, process: Process | None = None, kept: bool = False, cancelled: threading.Event | None = None
    ) -> Outcome:
        written = {"stdout": b"", "stderr": b""}

        def output(stream: str, data: bytes) -> None:
            written[stream] += data

        code = self.sandbox.run(
            self.rootfs(kept=kept),
            replace(process or self.process, args=args),
            output=output,
            cancelled=cancelled or threading.Event(),
        )
        return Outcome(code, written["stdout"].decode(), written["stderr"].decode())

    def sh(
        self, line: str, *, process: Process | None = None, kept: bool = False, cancelled: threading.Event | None = None
    ) -> Outcome:
        return self.run("sh", "-c", line, process=process, kept=kept, cancelled=cancelled)

    def written(self) -> Sequence[str]:
        """The paths in the upper directory."""
        return sorted(str(path.relative_to(self.upper)) for path in self.upper.rglob("*"))
