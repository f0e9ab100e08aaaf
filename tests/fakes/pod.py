"""`Pod`: a container by runc, as Docker or a node of Kubernetes would start one, in which stagemill runs. Not a fake: it is one.

Its root is this machine's own, with a layer on top for what an image would have otherwise.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from fakes.mill import Ran

# What Docker and containerd give a container that asks for nothing.
USUAL = (
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
    "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
)  # fmt: skip
# Of what their profiles of seccomp forbid: all that a build asks for, with CAP_SYS_ADMIN only the last one.
FORBIDDEN = ("unshare", "mount", "umount2", "setns", "fsopen", "fsmount", "move_mount", "open_tree", "pivot_root")
_MASKED = ("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/scsi")
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_OUTSIDE = 3_000_000  # root of a pod in a user namespace, as this machine counts
_COUNT = count()


@dataclass(frozen=True)
class Limits:
    """How a container is started. `forbidden` are system calls; with `own_users` it is a user namespace.

    With `set_user_id` newuidmap is as Debian has it; else its file has the capability that it needs.
    """

    uid: int
    capabilities: Sequence[str] = USUAL
    no_new_privileges: bool = False
    masked: bool = False
    forbidden: Sequence[str] = ()
    own_users: bool = False
    set_user_id: bool = False


@dataclass(frozen=True)
class Pod:
    """`shared` is a directory of this machine that containers see, and `home` where they are made."""

    shared: Path
    home: Path

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], limits: Limits, *, etc: Mapping[str, str]
    ) -> Ran:
        """What a command does in a new container; `etc` are files of its image."""
        with self._root() as root:
            for name, text in etc.items():
                (root / "etc" / name).write_text(text)
            for program, capability in (("newuidmap", "cap_setuid"), ("newgidmap", "cap_setgid")):
                file = root / "usr/bin" / program
                if not limits.set_user_id:
                    file.chmod(0o755)
                    subprocess.run(["setcap", f"{capability}+ep", str(file)], check=True)
            bundle = self.home / "bundle"
            bundle.mkdir(exist_ok=True)
            (bundle / "config.json").write_text(json.dumps(self._config(root, command, environment, limits)))
            owner = _OUTSIDE if limits.own_users else limits.uid
            subprocess.run(["chown", "-R", f"{owner}:{owner}", str(self.shared)], check=True)
            name = f"stagemill-test-{secrets.token_hex(6)}"
            done = subprocess.run(
                ["runc", "run", "--bundle", str(bundle), name], capture_output=True, timeout=120, check=False
            )
        return Ran(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    @contextmanager
    def _root(self) -> Iterator[Path]:
        """This machine's root, with changes that are gone afterwards."""
        top, root = self.home / f"top{next(_COUNT)}", self.home / "root"
        for place in (top / "upper", top / "work", root):
            place.mkdir(parents=True, exist_ok=True)
        options = f"lowerdir=/,upperdir={top}/upper,workdir={top}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(root)], check=True)
        try:
            place = root / self.shared.relative_to("/")
            place.mkdir(parents=True, exist_ok=True)
            yield root
        finally:
            subprocess.run(["umount", "--lazy", str(root)], check=True)
            shutil.rmtree(top)

    def _config(
        self, root: Path, command: Sequence[str], environment: Mapping[str, str], limits: Limits
    ) -> dict[str, Any]:
        """Source: OCI runtime-spec, config.md and config-linux.md."""
        kinds = ["pid", "ipc", "uts", "mount", *(["user", "network"] if limits.own_users else [])]
        capabilities = [f"CAP_{name}" for name in limits.capabilities]
        sets = ("bounding",) if limits.uid else ("bounding", "effective", "permitted")
        ids = [{"containerID": 0, "hostID": _OUTSIDE, "size": 65536}]
        plain = {"destination": "/proc", "type": "proc", "source": "proc"}
        devices = {"type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]}
        system = {"type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}
        shared = {"type": "bind", "source": str(self.shared), "options": ["rbind", "rw"]}
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": limits.uid, "gid": limits.uid},
                "args": list(command),
                "env": [f"{name}={value}" for name, value in environment.items()],
                "cwd": str(self.shared),
                "capabilities": dict.fromkeys(sets, capabilities),
                "noNewPrivileges": limits.no_new_privileges,
            },
            "root": {"path": str(root)},
            "mounts": [
                plain,
                {"destination": "/dev", **devices},
                {"destination": "/sys", **system},
                {"destination": str(self.shared), **shared},
            ],
            "linux": {
                "namespaces": [{"type": kind} for kind in kinds],
                **({"uidMappings": ids, "gidMappings": ids} if limits.own_users else {}),
                "maskedPaths": list(_MASKED) if limits.masked else [],
                "readonlyPaths": list(_READ_ONLY) if limits.masked else [],
                "seccomp": {
                    "defaultAction": "SCMP_ACT_ALLOW",
                    "syscalls": [{"names": list(limits.forbidden), "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]
                    if limits.forbidden
                    else [],
                },
            },
        }
