"""`enter`, by which an ordinary user's process becomes root of a user namespace, and may then do all that a build needs.

Below that, root and user are the same code. Source: user_namespaces(7), newuidmap(1), subuid(5).
"""

from __future__ import annotations

import errno
import os
import pwd
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from stagemill.errors import SandboxError
from stagemill.sandbox import subordinate

SEARCH = "/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin:/usr/local/sbin:/run/wrappers/bin"

_CAP_SYS_ADMIN = 21
_CAPS_OF_MAPS = (6, 7)  # CAP_SETGID and CAP_SETUID
_SWITCHES = (
    # sysctl, the value that forbids, the value that allows
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("user.max_user_namespaces", "0", "65536"),
    ("user.max_mnt_namespaces", "0", "65536"),
)


def enter(*, etc: Path = Path("/etc"), search: str = SEARCH) -> None:
    """Makes the whole process root of a user namespace, with a mount namespace of its own; nothing where it may mount.

    The user becomes 0, the subordinate ids of /etc/subuid and /etc/subgid become 1 and up. To be called before there
    are threads. Environment, working directory and open files stay as they are. `search` is where newuidmap is looked
    for. Raises SandboxError where the machine does not allow it; the process is unchanged then, unless the kernel
    refused the very last step.
    """
    if os.geteuid() == 0:
        if not _may_administer():
            raise SandboxError(
                "this root may not mount anything: it lacks the capability CAP_SYS_ADMIN",
                hint="inside another container, start that one with --privileged, or run stagemill as an ordinary user",
            )
        return
    tools = [_tool(name, search) for name in ("newuidmap", "newgidmap")]
    uids, gids = _ranges(etc)
    commands = [
        (tools[0], str(os.getpid()), *subordinate.mapping(os.geteuid(), uids)),
        (tools[1], str(os.getpid()), *subordinate.mapping(os.getegid(), gids)),
    ]
    _enter(commands)


def descend(first: int, *, count: int = 65536) -> None:
    """Makes the process of the machine's root, without threads, root of a user namespace with other ids: 0 is `first`.

    Files, working directory and environment stay as they are; of files only those can be read that anybody may. Raises
    SandboxError where the machine does not allow it.
    """
    line = f"0 {first} {count}"
    maps = (f"/proc/{os.getpid()}/{kind}_map" for kind in ("uid", "gid"))
    _enter([("/bin/sh", "-c", f"echo {line} > {path}") for path in maps])
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def is_roots_own() -> bool:
    """Whether this process is in the machine's first user namespace, as root."""
    return os.geteuid() == 0 and _text(Path("/proc/self/uid_map")).split() == ["0", "0", "4294967295"]


def _may_administer() -> bool:
    for line in Path("/proc/self/status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_ADMIN & 1)
    return True


def _tool(name: str, search: str) -> str:
    import shutil  # noqa: PLC0415 - root does not look for it

    path = shutil.which(name, path=search)
    if path is None:
        raise SandboxError(
            f"cannot build as an ordinary user: the program {name} is not installed",
            hint="install it (Debian and Ubuntu: apt install uidmap; Fedora: dnf install shadow-utils), or run as root",
        )
    return path


def _ranges(etc: Path) -> tuple[tuple[subordinate.Range, ...], tuple[subordinate.Range, ...]]:
    uid = os.geteuid()
    user = _user_name(uid)
    texts = [_text(etc / name) for name in ("subuid", "subgid")]
    uids, gids = (subordinate.ranges(text, user=user, uid=uid) for text in texts)
    if uids and gids:
        return uids, gids
    missing = " and ".join(str(etc / name) for name, found in (("subuid", uids), ("subgid", gids)) if not found)
    lines = [subordinate.line_to_add(text, user=user) for text in texts]
    raise SandboxError(
        f"cannot build as an ordinary user: {user} has no subordinate ids in {missing}",
        hint=f"as root, add the line `{lines[0]}` to {etc / 'subuid'} and the line `{lines[1]}` to {etc / 'subgid'}",
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _enter(commands: list[tuple[str, ...]]) -> None:
    """A child made before the namespace writes the maps, since it takes the user's own rights outside to do so."""
    from stagemill.sandbox.inside import syscalls  # noqa: PLC0415 - root needs no ctypes to start

    status = _text(Path("/proc/self/status"))
    ready, go = os.pipe()
    answer, answer_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        os.close(answer)
        _write_maps(commands, ready=ready, answer=answer_end)
    os.close(ready)
    os.close(answer_end)
    try:
        syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNS)
        os.write(go, b"!")
    except OSError as error:
        raise refusal(error) from error
    finally:
        os.close(go)
        with os.fdopen(answer, "rb") as stream:
            complaint = stream.read().decode(errors="replace").strip()
        os.waitpid(child, 0)
    if complaint:
        tools = [Path(command[0]) for command in commands]
        raise SandboxError(f"cannot build as an ordinary user: {complaint}", hint=unmapped(tools, status))


def unmapped(tools: Sequence[Path], status: str) -> str:
    """What to do where newuidmap and newgidmap (`tools`) cannot write their maps. Source: capabilities(7).

    `status` is what /proc/self/status was before, for in its namespace the process has every capability.

    Containers take away what they need. With the bit of set-user-id they are root, who may write the map of somebody
    else's namespace with CAP_SYS_ADMIN only; with capabilities of their files they stay the user, whose namespace it is.
    """
    facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    bounding = int(facts.get("CapBnd", "").strip() or "f" * 16, 16)
    if facts.get("NoNewPrivs", "").strip() == "1":
        return "nobody may gain privileges in this container; in a pod, write allowPrivilegeEscalation: true"
    if not all(bounding >> number & 1 for number in _CAPS_OF_MAPS):
        return "give this container the capabilities SETUID and SETGID; in a pod, add them in its securityContext"
    if not bounding >> _CAP_SYS_ADMIN & 1 and any(_is_set_user_id(tool) for tool in tools):
        caps = zip(tools, ("cap_setuid", "cap_setgid"), strict=True)
        commands = [f"chmod u-s {tool} && setcap {name}+ep {tool}" for tool, name in caps]
        return f"in the image of this container: {' && '.join(commands)}"
    return "are the ranges in /etc/subuid and /etc/subgid right, and is newuidmap set-user-id root?"


def _is_set_user_id(tool: Path) -> bool:
    try:
        return bool(tool.stat().st_mode & stat.S_ISUID)
    except OSError:
        return False


def _write_maps(commands: list[tuple[str, ...]], *, ready: int, answer: int) -> NoReturn:
    """Waits for the namespace, writes its maps, and answers with what went wrong, or nothing."""
    import subprocess  # noqa: PLC0415 - root writes no maps

    try:
        if os.read(ready, 1):
            for command in commands:
                done = subprocess.run(command, env={}, stdin=subprocess.DEVNULL, capture_output=True, check=False)
                if done.returncode:
                    os.write(answer, done.stderr or f"{command[0]} ended with status {done.returncode}".encode())
                    break
    except OSError as error:
        os.write(answer, str(error).encode())
    finally:
        os._exit(0)


def refusal(error: OSError, *, settings: Path = Path("/proc/sys")) -> SandboxError:
    """What to tell about a kernel that refuses namespaces; a setting that forbids them is named."""
    for name, forbids, allows in _SWITCHES:
        if _text(settings / name.replace(".", "/")).strip() == forbids:
            hint = f"as root: sysctl -w {name}={allows}, and write that into /etc/sysctl.d to keep it"
            break
    else:
        hint = "run as root; inside another container, switch its seccomp off, or start it with --privileged"
        if error.errno == errno.ENOSPC:
            hint = "too many namespaces, or nested too deep; as root: sysctl -w user.max_user_namespaces=65536"
    return SandboxError(
        f"cannot build as an ordinary user: the kernel refuses a user namespace "
        f"({os.strerror(error.errno or 0).lower()})",
        hint=hint,
    )
