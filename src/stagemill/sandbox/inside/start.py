"""The last steps of the sandboxed process itself: it becomes who it shall be, gives up the rest, and runs its program.

What fails in finding or running the program is told as a shell would: a line on stderr, and 127 or 126.
"""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import stat
import termios
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from stagemill.sandbox.inside import capabilities, failure, mounts, syscalls
from stagemill.sandbox.inside.failure import Failure

if TYPE_CHECKING:
    from stagemill.sandbox.inside.wire import Request

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOT_FOUND = 127
NOT_RUNNABLE = 126
_NOT_INSTALLED = "is it installed in the image, and are its name and PATH right?"
_NO_SHELL = 'begin from an image that has that shell, or name another with SHELL; the form RUN ["program"] needs none'
_NO_INTERPRETER = "the interpreter in its first line, or its dynamic loader, is not in the image"
_NOT_EXECUTABLE = "make it executable: COPY --chmod=755, or chmod +x in a RUN before"
_NULL = os.makedev(1, 3)  # Source: Linux, Documentation/admin-guide/devices.txt

# Python has no names for all of them; the numbers are the kernel's (asm-generic/resource.h), the same on our machines.
_LIMITS = {
    "cpu": 0, "fsize": 1, "data": 2, "stack": 3, "core": 4, "rss": 5, "nproc": 6, "nofile": 7, "memlock": 8,
    "locks": 10, "sigpending": 11, "msgqueue": 12, "nice": 13, "rtprio": 14, "rttime": 15,
}  # fmt: skip

_UNKNOWN = "it was built for another kind of machine, or is a script without a `#!` line"
UNREGISTERED = (
    "this kernel lets a sandbox register no emulator of its own, as Linux 6.7 and newer do; as root, register them for all: "
    "apt-get install qemu-user-static binfmt-support"
)

# Enough for any bundler or linker, and little enough for programs that close every possible descriptor one by one.
_OPEN_FILES = 65536


def run(request: Request, stdio: tuple[int, int, int], *, seccomp: bytes) -> NoReturn:
    """Replaces this process by the program. Raises Failure where the kernel refuses a step on the way."""
    os.setsid()
    if request["terminal"]:
        fcntl.ioctl(stdio[0], termios.TIOCSCTTY, 0)
    _redirect(stdio, uid=request["uid"])
    _limit_resources(request["ulimits"])
    os.umask(request["umask"])
    _enter_directory(request["cwd"])
    if request["read_only"]:
        _freeze()
    try:
        _become(request, seccomp)
    except OSError as error:
        raise failure.of(f"cannot become user {request['uid']} in the sandbox", error) from error
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _execute(request["args"], environment(request), foreign=request["foreign"])


def environment(request: Request) -> dict[str, str]:
    """The process's variables, with HOME, PATH and, where there is a terminal, TERM if they are not given."""
    defaults = {"PATH": DEFAULT_PATH, "HOME": request["home"]}
    if request["terminal"]:
        defaults["TERM"] = "xterm"
    given = dict(request["env"])
    return given | {name: value for name, value in defaults.items() if name not in given}


def _redirect(stdio: tuple[int, int, int], *, uid: int) -> None:
    for target, source in enumerate(stdio):
        facts = os.fstat(source)
        # A pipe is root's, and /dev/stdout is opened anew through it: who runs must own it.
        if stat.S_ISFIFO(facts.st_mode):
            with suppress(OSError):
                os.fchown(source, uid, -1)
        # The host's /dev/null is the host's: its mode could be changed through /proc/self/fd.
        elif stat.S_ISCHR(facts.st_mode) and facts.st_rdev == _NULL:
            source = os.open("/dev/null", fcntl.fcntl(source, fcntl.F_GETFL) & os.O_ACCMODE)  # noqa: PLW2901
        os.dup2(source, target)


def _limit_resources(given: list[tuple[str, int, int]]) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    # A core file would end up in a layer.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    for name, soft, hard in given:
        _set_limit(_LIMITS[name], soft, hard)


def _set_limit(number: int, soft: int, hard: int) -> None:
    """As near to a limit as the kernel allows; the caller has told what it cannot have."""
    try:
        resource.setrlimit(number, (soft, hard))
    except ValueError:  # Python's word for EPERM here: more than the hard limit that this process has
        _, most = resource.getrlimit(number)
        resource.setrlimit(number, (most if _exceeds(soft, most) else soft, most if _exceeds(hard, most) else hard))


def _exceeds(value: int, most: int) -> bool:
    """Whether one limit is above another, where -1 is above all."""
    return most != resource.RLIM_INFINITY and (value == resource.RLIM_INFINITY or value > most)


def _enter_directory(cwd: str) -> None:
    """Goes there while still root, since the user may not pass every directory on the way."""
    try:
        os.makedirs(cwd, mode=0o755, exist_ok=True)
        os.chdir(cwd)
    except (FileExistsError, NotADirectoryError) as error:
        hint = "choose another working directory, with WORKDIR or -w"
        raise Failure(f"cannot run in {cwd}: it is no directory in the image", hint) from error
    except OSError as error:
        raise failure.of(f"cannot run in {cwd}", error) from error


def _freeze() -> None:
    """Nothing of the tree can be written from here on; what is mounted in it can."""
    try:
        with mounts.opened(os.open("/", os.O_PATH | os.O_DIRECTORY)) as root:
            syscalls.mount_setattr(root, syscalls.MOUNT_ATTR_RDONLY, recursive=False)
    except OSError as error:
        raise failure.of("cannot make the sandbox's root read-only", error) from error


def _become(request: Request, seccomp: bytes) -> None:
    held = capabilities.held()
    allowed = 0
    if not request["insecure"]:
        allowed = capabilities.allowed(request["added"], request["dropped"])
        capabilities.bound(allowed)
        # The filter first: without no_new_privs, which would break sudo and su, it takes a capability to install one.
        if request["filtered"] and not allowed & capabilities.BEYOND_THE_FILTER:
            syscalls.set_seccomp_filter(seccomp)
    os.setgroups(request["groups"])
    os.setresgid(request["gid"], request["gid"], request["gid"])
    os.setresuid(request["uid"], request["uid"], request["uid"])
    if not request["insecure"]:
        capabilities.limit(allowed, uid=request["uid"], held=held)
    if request["no_new_privileges"]:
        syscalls.renounce_privileges()


def _execute(args: list[str], env: dict[str, str], *, foreign: bool) -> NoReturn:
    name = args[0]
    path = name if "/" in name else _find(name, env["PATH"])
    if path is None:
        _give_up(NOT_FOUND, f'exec: "{name}": executable file not found in $PATH', _NOT_INSTALLED)
    try:
        os.execve(path, args, env)  # noqa: S606 - no shell is wanted
    except OSError as error:
        _explain(path, error, foreign=foreign)
    except ValueError as error:  # a NUL in an argument, a `=` in a variable's name
        raise Failure(f"cannot run {path}: {error}") from error


def _find(name: str, search: str) -> str | None:
    for directory in search.split(":"):
        path = f"{directory or '.'}/{name}"
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def _explain(path: str, error: OSError, *, foreign: bool) -> NoReturn:
    reason = os.strerror(error.errno or 0).lower()
    if error.errno == errno.ENOENT and os.path.exists(path):
        _give_up(NOT_FOUND, f'exec: "{path}": {reason}', _NO_INTERPRETER)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        _give_up(NOT_FOUND, f'exec: "{path}": {reason}', _NO_SHELL if path.endswith("sh") else _NOT_INSTALLED)
    if error.errno == errno.ENOEXEC:
        _give_up(NOT_RUNNABLE, f'exec: "{path}": exec format error', UNREGISTERED if foreign else _UNKNOWN)
    if os.path.isdir(path):
        _give_up(NOT_RUNNABLE, f'exec: "{path}": is a directory')
    hint = _NOT_EXECUTABLE if error.errno == errno.EACCES else None
    _give_up(NOT_RUNNABLE, f'exec: "{path}": {reason}', hint)


def _give_up(status: int, message: str, hint: str | None = None) -> NoReturn:
    text = f"{message}\n" + (f"hint: {hint}\n" if hint else "")
    with suppress(OSError):
        os.write(2, os.fsencode(text))
    os._exit(status)
