"""Emulators for one sandbox, on the real kernel. The emulator here is an `echo`, which says what it was to run."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.busybox import BUSYBOX
from fakes.sandbox_lab import PLAIN, Lab, Outcome
from stagemill.errors import SandboxError
from stagemill.oci.platform import Platform
from stagemill.sandbox.emulators import FORMATS, Emulator, is_registered
from stagemill.sandbox.inside import start
from stagemill.sandbox.namespaces import NamespaceSandbox
from stagemill.sandbox.process import Process

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root"),
    pytest.mark.skipif(BUSYBOX is None, reason="needs a static busybox"),
    pytest.mark.skipif(
        tuple(int(part) for part in os.uname().release.split(".")[:2]) < (6, 7),
        reason="since Linux 6.7 user namespaces have a binfmt_misc",
    ),
]

ARCHITECTURE = "s390x" if Platform.local().architecture != "s390x" else "arm64"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with NamespaceSandbox(state=tmp_path / "state") as sandbox:
        found = Lab(sandbox, tmp_path)
        write_program(found.base / "program", ARCHITECTURE)
        yield found


@pytest.fixture
def echo(tmp_path: Path) -> Emulator:
    assert BUSYBOX is not None
    folder = tmp_path / "emulator"
    folder.mkdir()
    shutil.copy(BUSYBOX, folder / "echo")
    return Emulator(ARCHITECTURE, folder / "echo")


def write_program(path: Path, architecture: str) -> None:
    """The head of one; nobody reads more of it."""
    form = FORMATS[architecture]
    kind = bytes([1 if form.bits == 32 else 2, 1 if form.order == "<" else 2, 1])
    path.write_bytes(
        b"\x7fELF" + kind.ljust(12, b"\0") + struct.pack(f"{form.order}HH", 2, form.machine).ljust(200, b"\0")
    )
    path.chmod(0o755)


def emulated(lab: Lab, line: str, *emulators: Emulator) -> Outcome:
    return lab.sh(line, process=replace(PLAIN, emulators=emulators))


def test_an_emulator_is_told_which_file_to_run_and_how_it_was_called(lab: Lab, echo: Emulator) -> None:
    found = emulated(lab, "cd /; ./program a b; (exec -a name /program c)", echo)

    assert found == Outcome(0, "./program ./program a b\n/program name c\n", "")


def test_without_one_nobody_runs_it_before_and_after(lab: Lab, echo: Emulator) -> None:
    def run(process: Process) -> int:
        return lab.run("/program", process=process).code

    assert [run(process) for process in (PLAIN, replace(PLAIN, emulators=(echo,)), PLAIN)] == [126, 0, 126]
    assert not is_registered(ARCHITECTURE)


def test_a_program_may_be_the_first(lab: Lab, echo: Emulator) -> None:
    found = lab.run("/program", "a", process=replace(PLAIN, emulators=(echo,)))

    assert found == Outcome(0, "/program /program a\n", "")


def test_nothing_of_it_is_seen_in_the_tree_or_left_in_it(lab: Lab, echo: Emulator) -> None:
    line = f"cat /proc/mounts | grep -c binfmt; ls /proc/sys/fs/binfmt_misc; ls {echo.interpreter}"

    found = lab.sh(line, process=replace(PLAIN, emulators=(echo,)), kept=True)

    assert found.stdout == "0\n"
    assert "No such file" in found.stderr
    assert lab.written() == []


def test_nobody_in_the_sandbox_can_change_the_emulator(lab: Lab, echo: Emulator) -> None:
    """Its file is at hand as /proc/self/exe, and root of the sandbox is root of that file too."""
    shell = echo.interpreter.with_name("sh")
    shell.write_bytes(echo.interpreter.read_bytes())
    shell.chmod(0o755)
    with (lab.base / "program").open("ab") as file:
        file.write(b"\nchmod 4777 /proc/$$/exe; echo status $?\n")

    found = lab.run("/program", process=replace(PLAIN, emulators=(Emulator(ARCHITECTURE, shell),)))

    assert found.stdout == "status 1\n"
    assert "/exe: Read-only file system" in found.stderr
    assert shell.stat().st_mode & 0o7777 == 0o755


def test_the_ids_are_the_same_as_outside(lab: Lab, echo: Emulator) -> None:
    line = "cat /proc/self/uid_map /proc/self/gid_map"

    found = emulated(lab, line, echo).stdout

    for inside, outside, count in (row.split() for row in found.splitlines()):
        assert (inside, int(count) > 0) == (outside, True)
    assert len(found.splitlines()) >= 2


def test_two_sandboxes_have_emulators_of_their_own(lab: Lab, echo: Emulator) -> None:
    other = "riscv64"
    write_program(lab.base / "other", other)
    lines = [f"sleep 0.3; exec /{name}" for name in ("program", "other")]
    emulators = (echo, replace(echo, architecture=other))

    with ThreadPoolExecutor(3) as pool:
        found = [pool.submit(emulated, lab, *each) for each in zip(lines, emulators, strict=True)]
        stranger = pool.submit(lab.run, "/other", process=replace(PLAIN, emulators=(echo,)))

    assert [each.result().stdout for each in found] == ["/program /program\n", "/other /other\n"]
    assert stranger.result().code == 126


def test_several_emulators_serve_one_sandbox(lab: Lab, echo: Emulator) -> None:
    write_program(lab.base / "other", "riscv64")

    found = emulated(lab, "/program; /other", echo, replace(echo, architecture="riscv64"))

    assert found.stdout == "/program /program\n/other /other\n"


def test_an_emulator_that_is_gone_is_told(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        emulated(lab, "true", Emulator(ARCHITECTURE, tmp_path / "gone"))

    assert caught.value.message == f"cannot register the emulator {tmp_path}/gone: no such file or directory"


def test_where_there_can_be_none_what_helps_is_told(tmp_path: Path, echo: Emulator) -> None:
    """Root of a user namespace in which no other may be made stands for an old kernel."""
    (tmp_path / "inner").mkdir()

    done = subprocess.run(
        [sys.executable, "-c", _INNER, str(tmp_path / "inner"), ARCHITECTURE, str(echo.interpreter)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == [
        "126",
        'exec: "/program": exec format error',
        f"hint: {start.UNREGISTERED}",
        "native",
    ]


_INNER = """
import sys
from dataclasses import replace
from pathlib import Path
from fakes.sandbox_lab import PLAIN, Lab
from stagemill.sandbox.emulators import Emulator
from stagemill.sandbox.inside import emulation, syscalls
from stagemill.sandbox.namespaces import NamespaceSandbox
from unit.sandbox.test_emulation import write_program
here, architecture, interpreter = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
emulation.enter()
syscalls.unshare(syscalls.CLONE_NEWNS)
Path("/proc/sys/user/max_user_namespaces").write_text("0")
with NamespaceSandbox(state=here / "state") as sandbox:
    lab = Lab(sandbox, here)
    write_program(lab.base / "program", architecture)
    process = replace(PLAIN, emulators=(Emulator(architecture, interpreter),))
    found = lab.run("/program", process=process)
    print(found.code, found.stderr.strip(), lab.sh("echo native", process=process).stdout.strip(), sep="\\n")
"""
