"""What a process in a sandbox can reach of this machine: nothing by /proc, by what it has open, by devices, or by rights it has."""

from __future__ import annotations

import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.mill import Mill
from fakes.user import make_user
from integration.escapes.conftest import SECRET, Attack, Prey

pytestmark = pytest.mark.root

FROM = "FROM busybox\n"


def seen(attack: Attack, script: str, *, flags: str = "") -> str:
    """What a step prints."""
    attack.mill.write({"script": script})
    allowed = ("--allow", "security.insecure") if "insecure" in flags else ()
    text = f"{FROM}RUN {flags} --mount=source=script,target=/script sh /script > /out 2>&1; true\n"
    return attack.build(text, *allowed, fails=False)["out"]


def test_a_working_directory_in_proc_is_the_sandbox_s(attack: Attack) -> None:
    """CVE-2024-21626 (runc): a descriptor that was left open was a way out, as /proc/self/fd/N in WORKDIR."""
    for number in (0, *range(3, 9)):
        attack.build(
            f"{FROM}WORKDIR /proc/self/fd/{number}\nRUN cat ../../../../../../../..{{prey}}/secret; ls -la . .. > /x 2>&1; true\n"
        )
    for place in (
        "/proc/self/cwd",
        "/proc/self/root",
        "/proc/1/cwd",
        "/proc/1/root",
        "/proc/thread-self/cwd",
        "/proc/self/fd/../cwd",
    ):
        found = attack.build(f"{FROM}WORKDIR {place}\nRUN cat .{{prey}}/secret ..{{prey}}/secret; pwd -P > /x; true\n")
        assert found.get("x", "/").startswith(("/", "(unreachable)"))
    for number in (3, 6):
        attack(
            "run",
            "-w",
            f"/proc/self/fd/{number}",
            "busybox",
            "sh",
            "-c",
            attack.meant("cat ../../../../..{prey}/secret; true"),
        )


@pytest.mark.parametrize("flags", ["", "--security=insecure"])
def test_nothing_is_open_but_the_streams(attack: Attack, flags: str) -> None:
    """CVE-2024-21626 and CVE-2016-9962 (runc), of the process itself and of the first one in its sandbox."""
    listed = seen(
        attack, "for p in self 1; do for f in /proc/$p/fd/*; do readlink $f; done; done", flags=flags
    ).splitlines()

    kinds = {text.partition(":")[0] for text in listed if not text.startswith("/proc/")}
    assert kinds <= {"pipe", "socket", "/dev/null", "anon_inode", "/script", "/out"}
    assert str(attack.mill.root) not in "".join(listed)


def test_the_caller_s_variables_are_nobody_else_s(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2021-3602 (buildah), CVE-2020-14370 (podman): variables of the builder could be read by what it ran."""
    monkeypatch.setenv("PASSWORD", SECRET)

    for flags in "", "--security=insecure":
        seen(attack, "env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline", flags=flags)


def test_rights_are_not_handed_on(attack: Attack) -> None:
    """CVE-2022-27651 (buildah), CVE-2022-24769 (moby): inheritable capabilities; CVE-2022-36109, CVE-2022-2990, CVE-2023-25173: groups
    of the builder's that the process had too.
    """
    status = seen(attack, "grep -e ^CapInh -e ^CapAmb -e ^Groups /proc/self/status")

    found = {line.split()[0]: line.split()[1:] for line in status.splitlines()}
    assert found == {"CapInh:": ["0" * 16], "CapAmb:": ["0" * 16], "Groups:": ["0"]}


def test_root_in_a_sandbox_needs_a_permission_to_be_root_here(attack: Attack) -> None:
    """CVE-2024-23653 and GHSA-7236-3392-c5c6 (BuildKit): privileges without the entitlement, by another way to ask for them."""
    for line in (
        "RUN --security=insecure id",
        "ARG S=insecure\nRUN --security=$S id",
        "ONBUILD RUN --security=insecure id\nFROM x",
        "RUN --security=INSECURE id",
        "RUN --security='insecure' id",
        "RUN --network=host --security=insecure id",
    ):
        attack.build(f"FROM busybox AS x\n{line}\n", fails=True)
    attack.build(
        "FROM busybox\nONBUILD RUN --security=insecure id\n", "-t", "trap", "-o", "type=local,dest=out", fails=False
    )
    attack.build("FROM trap\n", fails=True)
    attack("shell", "--help", fails=False)


LOADER = b"/proc/self/exe\0"


def loader() -> bytes:
    """A program without a loader that makes the file behind /proc/self/exe everybody's, and ends with the error number.

    It stands in the place of the dynamic loader of an image: whoever starts a program of this machine there starts it.
    """
    start = b"\xb8\x5a\x00\x00\x00"  # mov eax, 90 (chmod)
    rest = (
        b"\xbe" + struct.pack("<I", 0o4777) + b"\x0f\x05\xf7\xd8\x89\xc7\xb8\x3c\x00\x00\x00\x0f\x05"
    )  # exit(-chmod(path, 04777))
    code = start + b"\x48\x8d\x3d" + struct.pack("<i", len(rest)) + rest  # lea rdi, [rip + what comes after the code]
    data, head = code + LOADER, 64 + 56
    elf = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, head, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return elf + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, head + len(data), head + len(data), 0x1000) + data


@pytest.mark.skipif(platform.machine() != "x86_64", reason="its program is for another machine")
def test_the_program_behind_a_process_cannot_be_changed(attack: Attack, tmp_path: Path) -> None:
    """CVE-2019-5736 (runc): an image ran the runtime's own file, by /proc/self/exe, and wrote to it."""
    subprocess.run([sys.executable, "-m", "venv", "--copies", "--without-pip", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python3"
    before = python.stat()
    settings = {
        "PYTHONPATH": os.pathsep.join(
            [*attack.mill.environment["PYTHONPATH"].split(os.pathsep), sysconfig.get_path("purelib")]
        )
    }
    mill = replace(attack.mill, command=(str(python), "-m", "stagemill"), settings=settings)
    (place,) = {name.decode() for name in re.findall(rb"/lib[^\0]*/ld-[^\0]*\.so[^\0]*(?=\0)", python.read_bytes())}
    mill.write({
        "loader": loader(), "script": "#!/proc/self/exe\n",
        "Dockerfile": f"FROM busybox AS base\nCOPY --chmod=0755 loader {place}\nCOPY --chmod=0755 script /script\nRUN ln -s /proc/self/exe /link\n"
        'FROM base AS exe\nRUN ["/proc/self/exe"]\nFROM base AS script\nRUN ["/script"]\nFROM base AS link\nRUN ["/link"]\n',
    })  # fmt: skip

    for target in "exe", "script", "link":
        ran = mill("build", "--progress=plain", "--target", target, ".")
        # It was started, and could not do it: EROFS.
        assert "exit code: 30" in ran.err
        assert (python.stat().st_mode, python.stat().st_ctime_ns) == (before.st_mode, before.st_ctime_ns)


DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def facts(name: str) -> tuple[int, int, int]:
    status = os.stat(f"/dev/{name}")
    return status.st_mode, status.st_uid, status.st_gid


def test_devices_are_the_sandbox_s_own(attack: Attack) -> None:
    """`chown -R app /` in a RUN must not be the end of this machine's /dev/null."""
    before = {name: facts(name) for name in DEVICES}
    script = "".join(f"chmod 600 /dev/{name}; chown 1000 /dev/{name}; rm -f /dev/{name}; " for name in DEVICES)

    found = seen(
        attack,
        f"{script} chmod 600 /proc/self/fd/0 /dev/stdin /proc/interrupts /proc/kcore /proc/keys; stat -c %a /dev/null",
    )

    try:
        assert {name: facts(name) for name in DEVICES} == before
    finally:
        for name, (mode, uid, gid) in before.items():
            os.chown(f"/dev/{name}", uid, gid)
            os.chmod(f"/dev/{name}", mode & 0o7777)
    assert "600" in found.splitlines()


def test_devices_work(attack: Attack) -> None:
    script = "head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; echo x > /dev/null; echo x > /dev/full; cat < /dev/stdin; ls -l /dev/null"

    said = seen(attack, script)

    assert said.startswith("4\n4\n")
    assert "No space left on device" in said
    assert "crw-rw-rw-" in said


def test_what_is_mounted_here_cannot_be_changed_from_there(attack: Attack) -> None:
    """CVE-2019-16884, CVE-2023-27561, CVE-2025-52881 (runc): what protects /proc and /sys stays."""
    said = seen(
        attack,
        "for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/vm/drop_caches /sys/kernel/uevent_helper /proc/bus/x; do\n"
        "  (echo x > $f) 2> /dev/null && echo wrote $f; done\n"
        "mount -t tmpfs x /mnt 2> /dev/null && echo mounted; umount /proc/sys 2> /dev/null && echo unmounted\n"
        "mount -o remount,rw /sys 2> /dev/null && echo remounted; unshare -m true 2> /dev/null && echo unshared\n"
        "mkdir -p /mnt/c && mount -t cgroup2 c /mnt/c 2> /dev/null && echo cgroups; cat /proc/kcore 2> /dev/null | head -c 1 | wc -c\n"
        "mknod /disk b 8 0 2> /dev/null && head -c 1 /disk 2> /dev/null && echo disk; chroot /proc/1/root ls 2> /dev/null && echo root\n",
    )

    assert said.splitlines() == ["0"]


def test_a_store_is_closed_to_other_users(base: Mill) -> None:
    """CVE-2021-41091, CVE-2021-41089 (moby), CVE-2024-29018 alike: set-user-id programs of layers, for whoever can get at them.

    The store of root lies where the user may look: pytest closes the folders of tests whenever one of its runs begins.
    """
    with make_user() as user:
        mill = Mill(user.home / "store", user.home / "context")
        mill.folder.mkdir()
        mill.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())
        mill.build(
            "FROM busybox\nRUN cp /bin/busybox /evil && chmod 4755 /evil\n",
            "-t",
            "evil",
            "-o",
            "type=tar,dest=/dev/null",
        )
        (program,) = mill.root.glob("layers/*/fs/evil")
        assert program.stat().st_mode & 0o4111 == 0o4111
        who = ("setpriv", f"--reuid={user.name}", f"--regid={user.uid}", "--init-groups", "--")
        assert subprocess.run([*who, "ls", str(user.home)], check=False, capture_output=True).returncode == 0
        for path in (*(mill.root / name for name in ("layers", "blobs", "caches", "logs")), program):
            done = subprocess.run([*who, "ls", str(path)], check=False, capture_output=True)
            assert done.returncode != 0, path


def test_an_ordinary_user_s_build_reaches_no_more(base: Mill) -> None:
    """The same ways out, where the sandbox's root is a user: the user's own files are the prey."""
    with make_user() as user:
        mill = user.mill("escapes")
        Prey.make(user.home / "prey")
        user.give(user.home / "prey")
        prey = Prey.of(user.home / "prey")
        shutil.copy(base.root.parent / "busybox.tar", mill.folder)
        mill.ok("load", "-i", "busybox.tar")
        devices = {name: facts(name) for name in DEVICES}
        script = (
            f"cat {prey.place}/secret {prey.up}/secret /proc/1/root{prey.place}/secret; chmod 600 /dev/null /proc/self/fd/0;"
            f"ln -s {prey.place} /d; echo x > /d/new; for f in /proc/1/fd/* /proc/self/fd/*; do ls -la $f/..; done"
        )
        text = (
            f"FROM busybox AS s\nRUN ln -s {prey.place} /l; {script}; true\nFROM busybox\nCOPY Dockerfile /x\nRUN ln -s {prey.up} /up\n"
            f"RUN --mount=from=s,target=/m,rw --mount=type=cache,id={prey.up},target=/c {script}; echo x > /m/l/new; ls -A /c > /cache; true\n"
            "RUN --mount=type=tmpfs,target=/up/dir echo x > /up/dir/x\nCOPY Dockerfile /up/\nWORKDIR /up/made\n"
        )
        mill.write(
            {
                "Dockerfile": text,
                "other": f"FROM busybox AS s\nRUN ln -s {prey.place} /l\nFROM scratch\nCOPY --from=s /l/secret /\n",
            }
        )

        ran = mill("build", "--progress=plain", "-o", "type=local,dest=out", ".")
        refused = mill("build", "-f", "other", ".")

        assert (ran.status, refused.status) == (0, 1), ran.err
        assert SECRET not in ran.err + refused.err
        assert prey.changes() == []
        assert {name: facts(name) for name in DEVICES} == devices
        assert (mill.folder / "out/cache").read_text() == ""
