"""`stagemill run` with docker's flags, in real sandboxes."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from fakes.mill import Mill

pytestmark = pytest.mark.root


def sh(mill: Mill, script: str, *flags: str) -> str:
    """What a shell says in a container of busybox."""
    return mill.ok("run", "--rm", *flags, "busybox", "sh", "-c", script).out


# --- statuses ---


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("busybox", "no-such-program"), 127),
        (("busybox", "/etc/no/such"), 127),
        (("busybox", "/etc/passwd"), 126),
        (("busybox", "/etc"), 126),
        (("-u", "nobody-here", "busybox", "true"), 125),
        (("--entrypoint", "", "busybox"), 125),
        (("--pull", "never", "none", "true"), 125),
        (("--no-such-flag", "busybox", "true"), 125),
        (("busybox", "sh", "-c", "exit 125"), 125),
        (("busybox", "sh", "-c", "kill -TERM $$"), 143),
    ],
)
def test_statuses_are_dockers(mill: Mill, arguments: tuple[str, ...], status: int) -> None:
    assert mill("run", *arguments).status == status


# --- what it sees ---


def test_files_of_variables_come_before_those_of_the_command_line(mill: Mill) -> None:
    mill.write({"env": "# a comment\nA=from file\nB=kept as it is\n"})

    assert sh(mill, 'echo "$A|$B|$HOSTNAME"', "--env-file", "env", "-e", "A=1", "-h", "box") == "1|kept as it is|box\n"


def test_a_host_name_and_further_hosts(mill: Mill) -> None:
    script = (
        "hostname; grep -c db /etc/hosts; grep host.docker.internal /etc/hosts; ping -c1 -W60 box >/dev/null; echo $?"
    )

    out = sh(
        mill, script, "--hostname=box", "--add-host", "db:192.0.2.1", "--add-host=host.docker.internal:host-gateway"
    )

    assert out.split() == ["box", "1", "127.0.0.1", "host.docker.internal", "0"]


def test_name_servers_are_those_that_are_given(mill: Mill) -> None:
    flags = ("--dns", "192.0.2.7", "--dns-search", "example.org", "--dns-opt", "ndots:2")

    lines = sh(mill, "cat /etc/resolv.conf", *flags).splitlines()

    assert lines[:2] == ["nameserver 192.0.2.7", "search example.org"]
    assert lines[-1] == "options ndots:2"


def test_mounts_of_both_forms(mill: Mill) -> None:
    mill.write({"shared/a": "A"})
    flags = (
        "--mount", "type=bind,source=shared,target=/in,readonly", "--mount", "type=tmpfs,target=/mem,tmpfs-size=1m,tmpfs-mode=700",
        "--tmpfs", "/run:size=64k,mode=755,exec", "-v", f"{mill.folder}/shared:/out:rw,cached",
    )  # fmt: skip
    script = (
        "cat /in/a; touch /in/b 2>&1 | grep -o 'Read-only'; stat -c %a /mem /run; echo 'echo ran' > /run/x; chmod +x /run/x; /run/x;"
        "cp /run/x /mem/x; /mem/x 2>&1 | grep -o 'ermission denied'; touch /out/new; df -k /run | awk 'END { print $2 }'"
    )

    assert sh(mill, script, *flags).split("\n") == [
        "ARead-only", "700", "755", "ran", "ermission denied", "64", "",
    ]  # fmt: skip
    assert (mill.folder / "shared/new").exists()


def test_a_device_by_its_path(mill: Mill) -> None:
    script = "test -c /dev/sink && echo x > /dev/sink; test -c /dev/zero2 && head -c 2 /dev/zero2 | wc -c"

    assert sh(mill, script, "--device", "/dev/null:/dev/sink", "--device=/dev/zero:/dev/zero2:rw") == "2\n"


def test_without_a_network_there_is_loopback_alone(mill: Mill) -> None:
    assert sh(mill, "ls /sys/class/net", "--network", "none") == "lo\n"
    assert sh(mill, "ls /sys/class/net", "--net=host").split() == sorted(os.listdir("/sys/class/net"))


def test_a_port_that_is_the_same_outside_can_be_published(mill: Mill) -> None:
    assert sh(mill, "echo ran", "-p", "8080:8080", "--expose", "9") == "ran\n"


# --- who it is and what it may do ---


def test_more_groups(mill: Mill) -> None:
    assert sh(mill, "id -G", "-u", "alice", "--group-add", "audio", "--group-add", "77").split() == [
        "1000",
        "10",
        "29",
        "77",
    ]


def test_a_read_only_root(mill: Mill) -> None:
    script = "pwd; touch /x 2>&1 | grep -o 'Read-only'; touch /tmp/x && echo written"

    assert sh(mill, script, "--read-only", "--tmpfs", "/tmp", "-w", "/made") == "/made\nRead-only\nwritten\n"


def test_capabilities_come_and_go(mill: Mill) -> None:
    script = "awk '/CapEff/ { print $2 }' /proc/self/status"

    assert int(sh(mill, script, "--cap-drop", "ALL"), 16) == 0
    assert int(sh(mill, script, "--cap-drop=all", "--cap-add", "net_admin"), 16) == 1 << 12


def test_a_privileged_one_has_all_of_them_and_the_machines_devices(mill: Mill) -> None:
    script = "awk '/CapEff/ { print $2 }' /proc/self/status; awk '/Seccomp:/ { print $2 }' /proc/self/status; mount -t tmpfs x /mnt && echo mounted"

    plain, lifted = (sh(mill, f"mkdir -p /mnt; {script} || true", *flags).split() for flags in ((), ("--privileged",)))

    assert (plain[1], lifted[1:]) == ("2", ["0", "mounted"])
    assert int(lifted[0], 16) & ~int(plain[0], 16)


def test_options_of_security(mill: Mill) -> None:
    script = "awk '/NoNewPrivs|Seccomp:/ { print $2 }' /proc/self/status"

    assert sh(mill, script).split() == ["0", "2"]
    assert sh(mill, script, "--security-opt", "no-new-privileges", "--security-opt=seccomp=unconfined").split() == [
        "1",
        "0",
    ]


def test_limits(mill: Mill) -> None:
    script = "ulimit -n; df -k /dev/shm | awk 'END { print $2 }'"

    assert sh(mill, script, "--ulimit", "nofile=77:88", "--shm-size", "2m").split() == ["77", "2048"]


def test_limits_of_a_control_group(mill: Mill) -> None:
    ran = mill("run", "--pids-limit", "7", "--cpus", "0.5", "-m", "64m", "busybox", "sh", "-c",
               "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done 2>&1")  # fmt: skip

    if "no control group may be made here" in ran.err:
        pytest.skip("no control group may be made here")
    assert "fork" in ran.out + ran.err


# --- notes, switches, terminals ---


def test_what_changes_nothing_is_said_and_what_is_done_anyway_is_not(mill: Mill) -> None:
    ran = mill.ok(
        "run", "--rm=true", "--init", "--restart", "no", "--name", "web", "--label=a=b", "busybox", "echo", "ran"
    )

    assert ran.out == "ran\n"
    assert [line.split()[:2] for line in ran.err.splitlines()] == [["note:", "--name"], ["note:", "--label"]]


def test_a_terminal_needs_no_keyboard(mill: Mill) -> None:
    ran = mill.ok("run", "-t", "busybox", "sh", "-c", "tty; stty size; cat")

    assert ran.out.split() == ["/dev/pts/0", "24", "80"]


def test_a_terminal_with_a_keyboard_needs_one(mill: Mill) -> None:
    assert mill("run", "-it", "busybox", "sh", stdin=b"").status == 125


def test_keys_reach_a_shell_on_a_terminal(mill: Mill) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*mill.command, "run", "-it", "busybox", "sh"], env=mill.environment, cwd=mill.folder, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)

    os.write(ours, b"echo $((6 * 7)); exit 5\n")
    screen = b""
    try:
        while data := os.read(ours, 4096):
            screen += data
    except OSError:  # the end of a terminal
        pass

    assert process.wait(60) == 5
    assert b"42" in screen
    os.close(ours)


def test_an_image_without_a_name_is_run_by_the_id_that_a_build_prints(mill: Mill) -> None:
    mill.write({"Dockerfile": 'FROM busybox\nCMD ["echo", "built"]\n'})

    identity = mill.ok("build", "-q", ".").out.strip()
    mill.ok("build", "-q", "--iidfile", "id", ".")

    assert mill.ok("run", identity).out == "built\n"
    assert mill.ok("run", (mill.folder / "id").read_text()[7:17]).out == "built\n"
