"""`Builder`: a program that is timed: how it builds into an OCI archive, and how it forgets all it has."""

from __future__ import annotations

import contextlib
import os
import resource
import shlex
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

REGISTRIES = ("docker.io", "gcr.io")


@dataclass(frozen=True, slots=True)
class Builder:
    """`build` and `reset` are shell commands, with fields that `Rounds` fills in.

    The field state is a folder of its own. `needs` are programs that must be on PATH.
    """

    name: str
    build: str
    reset: str
    needs: tuple[str, ...]

    @property
    def is_here(self) -> bool:
        return all(shutil.which(program) for program in self.needs)


def all_builders(stagemill: str) -> dict[str, Builder]:
    """By name; `stagemill` is the path of that program."""
    buildah = "buildah --root {state}/root --runroot {state}/run "
    push = f"{buildah}push --quiet --compression-format {{compression}} {{tag}} oci-archive:{{out}}"
    build = f"{buildah}build --layers --jobs 8 %s -f {{dockerfile}} -t {{tag}} {{context}} && {push}"
    # buildah asks for higher limits than a machine without CAP_SYS_RESOURCE grants.
    limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    hard = [f"--ulimit {name}={min(resource.getrlimit(limit)[1], 16384)}" for name, limit in limits.items()]
    forget = f"{buildah}rmi --all --force; rm -rf {{state}}"
    builders = (
        Builder(
            "stagemill",
            f"STAGEMILL_ROOT={{state}}/store {shlex.quote(stagemill)} build --progress plain -f {{dockerfile}}"
            " -t {tag} -o type=oci,dest={out}{compression_key} {context}",
            "rm -rf {state}",
            (stagemill,),
        ),
        Builder("buildah", build % f"--isolation oci --network host {' '.join(hard)}", forget, ("buildah", "runc")),
        Builder("buildah-chroot", build % "--isolation chroot", forget, ("buildah",)),
        Builder(
            "buildkit",
            "buildctl build --progress=plain --frontend dockerfile.v0 --local context={context}"
            " --local dockerfile={folder} --output type=oci,dest={out},compression={compression}",
            "buildctl prune --all",
            ("buildctl", "buildkitd"),
        ),
    )
    return {builder.name: builder for builder in builders}


def environment(folder: Path, registry: str) -> dict[str, str]:
    """The environment of every build: each builder's own configuration sends it to the local registry."""
    (folder / "config.toml").write_text(
        "".join(f'[registry."{host}"]\nmirrors = ["{registry}"]\n' for host in REGISTRIES)
    )
    lines = ['unqualified-search-registries = ["docker.io"]']
    for host in REGISTRIES:
        lines += ["[[registry]]", f'location = "{host}"', "[[registry.mirror]]"]
        lines += [f'location = "{registry}"', "insecure = true"]
    (folder / "registries.conf").write_text("\n".join(lines) + "\n")
    # runc knows every cgroup layout.
    (folder / "containers.conf").write_text('[engine]\nruntime = "runc"\n')
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "STAGEMILL_CONFIG": str(folder / "config.toml"),
        "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
        "CONTAINERS_CONF": str(folder / "containers.conf"),
    }


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running buildkitd: what clients need to find it, and its process."""

    env: Mapping[str, str]
    pid: int


@contextlib.contextmanager
def buildkitd(folder: Path, registry: str) -> Iterator[Daemon]:
    """The daemon at $BUILDKIT_HOST, or one that ends with the block."""
    if given := os.environ.get("BUILDKIT_HOST"):
        yield Daemon({}, _pid_behind(given.removeprefix("unix://")))
        return
    address = folder / "buildkitd.sock"
    config = [f'root = "{folder}/buildkit"', "[grpc]", f'address = ["unix://{address}"]']
    config += ["[worker.oci]", "enabled = true", 'networkMode = "host"', 'reservedSpace = "20GB"']
    config += ["[worker.containerd]", "enabled = false", f'[registry."{registry}"]', "http = true"]
    for host in REGISTRIES:
        config += [f'[registry."{host}"]', f'mirrors = ["{registry}"]']
    (folder / "buildkitd.toml").write_text("\n".join(config) + "\n")
    with (folder / "buildkitd.log").open("wb") as log:
        command = ["buildkitd", "--config", str(folder / "buildkitd.toml")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield Daemon({"BUILDKIT_HOST": f"unix://{address}"}, _pid_behind(str(address)))
        finally:
            process.terminate()
            process.wait()


def _pid_behind(path: str) -> int:
    for _ in range(100):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                peer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
                pid: int = struct.unpack("3i", peer)[0]
                return pid
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.1)
    raise SystemExit(f"no buildkitd listens on {path}")
