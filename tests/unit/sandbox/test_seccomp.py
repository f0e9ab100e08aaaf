"""The seccomp filter, run by a small interpreter of classic BPF instead of the kernel."""

from __future__ import annotations

import errno
import struct

import pytest

from stagemill.sandbox.inside import seccomp
from stagemill.sandbox.inside.failure import Failure
from stagemill.sandbox.inside.seccomp import AARCH64, ABSENT, ALLOW, DENY, I386, KILL, X86_64, Architecture

COLUMNS = {"x86_64": X86_64, "i386": I386, "aarch64": AARCH64}


def decide(program: bytes, *, audit: int, number: int, argument: int = 0) -> int:
    """What the filter answers to one call."""
    data = struct.pack("=IIQQ", number & 0xFFFFFFFF, audit, 0, argument)
    accumulator = position = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("=HBBI", program, position * 8)
        position += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x05:
                position += value
            case 0x06:
                return int(value)
            case _:
                compared = {
                    0x15: accumulator == value,
                    0x25: accumulator > value,
                    0x35: accumulator >= value,
                    0x45: bool(accumulator & value),
                }
                position += if_true if compared[code] else if_false


def number_of(name: str, architecture: Architecture) -> int:
    return next(int(row[architecture.column]) for row in seccomp._table() if row[0] == name)


def ask(name: str, argument: int = 0, *, abi: str = "x86_64") -> int:
    architecture = COLUMNS[abi]
    machine = "aarch64" if abi == "aarch64" else "x86_64"
    return decide(
        seccomp.program(machine),
        audit=architecture.audit,
        number=number_of(name, architecture),
        argument=argument,
    )


@pytest.mark.parametrize("abi", COLUMNS)
@pytest.mark.parametrize(
    "name", ["read", "execve", "openat", "chown", "ptrace", "setgroups", "mknodat", "chroot", "statx"]
)
def test_ordinary_calls_are_allowed(name: str, abi: str) -> None:
    if (name, abi) != ("chown", "aarch64"):
        assert ask(name, abi=abi) == ALLOW


@pytest.mark.parametrize("abi", COLUMNS)
@pytest.mark.parametrize(
    "name",
    ["mount", "umount2", "unshare", "setns", "keyctl", "add_key", "bpf", "perf_event_open", "fsopen", "kexec_load",
     "init_module", "open_by_handle_at", "io_uring_setup", "pivot_root", "reboot", "swapon", "userfaultfd", "syslog"],
)  # fmt: skip
def test_calls_that_reach_past_the_sandbox_are_denied(name: str, abi: str) -> None:
    assert ask(name, abi=abi) == DENY


@pytest.mark.parametrize("abi", COLUMNS)
def test_clone_may_make_threads_but_no_namespaces(abi: str) -> None:
    assert ask("clone", 0x003D0F00, abi=abi) == ALLOW  # what pthread_create asks for
    assert ask("clone", 17, abi=abi) == ALLOW  # fork: SIGCHLD
    for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert ask("clone", flag | 17, abi=abi) == DENY


@pytest.mark.parametrize("abi", COLUMNS)
def test_clone3_is_absent_so_that_libc_falls_back_to_clone(abi: str) -> None:
    assert ask("clone3", abi=abi) == ABSENT


def test_a_personality_may_be_asked_for_and_be_linux() -> None:
    assert [ask("personality", value) for value in (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)] == [ALLOW] * 5
    assert ask("personality", 0x0040000) == DENY  # no address space randomization


def test_every_socket_but_the_hypervisor_s_is_allowed() -> None:
    assert [ask("socket", family) for family in (1, 2, 10, 16)] == [ALLOW] * 4
    assert ask("socket", 40) == DENY


@pytest.mark.parametrize("abi", COLUMNS)
def test_a_call_newer_than_the_table_is_absent(abi: str) -> None:
    machine = "aarch64" if abi == "aarch64" else "x86_64"

    assert decide(seccomp.program(machine), audit=COLUMNS[abi].audit, number=5000) == ABSENT


def test_calls_of_the_x32_abi_are_absent() -> None:
    assert decide(seccomp.program("x86_64"), audit=X86_64.audit, number=0x40000000) == ABSENT


def test_another_architecture_is_killed() -> None:
    assert decide(seccomp.program("x86_64"), audit=AARCH64.audit, number=0) == KILL
    assert decide(seccomp.program("aarch64"), audit=X86_64.audit, number=0) == KILL


@pytest.mark.parametrize("abi", COLUMNS)
def test_the_filter_says_what_the_table_says_about_every_call(abi: str) -> None:
    architecture = COLUMNS[abi]
    program = seccomp.program("aarch64" if abi == "aarch64" else "x86_64")
    wanted = {"allow": ALLOW, "deny": DENY, "absent": ABSENT, "clone": ALLOW, "personality": ALLOW, "socket": ALLOW}

    rows = [row for row in seccomp._table() if row[architecture.column] != "-"]
    actual = {row[0]: decide(program, audit=architecture.audit, number=int(row[architecture.column])) for row in rows}

    assert actual == {row[0]: wanted[row[1]] for row in rows}


def test_numbers_that_no_call_has_are_denied() -> None:
    assert decide(seccomp.program("x86_64"), audit=X86_64.audit, number=400) == DENY


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_program_is_short_enough_for_the_kernel(machine: str) -> None:
    assert len(seccomp.program(machine)) // 8 < 4096


def test_a_machine_without_a_table_is_an_error() -> None:
    with pytest.raises(Failure) as caught:
        seccomp.program("riscv64")

    assert caught.value.message == "no sandbox on a machine of type riscv64: wanted x86_64 or aarch64"


def test_denied_means_eperm_and_absent_means_enosys() -> None:
    assert (DENY & 0xFFFF, ABSENT & 0xFFFF) == (errno.EPERM, errno.ENOSYS)
