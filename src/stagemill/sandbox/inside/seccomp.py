"""The default seccomp profile: which system calls a sandboxed process may make, as a program for the kernel's filter.

The rules are in syscalls.txt beside this file, in the spirit of Docker's default profile. The filter is classic BPF,
assembled here; see the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import errno
import os
import struct
from typing import TYPE_CHECKING, NamedTuple

from stagemill.sandbox.inside.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Offsets in struct seccomp_data; every machine here is little-endian, so an argument's low half comes first.
_NUMBER, _ARCHITECTURE, _ARGUMENT = 0, 4, 16

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP = 0x05  # BPF_JMP | BPF_JA
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_GREATER = 0x25  # BPF_JMP | BPF_JGT | BPF_K
_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

KILL = 0x80000000
ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
DENY = _ERRNO | errno.EPERM
ABSENT = _ERRNO | errno.ENOSYS

_X32_BIT = 0x40000000
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag of clone(2)
_PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)  # linux, linux32, both with uname26, and "only ask"
_AF_VSOCK = 40


class Instruction(NamedTuple):
    """One instruction of classic BPF."""

    code: int
    if_true: int
    if_false: int
    value: int

    def encoded(self) -> bytes:
        return struct.pack("=HBBI", self.code, self.if_true, self.if_false, self.value)


class Architecture(NamedTuple):
    """A set of system call numbers: its AUDIT_ARCH value, and its column in syscalls.txt."""

    audit: int
    column: int


X86_64 = Architecture(0xC000003E, 2)
I386 = Architecture(0x40000003, 3)
AARCH64 = Architecture(0xC00000B7, 4)
_OF_MACHINE = {"x86_64": (X86_64, I386), "aarch64": (AARCH64,)}


def program(machine: str) -> bytes:
    """The filter for a machine as `uname -m` names it: its own calls, and those of 32-bit programs on x86_64."""
    architectures = _OF_MACHINE.get(machine)
    if architectures is None:
        wanted = " or ".join(_OF_MACHINE)
        raise Failure(f"no sandbox on a machine of type {machine}: wanted {wanted}")
    table = _table()
    code = [Instruction(_LOAD, 0, 0, _ARCHITECTURE)]
    for architecture in architectures:
        section = list(_section(architecture, table))
        code += [Instruction(_EQUAL, 1, 0, architecture.audit), Instruction(_JUMP, 0, 0, len(section)), *section]
    code.append(_return(KILL))
    return b"".join(instruction.encoded() for instruction in code)


def _table() -> list[list[str]]:
    path = os.path.join(os.path.dirname(__file__), "syscalls.txt")
    with open(path, encoding="ascii") as file:
        return [line.split() for line in file if not line.startswith("#")]


def _section(architecture: Architecture, table: list[list[str]]) -> Iterator[Instruction]:
    """What decides about one architecture's calls; it never falls through."""
    numbers: dict[str, list[int]] = {}
    for row in table:
        if row[architecture.column] != "-":
            numbers.setdefault(row[1], []).append(int(row[architecture.column]))
    yield Instruction(_LOAD, 0, 0, _NUMBER)
    if architecture is X86_64:
        yield Instruction(_AT_LEAST, 0, 1, _X32_BIT)
        yield _return(ABSENT)
    for first, last in _ranges(numbers.get("allow", ())):
        yield Instruction(_AT_LEAST, 0, 2, first)
        yield Instruction(_GREATER, 1, 0, last)
        yield _return(ALLOW)
    for rule, decide in (("clone", _clone), ("personality", _personality), ("socket", _socket)):
        for number in numbers.get(rule, ()):
            decision = list(decide())
            yield Instruction(_EQUAL, 0, len(decision), number)
            yield from decision
    for number in numbers.get("absent", ()):
        yield Instruction(_EQUAL, 0, 1, number)
        yield _return(ABSENT)
    yield Instruction(_GREATER, 0, 1, max(max(of_rule) for of_rule in numbers.values()))
    yield _return(ABSENT)
    yield _return(DENY)


def _ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as sorted ranges, both ends included."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _clone() -> Iterator[Instruction]:
    """Threads and processes, but no new namespaces."""
    yield Instruction(_LOAD, 0, 0, _ARGUMENT)
    yield Instruction(_ANY_BIT, 0, 1, _NEW_NAMESPACES)
    yield _return(DENY)
    yield _return(ALLOW)


def _personality() -> Iterator[Instruction]:
    yield Instruction(_LOAD, 0, 0, _ARGUMENT)
    for value in _PERSONALITIES:
        yield Instruction(_EQUAL, 0, 1, value)
        yield _return(ALLOW)
    yield _return(DENY)


def _socket() -> Iterator[Instruction]:
    """Every family but the one that reaches the hypervisor."""
    yield Instruction(_LOAD, 0, 0, _ARGUMENT)
    yield Instruction(_EQUAL, 0, 1, _AF_VSOCK)
    yield _return(DENY)
    yield _return(ALLOW)


def _return(action: int) -> Instruction:
    return Instruction(_RETURN, 0, 0, action)
