"""Builds that are killed or stopped at any moment: nothing is left, and the next build is right."""

from __future__ import annotations

import errno
import os
import pty
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archives import entries
from fakes.mill import COMMAND, Mill
from fakes.survivors import descendants, mark, mounts, processes, wait_until_alone

pytestmark = pytest.mark.root

HANGS = 120.0  # seconds after which nobody waits any more, however slow the machine
KILLS = int(os.environ.get("STAGEMILL_KILLS", "50"))
DOCKERFILE = """
FROM busybox AS one
ARG MARK
RUN dd if=/dev/zero of=/big bs=64k count=30 && sleep 0.05 && ln /big /hard && ln -s hard /soft
RUN rm /big && mkdir -m 700 /private && chown 1000 /private
FROM busybox AS two
ARG MARK
COPY context /context
RUN (sleep 0.1; echo late) & sleep 0.05; chmod 4755 /context/a; rm -r /home
ADD files.tar /unpacked/
WORKDIR /work
FROM busybox
ARG MARK
COPY --from=one /hard /soft /private /etc /from-one/
COPY --from=two /context /unpacked /from-two/
RUN cat /from-one/hard | wc -c > /size
"""


def victim(mill: Mill, base: Mill) -> Mill:
    files = {f"context/{name}": name * 1000 for name in "abcdefgh"}
    mill.write({**files, "files.tar": (base.folder / "tree.tar").read_bytes(), "Dockerfile": DOCKERFILE})
    return mill


def tree(mill: Mill) -> dict[str, str]:
    return entries(mill.ok("build", "-q", *mark(mill.root), "-o", "-", ".").stdout)


def leftovers(mill: Mill) -> dict[str, list[str]]:
    """What may not be there once a build has ended and another has been there."""
    return {
        "processes": wait_until_alone(mill.root),
        "mounts": mounts(mill.root),
        "tmp": os.listdir(mill.root / "tmp"),
        "locks": os.listdir(mill.root / "locks"),
        "mountpoint": [str(path) for path in mill.root.glob("mounts/mountpoint/*")],
        "damaged": [path.name for path in mill.root.glob("*.damaged*")],
    }


NOTHING: dict[str, list[str]] = {name: [] for name in ("processes", "mounts", "tmp", "locks", "mountpoint", "damaged")}


def kill_main(process: subprocess.Popen[bytes]) -> None:
    process.kill()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)


def kill_everything(process: subprocess.Popen[bytes]) -> None:
    for pid in descendants(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_main, kill_group, kill_everything])
def test_builds_killed_at_random_moments_leave_nothing_and_the_next_one_is_right(
    new_mill: Callable[[str], Mill], base: Mill, kill: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    clean, mill = victim(new_mill("clean"), base), victim(new_mill("killed"), base)
    began = time.monotonic()
    expected = tree(clean)
    longest = time.monotonic() - began
    moments = random.Random(kill.__name__)
    killed = 0

    for _ in range(-(-KILLS // 3)):
        command = ("build", "-t", "killed", "--no-cache", *mark(mill.root), ".")
        with mill.start(*command, group=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(moments.uniform(0, longest))
            killed += process.poll() is None
            kill(process) if process.poll() is None else None
            process.wait()
        assert (wait_until_alone(mill.root), mounts(mill.root)) == ([], [])

    assert tree(mill) == expected
    assert leftovers(mill) == NOTHING
    assert mill.ok("store", "check").out.endswith("images: all whole\n")
    assert killed > 0


def test_who_dies_is_waited_for_though_it_has_lost_its_environment(tmp_path: Path) -> None:
    """What a killed process looks like before its mounts are gone; here it takes longer."""
    script = 'mount -t tmpfs stagemill "$1"; echo ready; exec env -i /bin/sleep 1'
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"

        assert wait_until_alone(tmp_path) == []

        assert mounts(tmp_path) == []


def begun(process: subprocess.Popen[bytes], script: str, word: str = "ready") -> None:
    """Waits until a RUN's process says a word, and leaves the rest of what is said unread."""
    assert process.stderr is not None
    said = b""
    while word.encode() not in said.replace(script.encode(), b""):
        data = os.read(process.stderr.fileno(), 1 << 16)
        assert data, said.decode()
        said += data


def with_grace(mill: Mill, seconds: int) -> Mill:
    """The program, which gives processes so much time to go when they are told to."""
    code = (
        f"import runpy; from stagemill.sandbox import session; session.GRACE = {seconds * 1000}; "
        "runpy.run_module('stagemill', run_name='__main__', alter_sys=True)"
    )
    return replace(mill, command=(sys.executable, "-c", code))


SLEEPER = "trap 'echo by''e; exit 1' TERM; sleep 300 & sleep 300 & echo re''ady; wait"
STUBBORN = "trap '' TERM INT; sleep 300 & trap 'echo he''ard' TERM; echo re''ady; while true; do wait; done"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_build_with_status_130_and_nothing_is_left(mill: Mill, number: signal.Signals) -> None:
    mill.write({"Dockerfile": f"FROM busybox\nARG MARK\nRUN echo before > /x\nRUN {SLEEPER}\n"})
    with with_grace(mill, 60).start("build", "--progress=plain", *mark(mill.root), ".") as process:
        begun(process, SLEEPER)

        process.send_signal(number)

        _, err = process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert err.decode().splitlines()[-1] == "error: the build was stopped"
    assert "Traceback" not in err.decode()
    assert " bye\n" in err.decode()  # it was not killed
    assert leftovers(mill) == NOTHING
    assert "#3 [3/3]" not in err.decode()
    again = mill.build("FROM busybox\nARG MARK\nRUN echo before > /x\n", *mark(mill.root))
    assert again.executed == []


def test_a_process_that_will_not_go_is_killed_after_a_grace(mill: Mill) -> None:
    mill.write({"Dockerfile": f"FROM busybox\nARG MARK\nRUN {STUBBORN}\n"})
    with mill.start("build", "--progress=plain", *mark(mill.root), ".") as process:
        begun(process, STUBBORN)

        process.send_signal(signal.SIGINT)

        process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert leftovers(mill) == NOTHING


def test_a_second_signal_does_not_wait_for_the_grace(mill: Mill) -> None:
    """Which is longer here than anybody waits."""
    mill.write({"Dockerfile": f"FROM busybox\nARG MARK\nRUN {STUBBORN}\n"})
    with with_grace(mill, 3600).start("build", "--progress=plain", *mark(mill.root), ".") as process:
        begun(process, STUBBORN)

        process.send_signal(signal.SIGINT)
        begun(process, STUBBORN, "heard")
        process.send_signal(signal.SIGINT)

        _, err = process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert "Traceback" not in err.decode()
    assert wait_until_alone(mill.root) == []
    mill.ok("images")
    assert leftovers(mill) == NOTHING


def catches_signals(process: subprocess.Popen[bytes]) -> bool:
    """Whether the program has begun: the interpreter alone leaves SIGTERM to the system."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_stops_cleanly(mill: Mill, number: signal.Signals) -> None:
    """Also one that comes while modules are loaded or the interpreter tidies up, where an exception would be lost."""
    mill.write({"Dockerfile": "FROM busybox\nARG MARK\nCOPY Dockerfile /\nRUN sleep 300\n"})
    moments = random.Random(number)

    for _ in range(12):
        with mill.start("build", "--no-cache", "--progress=plain", *mark(mill.root), ".") as process:
            while not catches_signals(process):
                time.sleep(0.002)
            time.sleep(moments.uniform(0, 0.35))

            process.send_signal(number)

            _, err = process.communicate(timeout=HANGS)
        assert (process.returncode, "Traceback" in err.decode()) == (130, False), err.decode()
        assert err.decode().splitlines()[-1] in {"stopped", "error: the build was stopped"}
        assert wait_until_alone(mill.root) == []
    mill.ok("images")
    assert leftovers(mill) == NOTHING


def test_a_killed_helper_is_an_error_and_no_hang(mill: Mill) -> None:
    mill.write({"Dockerfile": f"FROM busybox\nARG MARK\nRUN {SLEEPER}\n"})
    with mill.start("build", "--progress=plain", *mark(mill.root), ".") as process:
        begun(process, SLEEPER)

        for line in processes(mill.root):
            pid = int(line.split()[0])
            if "inside/helper.py" in line:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

        _, err = process.communicate(timeout=HANGS)
    assert process.returncode == 1
    assert "error: the sandbox ended without a word" in err.decode()
    assert " --> Dockerfile:3\n" in err.decode()
    assert leftovers(mill) == NOTHING


def test_ctrl_c_at_a_terminal_stops_the_build_and_gives_the_terminal_back(mill: Mill) -> None:
    mill.write({"Dockerfile": f"FROM busybox AS builder\nARG MARK\nRUN {SLEEPER}\n"})
    arguments = [*COMMAND, "build", *mark(mill.root), "."]
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.chdir(mill.folder)
            os.execve(arguments[0], arguments, mill.environment)
        finally:
            os._exit(127)
    try:
        screen = read_screen(terminal, until=b"ready")
        os.write(terminal, b"\x03")
        screen += read_screen(terminal)
    finally:
        _, status = os.waitpid(pid, 0)
        os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 130
    assert b"\x1b[?25l" in screen  # the cursor is hidden while the tree is drawn
    assert screen.rindex(b"\x1b[?25h") > screen.rindex(b"\x1b[?25l")
    assert b"the build was stopped" in screen
    assert leftovers(mill) == NOTHING


def read_screen(terminal: int, *, until: bytes | None = None) -> bytes:
    """What appears on a terminal until it is closed, or until a text has appeared, as it is written by a process."""
    said = b""
    end = time.monotonic() + HANGS
    while until is None or until not in said:
        ready, _, _ = select.select([terminal], [], [], 1.0)
        assert time.monotonic() < end, said.decode(errors="replace")
        if not ready:
            continue
        try:
            data = os.read(terminal, 1 << 16)
        except OSError as error:
            if error.errno != errno.EIO:  # what a terminal says at its end
                raise
            break
        if not data:
            break
        said += data
    return said


def test_a_killed_run_leaves_nothing(mill: Mill) -> None:
    with mill.start("run", "-e", f"MARK={mill.root}", "busybox", "sh", "-c", "echo ready; sleep 300") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()

    assert wait_until_alone(mill.root) == []
    mill.ok("images")
    assert leftovers(mill) == NOTHING


def test_a_stopped_run_ends_with_the_status_of_its_process(mill: Mill) -> None:
    script = "trap 'echo bye; exit 9' TERM; echo ready; while true; do sleep 0.1; done"
    with with_grace(mill, 60).start("run", "-e", f"MARK={mill.root}", "busybox", "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"

        process.send_signal(signal.SIGTERM)

        out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, out, err) == (9, b"bye\n", b"")
    assert leftovers(mill) == NOTHING


def test_output_that_nobody_reads_any_more_stops_nothing(mill: Mill, tmp_path: Path) -> None:
    mill.write({"Dockerfile": "FROM busybox\nRUN for i in $(seq 2000); do echo $i; done; sleep 0.2\n"})
    reading, writing = os.pipe()
    with mill.start("build", "--progress=plain", "-t", "quiet", ".", stderr=writing) as process:
        os.close(writing)
        os.read(reading, 10)
        os.close(reading)

        process.communicate(timeout=HANGS)

    assert process.returncode == 0
    assert mill.inspect("quiet")["RepoTags"] == ["quiet:latest"]
