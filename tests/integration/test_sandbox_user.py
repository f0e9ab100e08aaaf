"""The sandbox of an ordinary user: a user namespace around the whole program, and then everything as for root."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.user import delete_user, one_at_a_time

PYTHON = next((path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if Path(path).exists()), sys.executable)
TOOLS = ("useradd", "userdel", "setpriv", "newuidmap")

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="makes a user, which needs root"),
    pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}"),
]

PRELUDE = """
import contextlib, json, os, sys, threading
from dataclasses import replace
from pathlib import Path
from fakes.sandbox_lab import PLAIN, Lab
from stagemill.errors import SandboxError
from stagemill.sandbox import userns
from stagemill.sandbox.namespaces import NamespaceSandbox
from stagemill.sandbox.process import Credentials
"""
IN_A_LAB = """
userns.enter()
here = Path(sys.argv[1])
with NamespaceSandbox(state=here / "state") as sandbox:
    lab = Lab(sandbox, here)
    def sh(line, **options):
        outcome = lab.sh(line, **options)
        return [outcome.code, outcome.stdout, outcome.stderr]
    def commands():
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                yield path.read_bytes().replace(b"\\0", b" ").decode(errors="replace")
    print(json.dumps({expression}))
"""


@dataclass(frozen=True)
class User:
    """Somebody with a home for one test, who may have subordinate ids."""

    name: str
    home: Path
    library: Path

    def python(self, code: str, *arguments: str, prefix: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *("setpriv", "--reuid", self.name, "--regid", self.name, "--init-groups"),
                *(*prefix, PYTHON, "-B", "-c", PRELUDE + code, *arguments),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.home,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.home), "PYTHONPATH": str(self.library)},
            timeout=300,
        )

    def lab(self, expression: str) -> object:
        with tempfile.TemporaryDirectory(dir=self.home) as directory:
            shutil.chown(directory, self.name)
            done = self.python(IN_A_LAB.replace("{expression}", expression), directory)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def library() -> Iterator[Path]:
    """Our code where everybody may read it."""
    with tempfile.TemporaryDirectory(prefix="stagemill-code-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        tests = Path(__file__).parent.parent
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(tests.parent / "src/stagemill", directory / "stagemill", ignore=ignored)
        shutil.copytree(tests / "fakes", directory / "fakes", ignore=ignored)
        subprocess.run(["chmod", "-R", "a+rX", name], check=True)
        yield directory


def make_user(library: Path, *, name: str) -> Iterator[User]:
    with tempfile.TemporaryDirectory(prefix="stagemill-home-") as home:
        with one_at_a_time():
            subprocess.run(["useradd", "--no-create-home", "--home-dir", home, name], check=True)
        try:
            shutil.chown(home, name)
            yield User(name, Path(home), library)
        finally:
            delete_user(name)


@pytest.fixture(scope="module")
def user(library: Path) -> Iterator[User]:
    """A user with subordinate ids."""
    for found in make_user(library, name=f"sm-user-{os.getpid()}"):
        if f"{found.name}:" not in Path("/etc/subuid").read_text():
            ranges = ("--add-subuids", "500000-565535", "--add-subgids", "500000-565535")
            with one_at_a_time():
                subprocess.run(["usermod", *ranges, found.name], check=True)
        yield found


@pytest.fixture
def bare_user(library: Path) -> Iterator[User]:
    """A user without subordinate ids."""
    for found in make_user(library, name=f"sm-bare-{os.getpid()}"):
        for kind in ("uids", "gids"):
            for line in Path(f"/etc/sub{kind[:-1]}").read_text().splitlines():
                owner, start, count = line.split(":")
                if owner == found.name:
                    last = int(start) + int(count) - 1
                    with one_at_a_time():
                        subprocess.run(["usermod", f"--del-sub{kind}", f"{start}-{last}", found.name], check=True)
        yield found


def test_a_user_is_root_in_the_sandbox_and_owns_what_is_written(user: User) -> None:
    outcome = user.lab('[sh("id; echo hi > /tmp/x; stat -c %u:%g /tmp/x", kept=True), lab.written()]')

    assert outcome == [[0, "uid=0(root) gid=0(root) groups=0(root)\n0:0\n", ""], ["tmp", "tmp/x"]]


def test_capabilities_and_filter_are_the_same_as_root_s(user: User) -> None:
    outcome = user.lab("""sh("grep -E '^(CapEff|CapBnd|Seccomp:)' /proc/self/status")""")

    assert outcome == [0, "CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nSeccomp:\t2\n", ""]


def test_owners_whiteouts_and_opaque_directories_are_the_same_as_root_s(user: User) -> None:
    outcome = user.lab("""[
        sh("chown 123:456 /tmp; rm /etc/group; rm -r /home/alice; mkdir /home/alice; mknod /tmp/p p", kept=True),
        lab.written(),
        [(lab.upper / "tmp").stat().st_uid, (lab.upper / "tmp").stat().st_gid],
        [oct((lab.upper / "etc/group").stat().st_mode), (lab.upper / "etc/group").stat().st_rdev],
        os.getxattr(lab.upper / "home/alice", "user.overlay.opaque").decode(),
    ]""")

    assert outcome == [
        [0, "", ""],
        ["etc", "etc/group", "home", "home/alice", "tmp", "tmp/p"],
        [123, 456],
        ["0o20000", 0],
        "y",
    ]


def test_another_user_inside_has_groups_and_no_capabilities(user: User) -> None:
    outcome = user.lab("""sh(
        "id -u; id -G; grep CapEff /proc/self/status; echo x > /dev/stdout; touch /root/x",
        process=replace(PLAIN, credentials=Credentials(1000, 1000, (1000, 10, 29), "/home/alice")),
    )""")

    assert outcome == [
        1,
        "1000\n1000 10 29\nCapEff:\t0000000000000000\nx\n",
        "touch: /root/x: Permission denied\n",
    ]


def test_setting_groups_works_as_apt_does_it(user: User) -> None:
    assert user.lab("""sh("su alice -c 'id -G'")""") == [0, "1000 10 29\n", ""]


def test_network_none_and_the_system_directories_work(user: User) -> None:
    outcome = user.lab("""sh(
        "ping -c1 -W60 127.0.0.1 > /dev/null && echo pong; ls /proc/self > /dev/null && ls -d /sys/class && cat /dev/null",
        process=replace(PLAIN, network="none"),
    )""")

    assert outcome == [0, "pong\n/sys/class\n", ""]


def test_the_host_is_out_of_reach(user: User) -> None:
    outcome = user.lab("""[sh(line)[2] for line in (
        "mount -t tmpfs none /tmp", "unshare -U true", "echo 1 > /sys/kernel/mm/ksm/run", "echo 1 > /proc/sys/vm/swappiness",
    )]""")

    assert isinstance(outcome, list)
    assert ["ermission denied" in text or "not permitted" in text or "Read-only" in text for text in outcome] == [
        True
    ] * 4


def test_many_layers_make_one_tree(user: User) -> None:
    outcome = user.lab("""[
        [(lab.layer(f"l{n}") / f"f{n}").write_text("x") for n in range(560)] and None,
        sh("ls / | grep -c ^f; touch /new", kept=True), lab.written(),
    ][1:]""")

    assert outcome == [[0, "560\n", ""], ["new"]]


def test_a_user_without_subordinate_ids_is_told_the_two_lines(bare_user: User) -> None:
    done = bare_user.python(
        "try: userns.enter()\nexcept SandboxError as error: print(error.message); print(error.hint)"
    )

    message, hint = done.stdout.splitlines()
    name = bare_user.name
    assert message == (
        f"cannot build as an ordinary user: {name} has no subordinate ids in /etc/subuid and /etc/subgid"
    )
    assert hint.startswith(f"as root, add the line `{name}:")
    assert ":65536` to /etc/subuid and the line" in hint
    assert hint.endswith(":65536` to /etc/subgid")


def test_ranges_that_the_machine_does_not_grant_are_an_error(bare_user: User) -> None:
    done = bare_user.python(f"""
etc = Path({str(bare_user.home)!r})
for name in ("subuid", "subgid"):
    (etc / name).write_text("{bare_user.name}:100000:65536\\n")
try: userns.enter(etc=etc)
except SandboxError as error: print(error.message); print(error.hint)
""")

    message, hint = done.stdout.splitlines()
    assert message.startswith("cannot build as an ordinary user: newuidmap: ")
    assert hint == "are the ranges in /etc/subuid and /etc/subgid right, and is newuidmap set-user-id root?"


def test_root_without_the_right_to_mount_is_told_so(user: User) -> None:
    code = "try: userns.enter()\nexcept SandboxError as error: print(error.message); print(error.hint)"
    done = subprocess.run(
        ["setpriv", "--bounding-set", "-sys_admin", PYTHON, "-B", "-c", PRELUDE + code],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(user.library)},
    )

    assert done.stdout.splitlines() == [
        "this root may not mount anything: it lacks the capability CAP_SYS_ADMIN",
        "inside another container, start that one with --privileged, or run stagemill as an ordinary user",
    ]


def test_what_still_runs_when_the_process_ends_is_killed(user: User) -> None:
    sleep = f"sleep 9{os.getpid():07}"  # no other test has one as long

    outcome = user.lab(f"""[
        sh("{sleep} & exit 3"),
        [line for line in commands() if line.startswith("{sleep}")],
    ]""")

    assert outcome == [[3, "", ""], []]
