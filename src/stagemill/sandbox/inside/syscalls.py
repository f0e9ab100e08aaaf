"""The system calls that Python has no name for, through libc; every failure is an OSError."""

from __future__ import annotations

import ctypes
import os
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NODEV = 4
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

MOUNT_ATTR_RDONLY = 1
MOUNT_ATTR_NOSUID = 2
MOUNT_ATTR_NODEV = 4
MOUNT_ATTR_NOEXEC = 8

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_KEYCTL_JOIN_SESSION_KEYRING = 1

_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_CLOEXEC = os.O_CLOEXEC
_FSCONFIG_SET_FLAG = 0
_FSCONFIG_SET_STRING = 1
_FSCONFIG_CMD_CREATE = 6
_MOVE_MOUNT_EMPTY_PATHS = 0x4 | 0x40
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_BENEATH = 0x08
_RESOLVE_IN_ROOT = 0x10

# The new calls have one number on every machine; keyctl has not, and libc has no function for it.
_OPEN_TREE = 428
_MOVE_MOUNT = 429
_FSOPEN = 430
_FSCONFIG = 431
_FSMOUNT = 432
_OPENAT2 = 437
_MOUNT_SETATTR = 442
_KEYCTL = {"x86_64": 250, "aarch64": 219}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _converted(arguments: tuple[int | bytes | None, ...]) -> list[ctypes.c_long | ctypes.c_char_p]:
    return [ctypes.c_long(value) if isinstance(value, int) else ctypes.c_char_p(value) for value in arguments]


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _syscall(*arguments: int | bytes | None) -> int:
    return _checked(_libc.syscall(*_converted(arguments)))


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags))


def mount(source: str, target: str, *, kind: str = "", flags: int = 0, options: str = "") -> None:
    texts = [os.fsencode(text) for text in (source, target, kind)]
    _checked(_libc.mount(*_converted((*texts, flags, os.fsencode(options)))))


def unmount(target: str) -> None:
    """Detaches a mount and all below it; it goes away when nobody uses it any more."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH))


def pivot_root(new: str, old: str) -> None:
    _checked(_libc.pivot_root(os.fsencode(new), os.fsencode(old)))


def fsopen(kind: str) -> int:
    return _syscall(_FSOPEN, os.fsencode(kind), 1)


def fsconfig_flag(context: int, key: str) -> None:
    _syscall(_FSCONFIG, context, _FSCONFIG_SET_FLAG, os.fsencode(key), None, 0)


def fsconfig_string(context: int, key: str, value: str) -> None:
    _syscall(_FSCONFIG, context, _FSCONFIG_SET_STRING, os.fsencode(key), os.fsencode(value), 0)


def fsconfig_create(context: int) -> None:
    _syscall(_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)


def fsmount(context: int, attributes: int) -> int:
    return _syscall(_FSMOUNT, context, 1, attributes)


def open_tree(path: str, *, recursive: bool) -> int:
    """A detached copy of the mounts at a path."""
    flags = _OPEN_TREE_CLONE | _CLOEXEC | (_AT_RECURSIVE if recursive else 0)
    return _syscall(_OPEN_TREE, _AT_FDCWD, os.fsencode(path), flags)


def mount_setattr(mount_descriptor: int, attributes: int, *, cleared: int = 0, recursive: bool = True) -> None:
    """Sets attributes on a mount, and on all below it unless it is meant alone, and takes others away."""
    data = struct.pack("=QQQQ", attributes, cleared, 0, 0)
    flags = _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0)
    _syscall(_MOUNT_SETATTR, mount_descriptor, b"", flags, data, len(data))


def move_mount(mount_descriptor: int, target: int) -> None:
    """Attaches a detached mount at a place that is open."""
    _syscall(_MOVE_MOUNT, mount_descriptor, b"", target, b"", _MOVE_MOUNT_EMPTY_PATHS)


def open_in_root(root: int, path: str) -> int:
    """Opens a place below a directory (O_PATH) as if that were `/`: no symlink and no `..` leads out of it."""
    return _openat2(root, path, _RESOLVE_IN_ROOT)


def open_beneath(directory: int, path: str) -> int:
    """Opens a place below a directory (O_PATH); a symlink on the way, or at its end, is an error (ELOOP)."""
    return _openat2(directory, path, _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS)


def _openat2(directory: int, path: str, resolve: int) -> int:
    how = struct.pack("=QQQ", os.O_PATH | _CLOEXEC, 0, resolve)
    return _syscall(_OPENAT2, directory, os.fsencode(path), how, len(how))


def die_with_parent(signal_number: int) -> None:
    _checked(_libc.prctl(*_converted((_PR_SET_PDEATHSIG, signal_number, 0, 0, 0))))


def hide_from_ptrace() -> None:
    """Only somebody with CAP_SYS_PTRACE can look into this process (memory, descriptors, environment) from now on."""
    _checked(_libc.prctl(*_converted((_PR_SET_DUMPABLE, 0, 0, 0, 0))))


def set_name(name: str) -> None:
    _checked(_libc.prctl(*_converted((_PR_SET_NAME, name.encode(), 0, 0, 0))))


def drop_bounding(capability: int) -> None:
    _checked(_libc.prctl(*_converted((_PR_CAPBSET_DROP, capability, 0, 0, 0))))


def renounce_privileges() -> None:
    """No program that is run from here gains rights by a set-user-id bit or by the capabilities of its file."""
    _checked(_libc.prctl(*_converted((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))))


def set_seccomp_filter(program: bytes) -> None:
    """Installs a filter: eight bytes for each instruction."""
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    _checked(_libc.prctl(*_converted((_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0))))


def set_capabilities(mask: int) -> None:
    """Makes a mask the effective and permitted set; nothing is inheritable, and so nothing ambient."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    _checked(_libc.capset(*_converted((header, struct.pack("=6I", low, low, 0, high, high, 0)))))


def join_new_session_keyring() -> None:
    number = _KEYCTL.get(os.uname().machine)
    if number is not None:
        _syscall(number, _KEYCTL_JOIN_SESSION_KEYRING, None)
