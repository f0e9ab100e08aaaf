"""The real sandbox and the fake of it keep the same contract."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest

from contracts.sandbox import Deed, SandboxContract
from fakes.busybox import BUSYBOX, make_tree
from fakes.sandbox import Call, FakeSandbox
from stagemill.sandbox.emulators import Emulator
from stagemill.sandbox.namespaces import NamespaceSandbox
from stagemill.sandbox.process import Process, Rootfs
from stagemill.sandbox.session import OutputSink


@dataclass
class Shell:
    """Does deeds as lines of shell, in a tree with busybox."""

    sandbox: NamespaceSandbox | Emulating
    lower: tuple[Path, ...]

    def arguments(self, deed: Deed) -> tuple[str, ...]:
        lines = [f"printf %s {shlex.quote(text)} > /{path}" for path, text in deed.files.items()]
        lines += [f"printf %s {shlex.quote(deed.stdout)}", f"printf %s {shlex.quote(deed.stderr)} >&2"]
        if deed.endless:
            lines.append("sleep 600")
        if deed.signal:
            # The first process of a pid namespace is deaf to its own signals; one that it starts is not.
            lines = [*lines, f'sh -c "kill -{deed.signal} \\$\\$"', "exit $?"]
        return ("sh", "-c", "\n".join([*lines, f"exit {deed.code}"]))


@dataclass
class Emulating:
    """The real one, where every process has an emulator, and so a user namespace of its own. Nobody calls the emulator."""

    inner: NamespaceSandbox
    emulator: Emulator

    def run(self, rootfs: Rootfs, process: Process, *, output: OutputSink, cancelled: Event) -> int:
        return self.inner.run(rootfs, self._with(process), output=output, cancelled=cancelled)

    def attach(self, rootfs: Rootfs, process: Process, *, tty: bool, cancelled: Event | None = None) -> int:
        return self.inner.attach(rootfs, self._with(process), tty=tty, cancelled=cancelled)

    def _with(self, process: Process) -> Process:
        return replace(process, emulators=(self.emulator,))


@dataclass
class Stage:
    """Does deeds as acts."""

    lower: tuple[Path, ...]
    sandbox: FakeSandbox = field(default_factory=FakeSandbox)

    def arguments(self, deed: Deed) -> tuple[str, ...]:
        name = f"deed {len(self.sandbox.acts)}"
        self.sandbox.acts[name] = lambda call: _do(deed, call)
        return (name,)


def _do(deed: Deed, call: Call) -> int:
    for path, text in deed.files.items():
        call.write(path, text)
    if deed.stdout:
        call.say(deed.stdout)
    if deed.stderr:
        call.say(deed.stderr, stream="stderr")
    if deed.endless:
        call.wait()
    return 128 + deed.signal if deed.signal else deed.code


class TestFakeSandbox(SandboxContract):
    @pytest.fixture
    def lab(self, tmp_path: Path) -> Stage:
        layer = tmp_path / "layer"
        (layer / "etc").mkdir(parents=True)
        return Stage((layer,))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(tmp_path_factory.mktemp("lower"))


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0 or BUSYBOX is None, reason="mounts need root, and the tree a static busybox")
class TestNamespaceSandbox(SandboxContract):
    @pytest.fixture
    def lab(self, tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
        with NamespaceSandbox(state=tmp_path_factory.mktemp("state")) as sandbox:
            yield Shell(sandbox, (tree,))


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0 or BUSYBOX is None, reason="mounts need root, and the tree a static busybox")
class TestNamespaceSandboxWithAnEmulator(SandboxContract):
    @pytest.fixture
    def lab(self, tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
        emulator = Emulator("s390x", tree / "bin/busybox")
        with NamespaceSandbox(state=tmp_path_factory.mktemp("state")) as sandbox:
            yield Shell(Emulating(sandbox, emulator), (tree,))
