"""The sandbox on the real kernel: what a process sees, what it may do, what it leaves."""

from __future__ import annotations

import os
import select
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

import stagemill
from fakes.sandbox_lab import PLAIN, Lab
from stagemill.errors import CancelledError, SandboxError
from stagemill.sandbox import session, users
from stagemill.sandbox.helper import Helper
from stagemill.sandbox.namespaces import NamespaceSandbox, request
from stagemill.sandbox.process import Bind, Credentials, Data, Rootfs, Tmpfs
from stagemill.sandbox.session import GRACE, Session

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")]

HANGS = 120.0  # seconds after which nobody waits any more, however slow the machine
OWN = f"{os.getpid():07}"  # the end of times to sleep that nobody else on this machine has
PACKAGES = Path(stagemill.__file__).parent.parent
ALICE = Credentials(uid=1000, gid=1000, groups=(1000, 10, 29), home="/home/alice")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with NamespaceSandbox(state=tmp_path / "state") as sandbox:
        yield Lab(sandbox, tmp_path)


def processes_with(text: str) -> list[int]:
    """Processes of the whole machine whose command line holds a text, which should be one that no other test's have."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def eventually(condition: object, seconds: float = 60.0) -> bool:
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


# what comes back


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_code_is_the_process_s(lab: Lab, code: int) -> None:
    assert lab.sh(f"exit {code}").code == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE])
def test_a_signal_gives_128_and_its_number(lab: Lab, number: signal.Signals) -> None:
    assert lab.sh(f"kill -{number.value} $$").code == 128 + number


def test_both_streams_come_whole_and_apart(lab: Lab) -> None:
    outcome = lab.sh("yes 0123456789abcde | head -c 3000000; echo oops >&2")

    assert outcome.stdout == ("0123456789abcde\n" * 187_500)
    assert outcome.stderr == "oops\n"


def test_standard_input_is_empty(lab: Lab) -> None:
    assert lab.sh("wc -c").stdout == "0\n"


def test_the_process_inherits_no_other_descriptor(lab: Lab) -> None:
    outcome = lab.sh("for n in $(seq 0 40); do [ -e /proc/$$/fd/$n ] && echo $n; done")

    assert outcome.stdout.split() == ["0", "1", "2"]


def test_devices_for_the_streams_open_for_another_user_too(lab: Lab) -> None:
    outcome = lab.sh("echo out >/dev/stdout; echo err >/dev/stderr", process=replace(PLAIN, credentials=ALICE))

    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "out\n", "err\n")


# finding and running the program


NOT_INSTALLED = "hint: is it installed in the image, and are its name and PATH right?\n"


def test_a_program_that_is_not_in_path_is_127(lab: Lab) -> None:
    outcome = lab.run("nonesuch")

    assert outcome.code == 127
    assert outcome.stderr == f'exec: "nonesuch": executable file not found in $PATH\n{NOT_INSTALLED}'


def test_a_path_that_does_not_exist_is_127(lab: Lab) -> None:
    outcome = lab.run("/nonesuch")

    assert (outcome.code, outcome.stderr) == (127, f'exec: "/nonesuch": no such file or directory\n{NOT_INSTALLED}')


def test_a_file_that_is_not_executable_is_126(lab: Lab) -> None:
    outcome = lab.run("/etc/passwd")

    assert outcome.code == 126
    assert outcome.stderr.startswith('exec: "/etc/passwd": permission denied\nhint: make it executable: ')


def test_a_directory_is_126(lab: Lab) -> None:
    outcome = lab.run("/etc")

    assert (outcome.code, outcome.stderr) == (126, 'exec: "/etc": is a directory\n')


def test_a_binary_for_another_machine_is_126_with_a_hint(lab: Lab) -> None:
    program = lab.base / "bin/foreign"
    program.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(200))
    program.chmod(0o755)

    outcome = lab.run("foreign")

    assert outcome.code == 126
    assert outcome.stderr == (
        'exec: "/bin/foreign": exec format error\n'
        "hint: it was built for another kind of machine, or is a script without a `#!` line\n"
    )


def test_a_script_without_its_interpreter_is_127_with_a_hint(lab: Lab) -> None:
    script = lab.base / "bin/script"
    script.write_text("#!/usr/bin/python9\n")
    script.chmod(0o755)

    outcome = lab.run("script")

    assert outcome.code == 127
    assert "hint: the interpreter in its first line, or its dynamic loader, is not in the image" in outcome.stderr


def test_a_tree_without_a_shell_says_so(tmp_path: Path) -> None:
    with NamespaceSandbox(state=tmp_path / "state") as sandbox:
        lab = Lab(sandbox, tmp_path)
        lab.lower = ()

        outcome = lab.run("/bin/sh", "-c", "true")

    assert outcome.code == 127
    assert outcome.stderr.startswith('exec: "/bin/sh": no such file or directory\nhint: begin from an image that has ')


def test_path_and_home_have_defaults_and_given_ones_stay(lab: Lab) -> None:
    process = replace(PLAIN, env=(("HOME", "/somewhere"), ("A", "1")))

    plain = lab.run("env")
    given = lab.run("env", process=process)

    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    assert sorted(plain.stdout.split()) == ["HOME=/root", path]
    assert sorted(given.stdout.split()) == ["A=1", "HOME=/somewhere", path]


def test_names_that_are_no_utf8_go_through(lab: Lab) -> None:
    (lab.base / "tmp" / os.fsdecode(b"caf\xe9")).write_text("found")

    outcome = lab.run("cat", os.fsdecode(b"/tmp/caf\xe9"))

    assert outcome.stdout == "found"


def test_an_argument_with_a_nul_is_an_error(lab: Lab) -> None:
    with pytest.raises(SandboxError) as caught:
        lab.run("echo", "a\0b")

    assert caught.value.message == "cannot run /bin/echo: embedded null byte"


# who and where


def test_root_has_docker_s_capabilities_and_a_filter(lab: Lab) -> None:
    status = lab.sh("grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status").stdout.split()

    facts = dict(zip(status[::2], status[1::2], strict=True))
    assert facts == {
        "NoNewPrivs:": "0",
        "CapInh:": "0000000000000000",
        "CapPrm:": "00000000a80425fb",
        "CapEff:": "00000000a80425fb",
        "CapBnd:": "00000000a80425fb",
        "CapAmb:": "0000000000000000",
        "Seccomp:": "2",
    }


def test_another_user_has_groups_a_home_and_no_capabilities(lab: Lab) -> None:
    who = users.find("alice", passwd=(lab.base / "etc/passwd").read_text(), group=(lab.base / "etc/group").read_text())

    outcome = lab.sh(
        "id -u; id -g; id -G; echo $HOME; grep Cap /proc/self/status", process=replace(PLAIN, credentials=who)
    )

    assert outcome.stdout.split() == [
        *("1000", "1000", "1000", "10", "29", "/home/alice"),
        *("CapInh:", "0" * 16, "CapPrm:", "0" * 16, "CapEff:", "0" * 16),
        *("CapBnd:", "00000000a80425fb", "CapAmb:", "0" * 16),
    ]


def test_root_s_supplementary_groups_are_not_inherited(lab: Lab) -> None:
    assert lab.run("id", "-G").stdout == "0\n"


def test_setting_groups_and_users_works_as_apt_does_it(lab: Lab) -> None:
    outcome = lab.sh("su alice -c 'id -G' && chown 12345:54321 /tmp && stat -c %u:%g /tmp")

    assert outcome.stdout == "1000 10 29\n12345:54321\n"


def test_the_umask_is_022_unless_another_is_wanted(lab: Lab) -> None:
    assert lab.sh("umask").stdout == "0022\n"
    assert lab.sh("umask", process=replace(PLAIN, umask=0o077)).stdout == "0077\n"


def test_a_missing_cwd_is_made(lab: Lab) -> None:
    process = replace(PLAIN, cwd="/srv/app/deep", credentials=ALICE)

    outcome = lab.sh("pwd; stat -c '%u %g %a' /srv /srv/app/deep", process=process, kept=True)

    assert outcome.stdout == "/srv/app/deep\n0 0 755\n0 0 755\n"
    assert lab.written() == ["srv", "srv/app", "srv/app/deep"]


def test_a_cwd_that_only_root_may_pass_is_entered(lab: Lab) -> None:
    (lab.base / "root/inner").mkdir()
    (lab.base / "root").chmod(0o700)

    outcome = lab.run("pwd", process=replace(PLAIN, cwd="/root/inner", credentials=ALICE))

    assert outcome.code == 0


def test_a_cwd_that_is_a_file_is_an_error(lab: Lab) -> None:
    with pytest.raises(SandboxError) as caught:
        lab.run("pwd", process=replace(PLAIN, cwd="/etc/passwd"))

    assert caught.value.message == "cannot run in /etc/passwd: it is no directory in the image"


def test_limits_leave_no_core_files_and_many_descriptors(lab: Lab) -> None:
    outcome = lab.sh("ulimit -c; ulimit -n")

    core, files = outcome.stdout.split()
    assert core == "0"
    assert int(files) >= 1024


# what it sees


def test_it_is_alone_in_its_namespaces(lab: Lab) -> None:
    outcome = lab.sh("echo $$; hostname; echo /proc/[0-9]*")

    assert outcome.stdout == "2\nlab\n/proc/1 /proc/2\n"


def test_hosts_and_resolv_conf_are_there_and_never_in_the_upper(lab: Lab) -> None:
    outcome = lab.sh("cat /etc/hosts /etc/resolv.conf; echo x > /etc/hosts; touch /etc/new", kept=True)

    assert outcome.stdout == "127.0.0.1 localhost lab\nnameserver 192.0.2.1\n"
    assert "Read-only file system" in outcome.stderr
    assert lab.written() == ["etc", "etc/new"]


def test_a_tree_s_own_hosts_and_resolv_conf_are_covered_and_stay(lab: Lab) -> None:
    (lab.base / "etc/hosts").write_text("the image's\n")
    (lab.base / "run/systemd").mkdir(parents=True)
    (lab.base / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub.conf")

    outcome = lab.sh("cat /etc/hosts /etc/resolv.conf; readlink /etc/resolv.conf", kept=True)

    assert outcome.stdout == ("127.0.0.1 localhost lab\nnameserver 192.0.2.1\n../run/systemd/resolve/stub.conf\n")
    assert lab.written() == []


def test_a_symlink_cannot_lead_a_mount_out_of_the_root(lab: Lab, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (lab.base / "etc/resolv.conf").symlink_to(f"../../../../../..{victim}/conf")

    outcome = lab.sh(f"cat /etc/resolv.conf; ls {victim}")

    assert outcome.stdout == "nameserver 192.0.2.1\nconf\n"
    assert list(victim.iterdir()) == []


def test_stubs_do_not_change_how_the_tree_s_directories_look(lab: Lab) -> None:
    etc = lab.base / "etc"
    os.chown(etc, 7, 8)
    etc.chmod(0o2751)
    os.setxattr(etc, "user.colour", b"green")
    os.utime(etc, (1_000_000_000, 1_000_000_000))

    outcome = lab.sh("stat -c '%u %g %a %Y' /etc; touch /etc/new", kept=True)

    assert outcome.stdout == "7 8 2751 1000000000\n"
    facts = (lab.upper / "etc").stat()
    assert (facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)) == (7, 8, 0o2751)
    assert os.getxattr(lab.upper / "etc", "user.colour") == b"green"


def test_what_is_written_is_all_that_lands_in_the_upper(lab: Lab) -> None:
    lab.sh("echo hi > /home/alice/note; rm /etc/group; mkdir -p /opt/x; mount; ls /proc /sys /dev", kept=True)

    assert lab.written() == ["etc", "etc/group", "home", "home/alice", "home/alice/note", "opt", "opt/x"]
    whiteout = (lab.upper / "etc/group").lstat()
    assert (stat.S_ISCHR(whiteout.st_mode), whiteout.st_rdev) == (True, 0)


def test_a_directory_made_anew_is_opaque(lab: Lab) -> None:
    lab.sh("rm -r /home/alice && mkdir /home/alice", kept=True)

    assert os.getxattr(lab.upper / "home/alice", "user.overlay.opaque") == b"y"


def test_without_an_upper_writes_are_gone_afterwards(lab: Lab) -> None:
    first = lab.sh("echo hi > /tmp/x; rm -r /home && mkdir /home; cat /tmp/x; ls /home")
    second = lab.sh("ls /tmp /home")

    assert first.stdout == "hi\n"
    assert "alice" in second.stdout
    assert "x\n" not in second.stdout


def test_a_tree_of_no_layers_can_be_run_in(lab: Lab, tmp_path: Path) -> None:
    program = Bind(source=lab.base / "bin/busybox", target="/busybox")
    lab.lower = ()

    outcome = lab.run("/busybox", "ls", "/", process=replace(PLAIN, mounts=(program,)), kept=True)

    assert outcome.stdout == "busybox\ndev\netc\nproc\nsys\n"
    assert lab.written() == []


@pytest.mark.parametrize("count", [2, 140, 499, 620])
def test_many_layers_make_one_tree(lab: Lab, count: int) -> None:
    for number in range(count):
        layer = lab.layer(f"layer{number}")
        (layer / f"file{number}").write_text(str(number))
        (layer / "same").write_text(str(number))
        if number:
            os.mknod(layer / f"file{number - 1}", stat.S_IFCHR, 0)

    outcome = lab.sh("cat /same; ls / | grep -c file; cat /file*; touch /new", kept=True)

    last = count - 1
    assert outcome.stdout == f"{last}1\n{last}"
    assert lab.written() == ["new"]


@pytest.mark.parametrize("count", [1, 140])
def test_a_tree_that_is_told_is_the_one_that_is_seen(lab: Lab, count: int) -> None:
    for number in range(count):
        layer = lab.layer(f"layer{number}")
        (layer / "etc").mkdir(mode=0o751)
        (layer / "etc/resolv.conf").symlink_to("../run/resolv")
        (layer / f"file{number}").write_text("")
    os.chown(lab.lower[-1], 7, 8)
    mounts = (Data(b"secret", "/etc/keys/one"), Tmpfs("/etc/resolv.d"), Data(b"other", "/there"))
    process = replace(PLAIN, mounts=mounts)
    line = "stat -c '%n %a %u %g %Y' / /etc /etc/keys /etc/resolv.conf; ls / /etc; cat /etc/keys/one /there"

    seen = lab.sh(line, process=process)
    lab.told = True
    told = lab.sh(f"{line}; touch /new", process=process, kept=True)

    assert told == seen
    assert (told.code, lab.written()) == (0, ["new"])


def test_a_tree_of_too_many_layers_is_an_error_with_a_hint(lab: Lab) -> None:
    for number in range(1100):
        lab.layer(f"layer{number}")

    with pytest.raises(SandboxError) as caught:
        lab.sh("true")

    assert "layers cannot be mounted: wanted at most 999" in caught.value.message
    assert caught.value.hint == "join RUN instructions, or COPY the result into a stage of its own"


def test_a_layer_that_a_tree_has_twice_is_mounted_once(lab: Lab) -> None:
    first, second = lab.layer("first"), lab.layer("second")
    (first / "x").write_text("first")
    (second / "x").write_text("second")
    lab.lower = (lab.base, first, second, first)

    assert lab.run("cat", "/x").stdout == "first"


def test_a_layer_that_is_gone_is_an_error_with_a_hint(lab: Lab, tmp_path: Path) -> None:
    lab.lower = (lab.base, tmp_path / "gone")

    with pytest.raises(SandboxError) as caught:
        lab.sh("true")

    assert caught.value.message == f"cannot mount the tree's layers: {tmp_path / 'gone'} is not there"
    assert caught.value.hint == "run `stagemill store check`"


def test_proc_and_sys_hide_what_is_the_host_s(lab: Lab) -> None:
    outcome = lab.sh(
        "cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c; ls /sys/firmware | wc -l;"
        "echo 1 > /proc/sys/vm/swappiness; echo x > /sys/kernel/mm/ksm/run"
    )

    assert outcome.stdout == "0\n0\n"
    assert outcome.stderr.count("Read-only file system") == 2


def test_dev_has_what_a_program_expects(lab: Lab) -> None:
    outcome = lab.sh("ls /dev; head -c 4 /dev/zero | wc -c; echo x > /dev/null; head -c 4 /dev/urandom | wc -c")

    names = "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"
    assert outcome.stdout.split() == [*names.split(), "4", "4"]


def test_network_none_has_only_a_loopback_that_works(lab: Lab) -> None:
    process = replace(PLAIN, network="none")

    outcome = lab.sh(
        "ls /sys/class/net; ping -c1 -W60 127.0.0.1 >/dev/null && echo pong; wc -l < /proc/net/route", process=process
    )

    assert outcome.stdout == "lo\npong\n1\n"


def test_network_host_is_the_host_s(lab: Lab) -> None:
    assert sorted(lab.run("ls", "/sys/class/net").stdout.split()) == sorted(os.listdir("/sys/class/net"))


# binds


def test_binds_show_files_and_directories_and_leave_no_stub(lab: Lab, tmp_path: Path) -> None:
    source = tmp_path / "shared"
    source.mkdir()
    (source / "file").write_text("content")
    binds = (
        Bind(source, "/data/in", read_only=True),
        Bind(source, "/data/out", read_only=False),
        Bind(source / "file", "/etc/ssl/one.pem"),
    )

    outcome = lab.sh(
        "cat /data/in/file /etc/ssl/one.pem; echo new > /data/out/new; touch /data/in/no",
        process=replace(PLAIN, mounts=binds),
        kept=True,
    )

    assert outcome.stdout == "contentcontent"
    assert "Read-only file system" in outcome.stderr
    assert (source / "new").read_text() == "new\n"
    assert lab.written() == []


def test_a_bind_in_another_bind_goes_on_top(lab: Lab, tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "inner"
    (outer / "sub").mkdir(parents=True)
    inner.mkdir()
    (inner / "file").write_text("inner")
    binds = (Bind(inner, "/data/sub"), Bind(outer, "/data"))

    assert lab.run("cat", "/data/sub/file", process=replace(PLAIN, mounts=binds)).stdout == "inner"


def test_a_bind_follows_symlinks_inside_the_tree(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("bundle")
    (lab.base / "usr/share").mkdir(parents=True)
    (lab.base / "etc/ssl").symlink_to("/usr/share/ssl")

    outcome = lab.run(
        "cat",
        "/usr/share/ssl/certs.pem",
        process=replace(PLAIN, mounts=(Bind(tmp_path / "bundle", "/etc/ssl/certs.pem"),)),
    )

    assert outcome.stdout == "bundle"


def test_a_bind_below_dev_gets_its_place(lab: Lab) -> None:
    binds = (Bind(Path("/dev/null"), "/dev/deep/sink", read_only=False),)

    assert lab.sh("echo x > /dev/deep/sink", process=replace(PLAIN, mounts=binds)).code == 0


def test_a_bind_of_a_missing_source_is_an_error(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        lab.sh("true", process=replace(PLAIN, mounts=(Bind(tmp_path / "none", "/data"),)))

    assert caught.value.message == f"cannot bind {tmp_path / 'none'} to /data: there is no such file or directory"


def test_a_bind_of_a_directory_over_a_file_is_an_error(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        lab.sh("true", process=replace(PLAIN, mounts=(Bind(tmp_path, "/etc/passwd"),)))

    assert caught.value.message == "cannot mount at /etc/passwd: found a file in the image, wanted a directory"


# a root that cannot be written


def test_a_read_only_root_has_what_is_mounted_writable(lab: Lab, tmp_path: Path) -> None:
    process = replace(
        PLAIN, read_only=True, cwd="/made", mounts=(Bind(tmp_path, "/out", read_only=False), Tmpfs("/run"))
    )

    outcome = lab.sh(
        "pwd; for at in / /etc /made /tmp; do touch $at/new && echo $at; done; touch /out/a /run/b /dev/shm/c && echo rest",
        process=process,
    )

    assert outcome.stdout == "/made\nrest\n"
    assert outcome.stderr.count("Read-only file system") == 4
    assert (tmp_path / "a").exists()


def test_a_read_only_root_stays_so_for_root(lab: Lab) -> None:
    outcome = lab.sh("mount -o remount,rw / || touch /new", process=replace(PLAIN, read_only=True))

    assert outcome.code != 0


def test_a_tmpfs_has_the_mode_and_owner_that_are_asked_for(lab: Lab) -> None:
    mounts = (Tmpfs("/a", 1 << 20, mode=0o700, uid=1, gid=2, executable=False), Tmpfs("/b"))

    outcome = lab.sh(
        "stat -c '%a %u %g' /a /b; for at in a b; do echo 'echo ran' > /$at/x; chmod +x /$at/x; done; /b/x; /a/x",
        process=replace(PLAIN, mounts=mounts),
    )

    assert outcome.stdout == "700 1 2\n1777 0 0\nran\n"
    assert "Permission denied" in outcome.stderr


# rights that are given up or not


def test_without_new_privileges_no_set_user_id_bit_counts(lab: Lab) -> None:
    assert (
        lab.sh("grep NoNewPrivs /proc/self/status", process=replace(PLAIN, no_new_privileges=True)).stdout.split()[1]
        == "1"
    )
    assert lab.sh("grep NoNewPrivs /proc/self/status").stdout.split()[1] == "0"


def test_a_process_without_the_filter_has_none(lab: Lab) -> None:
    assert lab.sh("grep Seccomp: /proc/self/status", process=replace(PLAIN, filtered=False)).stdout.split()[1] == "0"
    assert lab.sh("grep Seccomp: /proc/self/status").stdout.split()[1] == "2"


# what it may not do


@pytest.mark.parametrize(
    "line",
    [
        "mount -t tmpfs none /tmp",
        "umount /proc",
        "unshare -m true",
        "unshare -U true",
        "hostname other",
        "date -s 2001-01-01",
        "mount -o remount,rw /proc/sys",
        "chroot /proc/1/root true",
    ],
)
def test_what_reaches_past_the_sandbox_is_refused(lab: Lab, line: str) -> None:
    outcome = lab.sh(line)

    assert "not permitted" in outcome.stderr or "ermission denied" in outcome.stderr


def test_a_block_device_can_be_made_but_not_opened(lab: Lab) -> None:
    outcome = lab.sh(
        "mknod /tmp/disk b 254 0 && echo made; head -c 1 /tmp/disk; mknod /dev/disk b 254 0; cat /dev/disk"
    )

    assert outcome.stdout == "made\n"
    assert outcome.stderr.count("Permission denied") == 2


def test_init_cannot_be_looked_into_nor_killed(lab: Lab) -> None:
    outcome = lab.sh("cat /proc/1/environ; ls -l /proc/1/exe /proc/1/fd; kill -9 1; echo still here")

    assert outcome.stdout.endswith("still here\n")
    assert outcome.stderr.count("ermission denied") >= 2


# the end of it


def test_zombies_are_reaped(lab: Lab) -> None:
    outcome = lab.sh(
        "for n in 1 2 3 4 5; do (sleep 0.05 &) ; done;"
        "for i in $(seq 600); do ps -o stat,comm | grep -qE 'Z|sleep' || exit 0; usleep 100000; done; ps; exit 1"
    )

    assert outcome.code == 0, outcome.stdout


def test_what_still_runs_when_the_process_ends_is_killed(lab: Lab) -> None:
    outcome = lab.sh(f"sleep 1{OWN} & (trap '' TERM HUP; sleep 2{OWN}) & exit 3")

    assert outcome.code == 3
    assert [*processes_with(f"sleep\x001{OWN}"), *processes_with(f"sleep\x002{OWN}")] == []


def cancelled_when_ready(lab: Lab) -> threading.Event:
    """Is set when a process has made /ready in the upper directory."""
    cancelled = threading.Event()

    def look() -> None:
        eventually((lab.upper / "ready").exists, HANGS)
        cancelled.set()

    threading.Thread(target=look).start()
    return cancelled


@pytest.fixture
def long_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, nothing is killed that heeds SIGTERM."""
    monkeypatch.setattr(session, "GRACE", int(HANGS * 1000))


@pytest.mark.usefixtures("long_grace")
def test_cancelling_lets_a_process_end_that_heeds_sigterm(lab: Lab) -> None:
    cancelled = cancelled_when_ready(lab)

    with pytest.raises(CancelledError):
        lab.sh(f"trap 'touch /heeded; exit 5' TERM; sleep 3{OWN} & touch /ready; wait", kept=True, cancelled=cancelled)

    assert (lab.upper / "heeded").exists()
    assert processes_with(f"sleep\x003{OWN}") == []


@pytest.mark.usefixtures("long_grace")
def test_an_order_that_comes_before_the_process_has_begun_is_carried_out(lab: Lab) -> None:
    """The kernel drops what is sent to the first process of a namespace before that waits for it."""
    asked = request(lab.rootfs(), replace(PLAIN, args=("sleep", "7654")), mountpoint=lab.directory / "at", size=None)
    (lab.directory / "at").mkdir()
    helper = Helper(lab.directory)
    try:
        with open(os.devnull, "r+b") as null:
            for _ in range(5):
                with Session(helper, asked, stdio=(null.fileno(),) * 3) as session:
                    session.cancel()
                    while not session.ended:
                        session.listen()

                assert session.result() == 128 + signal.SIGTERM  # and not SIGKILL, after the grace
    finally:
        helper.close()


def test_cancelling_kills_a_process_that_ignores_sigterm_and_its_children(lab: Lab) -> None:
    cancelled = cancelled_when_ready(lab)
    started = time.monotonic()

    with pytest.raises(CancelledError):
        lab.sh(
            f"trap '' TERM; sleep 4{OWN} & touch /ready; while :; do sleep 4{OWN}; done",
            kept=True,
            cancelled=cancelled,
        )

    assert time.monotonic() - started >= GRACE / 1000
    assert processes_with(f"sleep\x004{OWN}") == []


def test_nothing_begins_where_it_was_cancelled_before(lab: Lab) -> None:
    cancelled = threading.Event()
    cancelled.set()

    with pytest.raises(CancelledError):
        lab.sh("touch /tmp/x", cancelled=cancelled, kept=True)

    assert lab.written() == []


def test_an_error_in_the_output_s_receiver_ends_the_process(lab: Lab) -> None:
    def refuse(_stream: str, _data: bytes) -> None:
        raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        lab.sandbox.run(
            lab.rootfs(),
            replace(PLAIN, args=("sh", "-c", f"echo x; sleep 5{OWN}")),
            output=refuse,
            cancelled=threading.Event(),
        )

    assert processes_with(f"sleep\x005{OWN}") == []


def test_the_end_of_the_caller_ends_every_sandbox(tmp_path: Path) -> None:
    lab_path = tmp_path / "lab"
    lab_path.mkdir()
    code = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from typing import Literal
from fakes.sandbox_lab import Lab
from stagemill.sandbox.namespaces import NamespaceSandbox
with NamespaceSandbox(state=Path({str(tmp_path / "state")!r})) as sandbox:
    Lab(sandbox, Path({str(lab_path)!r})).sh("trap '' TERM; sleep 6{OWN} & sleep 6{OWN}")
"""
    with subprocess.Popen([sys.executable, "-c", code]) as caller:
        started = eventually(lambda: len(processes_with(f"sleep\x006{OWN}")) == 2)
        caller.kill()

    assert started
    assert eventually(lambda: processes_with(f"sleep\x006{OWN}") == [])
    assert eventually(lambda: helpers_of(caller.pid) == [])


def helpers_of(pid: int) -> list[int]:
    """The processes of the helpers of a process that are the helper's program still; others may have the number alone."""
    return processes_with(f"{PACKAGES}\x00{pid}\x00")


def parents() -> dict[int, int]:
    """The processes of our helper, itself among them, and the parent of each, by their numbers."""
    found = {}
    for pid in helpers_of(os.getpid()):
        with suppress(OSError):  # it ends just now
            found[pid] = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def test_a_killed_helper_is_an_error_and_the_next_process_gets_another(lab: Lab) -> None:
    def kill_helper() -> None:
        assert eventually(lambda: processes_with(f"sleep\x007{OWN}"))
        for pid, parent in parents().items():
            if parent == os.getpid():
                os.kill(pid, signal.SIGKILL)

    killing = threading.Thread(target=kill_helper)
    killing.start()
    with pytest.raises(SandboxError) as caught:
        lab.sh(f"sleep 7{OWN}")
    killing.join()

    assert caught.value.message.startswith("the sandbox ended without a word")
    assert eventually(lambda: processes_with(f"sleep\x007{OWN}") == [])
    assert lab.sh("echo again").stdout == "again\n"


@pytest.mark.parametrize("network", ["host", "none"])
def test_a_stream_ends_when_the_process_closes_it(lab: Lab, network: Literal["host", "none"]) -> None:
    process = replace(PLAIN, args=("sh", "-c", "exec >&-; sleep 60"), network=network)
    asked = request(lab.rootfs(), process, mountpoint=lab.directory / "at", size=None)
    (lab.directory / "at").mkdir()
    helper = Helper(lab.directory / "at")
    try:
        with open(os.devnull, "r+b") as null:
            for _ in range(2):
                reading, writing = os.pipe()
                with (
                    open(reading, "rb", buffering=0) as output,
                    Session(helper, asked, stdio=(null.fileno(), writing, null.fileno())),
                ):
                    os.close(writing)
                    poller = select.poll()
                    poller.register(output, select.POLLIN)
                    assert poller.poll(60_000)
                    assert output.read() == b""
    finally:
        helper.close()


def test_who_waits_for_a_sandbox_that_nobody_watches_any_more_hears_of_it(lab: Lab) -> None:
    killed: set[int] = set()

    def kill_watchers() -> None:
        assert eventually(lambda: processes_with(f"sleep\x008{OWN}"))
        found = parents()
        (helper,) = (pid for pid, parent in found.items() if parent == os.getpid())
        killed.update(pid for pid, parent in found.items() if parent == helper)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)

    killing = threading.Thread(target=kill_watchers)
    killing.start()
    with pytest.raises(SandboxError) as caught:
        lab.sh(f"sleep 8{OWN}")
    killing.join()
    assert eventually(lambda: not killed & set(parents()))

    assert caught.value.message.startswith("the sandbox ended without a word")
    assert lab.sh("echo again").stdout == "again\n"


def test_a_sandbox_that_is_killed_before_it_is_asked_for_is_replaced(lab: Lab) -> None:
    def waiting() -> set[int]:
        """The processes of the sandbox that is half made, and not the helper, which is ours."""
        return {pid for pid, parent in parents().items() if parent != os.getpid()}

    assert lab.sh("echo first").stdout == "first\n"
    assert eventually(lambda: len(waiting()) == 2)
    for pid in waiting():
        with suppress(ProcessLookupError):  # the first one's end is that of the other
            os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not waiting())

    assert [lab.sh(f"echo {number}").stdout for number in range(3)] == ["0\n", "1\n", "2\n"]


def test_nothing_reaches_the_host_s_mounts(tmp_path: Path) -> None:
    """The host is a mount namespace of its own here, for others mount meanwhile; what is mounted there reaches its peers."""
    code = f"""
import sys, threading
sys.path[:0] = {sys.path!r}
from dataclasses import replace
from pathlib import Path
from fakes.sandbox_lab import PLAIN, Lab
from stagemill.sandbox.namespaces import NamespaceSandbox
def mounts():
    return Path("/proc/self/mountinfo").read_text()
before, seen = mounts(), []
with NamespaceSandbox(state=Path({str(tmp_path / "state")!r})) as sandbox:
    lab = Lab(sandbox, Path({str(tmp_path)!r}))
    process, never = replace(PLAIN, args=("echo", "now")), threading.Event()
    sandbox.run(lab.rootfs(), process, output=lambda *_: seen.append(mounts()), cancelled=never)
print("shared:" in before, seen == [before], mounts() == before)
"""
    shared = ["unshare", "--mount", "--propagation=private", "sh", "-c", 'mount --make-rshared / && exec "$@"', "sh"]
    done = subprocess.run([*shared, sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("True True True\n", "")


def test_eight_run_at_once(lab: Lab, tmp_path: Path) -> None:
    """Each waits for all others to be there."""
    shared = tmp_path / "shared"
    shared.mkdir()
    process = replace(PLAIN, mounts=(Bind(shared, "/shared", read_only=False),))
    script = "touch /shared/{}; for i in $(seq 600); do [ $(ls /shared | wc -l) = 8 ] && exit; sleep 0.1; done; exit 1"
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: codes.append(lab.sh(script.format(n), process=process).code))
        for n in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == [0] * 8


def test_a_relative_state_and_tree_are_fine(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with NamespaceSandbox(state=Path("elsewhere")) as sandbox:
        code = sandbox.run(
            Rootfs((Path("base"),), None, None), PLAIN, output=lambda *_: None, cancelled=threading.Event()
        )

    assert code == 0


def test_an_upper_directory_can_be_used_again(lab: Lab) -> None:
    lab.sh("echo one > /tmp/x", kept=True)
    outcome = lab.sh("cat /tmp/x; echo two > /tmp/y", kept=True)

    assert outcome.stdout == "one\n"
    assert lab.written() == ["tmp", "tmp/x", "tmp/y"]


def test_the_root_directory_looks_like_the_tree_s(lab: Lab) -> None:
    lab.base.chmod(0o711)
    os.utime(lab.base, (1_000_000_000, 1_000_000_000))

    outcome = lab.sh("stat -c '%a %Y' /", kept=True)

    assert outcome.stdout == "711 1000000000\n"


@pytest.mark.parametrize("count", [1, 250])
def test_a_kernel_without_lowerdir_plus_mounts_the_same_tree(lab: Lab, tmp_path: Path, count: int) -> None:
    for number in range(count):
        (lab.layer(f"layer{number}") / "same").write_text(str(number))
    layers = [str(path) for path in reversed(lab.lower)]
    code = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from stagemill.sandbox.inside import overlay, syscalls
syscalls.unshare(syscalls.CLONE_NEWNS)
syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
scratch = {str(tmp_path)!r}
os.mkdir(scratch + "/root")
overlay._modern = lambda at, lower, *, upper: False
overlay.stack(scratch + "/root", {layers!r}, scratch=scratch, upper=({str(lab.upper)!r}, {str(lab.work)!r}))
print(open(scratch + "/root/same").read(), os.path.exists(scratch + "/root/bin/sh"))
open(scratch + "/root/new", "w").close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == (f"{count - 1} True\n", "")
    assert lab.written() == ["new"]
