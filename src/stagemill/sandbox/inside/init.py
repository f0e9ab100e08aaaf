"""Process 1 of a sandbox: makes its namespaces, builds the root, starts the process, passes signals on to it, and buries every zombie.

When the process has ended, so does init, and with it the kernel ends everything else in the namespace.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import struct
import termios
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from stagemill.sandbox.inside import emulation, failure, mounts, root, start, syscalls, system, wire
from stagemill.sandbox.inside.wire import Channel

if TYPE_CHECKING:
    from stagemill.sandbox.inside.ground import Ground
    from stagemill.sandbox.inside.wire import Request

_TIOCSPTLCK = 0x40045431
_TIOCGPTN = 0x80045430

FAILED = 125  # the status of a sandbox that could not be made; the report of the failure went ahead


def run(ground: Ground, orders: Channel, *, parent: int, seccomp: bytes) -> NoReturn:
    """Makes what the ground asks for, waits for the request, and makes the rest. The request comes with four descriptors: the
    caller's socket, and the standard streams.

    `parent` is a pipe whose other end nobody has but the process that watches over this one. Signals are blocked.
    """
    status = FAILED
    try:
        syscalls.die_with_parent(signal.SIGKILL)
        if _is_ending(parent):
            os._exit(FAILED)
        os.close(parent)
        trouble = _trouble(ground)
        lines = orders.first_lines()
        if not lines:
            os._exit(FAILED)
        channel = Channel(socket.socket(fileno=orders.take_descriptor()))
        stdio = (orders.take_descriptor(), orders.take_descriptor(), orders.take_descriptor())
        orders.close()
        with channel.reporting("cannot make the sandbox"):
            if trouble:
                raise trouble
            status = _run(wire.request(lines[0]), channel, stdio, seccomp=seccomp)
    finally:
        os._exit(status)


def _trouble(ground: Ground) -> Exception | None:
    """Makes what the ground asks for, or says why that cannot be: there is nobody to tell it yet."""
    try:
        _isolate(ground)
        if ground.emulators:
            emulation.register(ground.emulators)  # which stay as long as this process
        root.prepare(ground)
    except Exception as error:  # noqa: BLE001 - it is raised where somebody hears of it
        return error
    return None


def _run(request: Request, channel: Channel, stdio: tuple[int, int, int], *, seccomp: bytes) -> int:
    """Makes the rest, and returns the exit code of the process."""
    _limit(request)
    socket.sethostname(request["hostname"])
    root.enter(request)
    if request["terminal"]:
        stdio = _terminal(request["terminal"], channel, uid=request["uid"])
    syscalls.hide_from_ptrace()
    main = _start(request, channel, stdio, seccomp)
    _let_go(() if request["terminal"] else stdio)
    return reap(main)


def _let_go(stdio: tuple[int, ...]) -> None:
    """Closes what only the process shall write to; a terminal stays open, so that it is not hung up meanwhile."""
    for descriptor in {0, 1, 2, *stdio}:
        os.close(descriptor)


def _is_ending(parent: int) -> bool:
    """Whether the parent may have died before it was known that we want to die with it.

    A process closes its files before its children hear of its end. A pidfd tells of the end only after that, so that
    a parent could die unnoticed in between.
    """
    poller = select.poll()
    poller.register(parent, select.POLLIN)
    return bool(poller.poll(0))


def _limit(request: Request) -> None:
    """Enters its control groups, or else keeps to some of the processors; so do all processes that come from here."""
    for path in request["members"]:
        try:
            with open(path, "w", encoding="ascii") as file:
                file.write("0")
        except OSError as error:
            raise failure.of(f"cannot enter the control group {os.path.dirname(path)}", error) from error
    if request["cpus"]:
        os.sched_setaffinity(0, request["cpus"])


def _isolate(ground: Ground) -> None:
    flags = syscalls.CLONE_NEWNS | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS
    try:
        syscalls.unshare(flags | (syscalls.CLONE_NEWNET if ground.alone else 0))
    except OSError as error:
        raise failure.of("cannot make namespaces", error) from error
    syscalls.set_name("init")
    if ground.alone:
        system.start_loopback()
    with suppress(OSError):  # a kernel without keyrings
        syscalls.join_new_session_keyring()


def _terminal(size: tuple[int, int], channel: Channel, *, uid: int) -> tuple[int, int, int]:
    """Makes a terminal of the sandbox's own, sends its other end to the caller, and shows it as /dev/console too."""
    controller = os.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(controller, _TIOCSPTLCK, struct.pack("i", 0))
    (number,) = struct.unpack("I", fcntl.ioctl(controller, _TIOCGPTN, bytes(4)))
    terminal = os.open(f"/dev/pts/{number}", os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", *size, 0, 0))
    os.fchown(terminal, uid, -1)
    with mounts.opened(os.open("/", os.O_PATH | os.O_DIRECTORY)) as top:
        mounts.make_point(top, "/dev/console", directory=False)
        mounts.attach(mounts.copy(f"/dev/pts/{number}"), top, "/dev/console")
    channel.send({"terminal": True}, [controller])
    os.close(controller)
    return terminal, terminal, terminal


def _start(request: Request, channel: Channel, stdio: tuple[int, int, int], seccomp: bytes) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        with channel.reporting(f"cannot start {request['args'][0]}"):
            start.run(request, stdio, seccomp=seccomp)
    finally:
        os._exit(FAILED)


def reap(main: int) -> int:
    """Waits for children until the main one ends, whose exit code this is: 128+N where signal N ended it."""
    while True:
        number = signal.sigwaitinfo(signal.valid_signals()).si_signo
        if number != signal.SIGCHLD:
            with suppress(ProcessLookupError):
                os.kill(main, number)
            continue
        pid = -1
        while pid:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == main:
                return exit_code(status)


def exit_code(status: int) -> int:
    """The shell's form of a wait status."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
