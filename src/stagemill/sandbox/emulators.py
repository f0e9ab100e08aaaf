"""`Emulator`: a qemu of this machine that runs the programs of another architecture, and where there is one.

Source: the kernel's admin-guide/binfmt-misc.rst, elf(5), elf.h; BuildKit for the second name that is looked for.
"""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import Literal, NamedTuple

from stagemill.errors import SandboxError
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

INSTALL = "apt-get install qemu-user-static"


class Format(NamedTuple):
    """The ELF files of an architecture: qemu's name for it, and what the head of a file says."""

    qemu: str
    bits: Literal[32, 64]
    order: Literal["<", ">"]
    machine: int


FORMATS = {
    "386": Format("i386", 32, "<", 3),
    "amd64": Format("x86_64", 64, "<", 62),
    "arm": Format("arm", 32, "<", 40),
    "arm64": Format("aarch64", 64, "<", 183),
    "loong64": Format("loongarch64", 64, "<", 258),
    "mips": Format("mips", 32, ">", 8),
    "mipsle": Format("mipsel", 32, "<", 8),
    "mips64": Format("mips64", 64, ">", 8),
    "mips64le": Format("mips64el", 64, "<", 8),
    "ppc64": Format("ppc64", 64, ">", 21),
    "ppc64le": Format("ppc64le", 64, "<", 21),
    "riscv64": Format("riscv64", 64, "<", 243),
    "s390x": Format("s390x", 64, ">", 22),
}
"""By Go's name of the architecture."""
_RUNS_ALSO = {"amd64": ("386",), "arm64": ("arm",)}
_NAMES = ("qemu-{}-static", "buildkit-qemu-{}", "qemu-{}")
_EXECUTABLE = 2
_PT_INTERP = 3
_HEAD = 4096  # bytes of a program, in which the table of its segments lies


@dataclass(frozen=True, slots=True)
class Emulator:
    """A program that is told which file to run; it has to be static, since it works in other trees than its own."""

    architecture: str
    interpreter: Path

    @property
    def rule(self) -> str:
        """The line that registers it: F opens the interpreter at once, C lets set-user-id work, P keeps argv[0]."""
        form = FORMATS[self.architecture]
        magic = _identity(form) + struct.pack(f"{form.order}HH", _EXECUTABLE, form.machine)
        # Any OSABI of any version, and a position independent executable (3) is one too.
        mask = b"\xff" * 7 + b"\0\0" + b"\xff" * 7 + struct.pack(f"{form.order}HH", 0xFFFE, 0xFFFF)
        fields = ("", f"stagemill-{form.qemu}", "M", "", _escaped(magic), _escaped(mask), str(self.interpreter), "FCP")
        delimiter = next(mark for mark in ":|+%" if mark not in str(self.interpreter))
        return delimiter.join(fields)


def needed(platform: Platform, *, search: str) -> tuple[Emulator, ...]:
    """The emulators for a process of a platform, looked for in the directories `search`.

    None where this machine runs it, or where its kernel has been told of an emulator already. Raises SandboxError where
    nobody can run it.
    """
    local = Platform.local()
    if platform.os != "linux":
        raise SandboxError(
            f"a process of {platform} cannot run on {local}",
            hint="run it in a stage that begins FROM --platform=$BUILDPLATFORM, and COPY what it makes",
        )
    if platform.architecture in {local.architecture, *_RUNS_ALSO.get(local.architecture, ())}:
        return ()
    wanted = (platform.architecture, *_RUNS_ALSO.get(platform.architecture, ()))
    found = tuple(emulator for name in wanted if (emulator := find(name, search=search)))
    if found and found[0].architecture == platform.architecture:
        return found
    if not is_registered(platform.architecture):
        form = FORMATS.get(platform.architecture)
        program = _NAMES[0].format(form.qemu) if form else "an emulator for it"
        raise SandboxError(
            f"cannot run a process of {platform} on this {local} machine: there is no {program} in PATH", hint=INSTALL
        )
    return ()


def find(architecture: str, *, search: str) -> Emulator | None:
    """The first static qemu for an architecture in a list of directories, as PATH has it."""
    form = FORMATS.get(architecture)
    for name in (pattern.format(form.qemu) for pattern in _NAMES) if form else ():
        for folder in filter(None, search.split(":")):
            path = os.path.abspath(f"{folder}/{name}")
            if os.path.isfile(path) and os.access(path, os.X_OK) and _is_static(Path(path)):
                return Emulator(architecture, Path(path))
    return None


def is_registered(architecture: str) -> bool:
    """Whether this machine's kernel has been told, for all, what runs an architecture's programs.

    It is asked to run a file of one that has no code: without an emulator it knows no such format.
    """
    form = FORMATS.get(architecture)
    if form is None:
        return False
    size = 64 if form.bits == 64 else 52
    head = _identity(form) + struct.pack(f"{form.order}HHI", _EXECUTABLE, form.machine, 1)
    program = os.memfd_create("stagemill-probe")
    try:
        os.write(program, head.ljust(size, b"\0"))
        return _starts(program)
    finally:
        os.close(program)


def _starts(program: int) -> bool:
    import subprocess  # noqa: PLC0415 - hardly a build asks

    try:
        subprocess.run(
            [f"/proc/self/fd/{program}"],
            pass_fds=(program,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        return error.errno != errno.ENOEXEC
    return True


def _identity(form: Format) -> bytes:
    """The first sixteen bytes of a file."""
    return b"\x7fELF" + bytes([1 if form.bits == 32 else 2, 1 if form.order == "<" else 2, 1]).ljust(12, b"\0")


def _escaped(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data)


def _is_static(path: Path) -> bool:
    """Whether a program of this 64-bit machine needs no dynamic loader, which another tree would not have."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if not head.startswith(b"\x7fELF\x02"):
            return False
        start, size, count = (*struct.unpack_from("<Q", head, 32), *struct.unpack_from("<HH", head, 54))
        kinds = [struct.unpack_from("<I", head, start + number * size)[0] for number in range(count)]
    except (OSError, struct.error):
        return False
    return _PT_INTERP not in kinds
