"""`RUN --mount` on the real kernel: what a process sees, what becomes of what it writes, and who gets to see a secret."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.mill import Mill

pytestmark = pytest.mark.root

SECRET = "correct-horse-battery-staple"


def text(mill: Mill, dockerfile: str, *arguments: str, path: str = "/out") -> str:
    """What a build leaves in a file of the image."""
    mill.build(dockerfile, "-t", "app", *arguments)
    return mill.cat("app", path)


def paths(mill: Mill, name: str = "app") -> list[str]:
    """All paths of an image beside those of busybox's /bin."""
    listed = mill.ok("run", "-u", "root", name, "find", "/", "-xdev", "!", "-path", "/bin/*").out.splitlines()
    return [path for path in listed if path not in {"/proc", "/sys", "/dev"}]


class TestBind:
    def test_the_context_is_shown_as_copy_would_bring_it(self, mill: Mill) -> None:
        mill.write({"src/a": "A", "src/.hidden": "", "skipped": "", ".dockerignore": "skipped\n"})
        os.chown(mill.folder / "src/a", 1000, 1000)
        (mill.folder / "src/a").chmod(0o640)

        found = text(
            mill,
            "FROM busybox\n"
            "RUN --mount=type=bind,source=src,target=/m --mount=target=/all \\\n"
            "  (cat /m/a; echo; ls -A /m; stat -c '%u:%g %a' /m/a; ls /all; touch /m/x 2>&1; true) > /out\n",
        )

        assert found.splitlines() == [
            "A",
            ".hidden",
            "a",
            "0:0 640",
            "Dockerfile",
            "src",
            "touch: /m/x: Read-only file system",
        ]
        assert "/m" not in paths(mill)
        assert "/all" not in paths(mill)

    def test_what_is_written_is_thrown_away_and_never_reaches_the_source(self, mill: Mill) -> None:
        mill.write({"src/a": "A"})

        found = text(
            mill,
            "FROM busybox\n"
            "RUN --mount=source=src,target=/m,rw echo new > /m/a && echo more > /m/b && cat /m/a /m/b > /out\n"
            "RUN --mount=source=src,target=/m ls /m >> /out && cat /m/a >> /out\n",
        )

        assert found == "new\nmore\na\nA"
        assert (mill.folder / "src/a").read_text() == "A"
        assert mill.ok("store", "check").out.endswith("all whole\n")

    @pytest.mark.parametrize("option", ["", ",ro", ",readonly=true", ",rw=false"])
    def test_it_is_read_only_unless_it_may_be_written(self, mill: Mill, option: str) -> None:
        mill.write({"a": "1", "Dockerfile": f"FROM busybox\nRUN --mount=type=bind,target=/c{option} echo 2 > /c/a\n"})

        assert "Read-only file system" in mill.fail("build", "--progress=plain", ".")

    def test_a_stage_shows_its_merged_tree_with_owners(self, mill: Mill) -> None:
        found = text(
            mill,
            "FROM busybox AS one\n"
            "RUN mkdir -p /d/e && echo old > /d/e/f && echo gone > /d/gone && chown -R 5:6 /d && ln -s e /d/link\n"
            "RUN rm /d/gone && echo new > /d/e/f\n"
            "FROM busybox\n"
            "RUN --mount=from=one,source=/d/link,target=/m --mount=from=one,target=/all,rw --mount=from=one,src=d/e/f,dst=/f \\\n"
            "  (cat /m/f /f; stat -c %u:%g /m; ls /all/d; rm -r /all/d) > /out\n",
        )

        assert found == "new\nnew\n5:6\ne\nlink\n"
        assert set(paths(mill)) & {"/m", "/all", "/f"} == set()

    def test_an_image_and_scratch_can_be_mounted_too(self, mill: Mill) -> None:
        found = text(
            mill,
            "FROM busybox\n"
            "RUN --mount=from=busybox,source=/home/alice,target=/m --mount=from=scratch,target=/s,rw \\\n"
            "  (stat -c %F /m; touch /s/x; ls /s) > /out\n",
        )

        assert found == "directory\nx\n"

    def test_only_what_is_selected_counts_for_the_cache(self, mill: Mill) -> None:
        dockerfile = "FROM busybox\nRUN --mount=source=src,target=/m cat /m/a > /out\n"
        mill.write({"src/a": "1", "other": "1"})
        mill.build(dockerfile)
        mill.write({"other": "2"})
        unrelated = mill.build(dockerfile)
        mill.write({"src/a": "2"})
        changed = mill.build(dockerfile, "-t", "app")

        assert unrelated.executed == []
        assert len(changed.executed) == 1
        assert mill.cat("app", "/out") == "2"

    def test_a_stage_that_was_rebuilt_to_the_same_disturbs_nothing(self, mill: Mill) -> None:
        dockerfile = (
            "FROM busybox AS one\nARG N\nRUN mkdir /d && echo $N > /n && echo same > /d/f\n"
            "FROM busybox\nRUN --mount=from=one,source=d,target=/m,rw cat /m/f > /out\n"
        )
        mill.build(dockerfile, "--build-arg", "N=1")

        again = mill.build(dockerfile, "--build-arg", "N=2")

        assert [name for name in again.executed if "--mount" in name] == []

    def test_names_with_signs_of_patterns_are_names(self, mill: Mill) -> None:
        mill.write({"a[b]*/f": "1", "ab/f": "2"})

        assert text(mill, "FROM busybox\nRUN --mount=source=a[b]*,target=/m cat /m/f > /out\n") == "1"

    def test_links_of_a_tree_stay_inside_of_it(self, mill: Mill) -> None:
        found = text(
            mill,
            "FROM busybox AS one\nRUN echo inside > /etc/hostname && ln -s /etc /d && ln -s ../../../../etc /up\n"
            "FROM busybox\n"
            "RUN --mount=from=one,source=d,target=/a --mount=from=one,source=up/hostname,target=/b cat /a/hostname /b > /out\n",
        )

        assert found == "inside\ninside\n"

    def test_a_link_out_of_the_context_is_refused(self, mill: Mill) -> None:
        (mill.folder / "out").symlink_to("/etc")
        mill.write({"Dockerfile": "FROM busybox\nRUN --mount=source=out,target=/m true\n"})

        assert '"/out": not found in the build context' in mill.fail("build", "--progress=quiet", ".")

    def test_a_missing_source_says_what_is_near_and_where(self, mill: Mill) -> None:
        mill.write({"src/a": "", "Dockerfile": "FROM busybox\nRUN --mount=target=/m,source=scr true\n"})

        said = mill.fail("build", "--progress=quiet", ".")

        assert '"/scr": not found in the build context' in said
        assert (
            "--> Dockerfile:2\n2 | RUN --mount=target=/m,source=scr true\n  |                       ^^^^^^^^^^" in said
        )
        assert "hint: did you mean src?" in said

    def test_a_missing_path_of_a_stage_is_an_error_with_a_place(self, mill: Mill) -> None:
        mill.write(
            {"Dockerfile": "FROM busybox AS one\nFROM busybox\nRUN --mount=from=one,source=/no*,target=/m true\n"}
        )

        assert '"/no*" of the mount at /m was not found' in mill.fail("build", "--progress=quiet", ".")

    def test_mounts_lie_in_each_other_in_whatever_order_they_are_written(self, mill: Mill) -> None:
        mill.write({"src/a": "A"})

        found = text(
            mill,
            "FROM busybox\n"
            "RUN --mount=type=cache,target=/w/src/deep/cache --mount=type=tmpfs,target=/w/src/deep --mount=source=src,target=/w/src \\\n"
            "  (ls /w/src /w/src/deep; touch /w/src/deep/x /w/src/deep/cache/y; touch /w/src/z) > /out 2>&1; true\n"
            "RUN ls -d /w >> /out 2>&1; true\n",
        )

        assert found.splitlines() == [
            "/w/src:", "a", "deep", "", "/w/src/deep:", "cache", "touch: /w/src/z: Read-only file system",
            "ls: /w: No such file or directory",
        ]  # fmt: skip

    def test_a_secret_may_lie_in_a_read_only_bind(self, mill: Mill) -> None:
        mill.write({"src/a": "A", "token": SECRET})

        found = text(
            mill,
            "FROM busybox\n"
            "RUN --mount=type=secret,id=t,target=/w/etc/.npmrc --mount=source=src,target=/w (ls -A /w; wc -c < /w/etc/.npmrc) > /out\n",
            "--secret", "id=t,src=token",
        )  # fmt: skip

        assert found == f"a\netc\n{len(SECRET)}\n"
        assert sorted(os.listdir(mill.folder / "src")) == ["a"]

    def test_an_archive_in_the_context_stays_an_archive(self, mill: Mill) -> None:
        mill.write({"a.tar": b"no tar"})

        assert text(mill, "FROM busybox\nRUN --mount=source=a.tar,target=/m cat /m > /out\n") == "no tar"


class TestCache:
    def test_it_outlives_the_build_and_no_cache(self, mill: Mill) -> None:
        dockerfile = "FROM busybox\nARG N\nRUN --mount=type=cache,target=/c touch /c/$N && ls /c > /out\n"

        first = text(mill, dockerfile, "--build-arg", "N=1")
        second = text(mill, dockerfile, "--no-cache", "--build-arg", "N=2")

        assert (first, second) == ("1\n", "1\n2\n")
        assert "/c" not in paths(mill)

    def test_a_new_one_has_a_mode_and_an_owner(self, mill: Mill) -> None:
        dockerfile = (
            "FROM busybox\nRUN --mount=type=cache,target=/c,mode=0750,uid=1000,gid=29 stat -c '%a %u:%g' /c > /out\n"
            "USER alice\nRUN --mount=type=cache,target=/c touch /c/x\n"
        )

        assert text(mill, dockerfile) == "750 1000:29\n"

    def test_the_id_is_the_target_unless_it_is_given_and_the_namespace_divides_them(self, mill: Mill) -> None:
        dockerfile = (
            "FROM busybox\n"
            "RUN --mount=type=cache,target=/a/../c touch /c/x\n"
            "RUN --mount=type=cache,id=/c,target=/other ls /other > /out\n"
            "RUN --mount=type=cache,id=else,target=/c ls /c >> /out\n"
        )

        assert text(mill, dockerfile) == "x\n"
        other = "FROM busybox\nRUN --mount=type=cache,target=/c ls /c > /out; date > /x\n"
        assert text(mill, other) == "x\n"
        assert text(mill, other, "--no-cache", "--build-arg", "BUILDKIT_CACHE_MOUNT_NS=mine") == ""

    def test_a_read_only_one_cannot_be_written_to(self, mill: Mill) -> None:
        dockerfile = "FROM busybox\nRUN --mount=type=cache,target=/c,ro touch /c/x 2> /out; true\n"

        assert text(mill, dockerfile) == "touch: /c/x: Read-only file system\n"

    def test_one_begins_with_what_another_tree_has_and_never_changes_that(self, mill: Mill) -> None:
        dockerfile = (
            "FROM busybox AS seed\nRUN mkdir -p /s/d && echo seed > /s/d/f && chown -R 7:8 /s\n"
            "FROM busybox\nARG N\n"
            "RUN --mount=type=cache,from=seed,source=s,target=/c (cat /c/d/f; stat -c %u:%g /c/d/f) > /out && echo $N > /c/d/f\n"
        )

        first = text(mill, dockerfile, "--build-arg", "N=one")
        second = text(mill, dockerfile, "--build-arg", "N=two")

        assert (first, second) == ("seed\n7:8\n", "one\n7:8\n")
        assert mill.ok("store", "check").out.endswith("all whole\n")

    def test_a_source_is_a_directory_in_it(self, mill: Mill) -> None:
        dockerfile = (
            "FROM busybox\n"
            "RUN --mount=type=cache,id=x,source=a/b,target=/c touch /c/f\n"
            "RUN --mount=type=cache,id=x,target=/c find /c -type f > /out\n"
        )

        assert text(mill, dockerfile) == "/c/a/b/f\n"

    @pytest.mark.parametrize("target", ["/", "/etc", "../../..", "inside"])
    def test_a_source_that_is_a_link_is_refused(self, mill: Mill, target: str) -> None:
        mill.write(
            {
                "Dockerfile": "FROM busybox\n"
                f"RUN --mount=type=cache,id=x,target=/c ln -s {target} /c/link && mkdir /c/inside\n"
                "RUN --mount=type=cache,id=x,source=link,target=/m touch /m/escaped\n"
            }
        )

        said = mill.fail("build", "--progress=quiet", ".")

        assert 'cannot use "link" of a cache: "link" is no directory, and a symbolic link might lead outside' in said
        assert "--> Dockerfile:3\n" in said

    def test_links_in_a_cache_lead_no_mount_point_out(self, mill: Mill) -> None:
        victim = mill.folder.parent / "victim"
        victim.mkdir()
        mill.write(
            {
                "Dockerfile": "FROM busybox\n"
                f"RUN --mount=type=cache,id=x,target=/c ln -s {victim} /c/link\n"
                "RUN --mount=type=cache,id=x,target=/c --mount=type=tmpfs,target=/c/link/made true\n"
            }
        )

        mill("build", "--progress=quiet", ".")

        assert list(victim.iterdir()) == []


def overlap(mill: Mill, sharing: str, *, patience: float = 60.0) -> bool:
    """Whether one of two RUNs saw in its cache what the other has there; both wait so many seconds to meet in a hall."""
    hall = mill.folder.parent / "hall"
    hall.mkdir()
    wait = f"touch /c/$1 /hall/$1; i=0; while [ ! -e /hall/$2 -a $i -lt {patience * 10:.0f} ]; do sleep 0.1; i=$((i+1)); done"
    line = f"RUN --mount=type=cache,id=x,sharing={sharing},target=/c set -- %s; {wait}; [ -e /c/$2 ] && echo both > /met; rm -f /c/$1; ls /c > /$1\n"
    dockerfile = (
        f"FROM busybox AS a\n{line % 'a b'}"
        f"FROM busybox AS b\n{line % 'b a'}"
        "FROM busybox\nCOPY --from=a /a /met* /x/\nCOPY --from=b /b /met* /y/\n"
    )
    ran = mill.build(dockerfile, "-t", "both", "--volume", f"{hall}:/hall")
    steps = [step for name, step in ran.steps.items() if name.startswith("RUN")]
    assert len(steps) == 2
    files = set(mill.ok("run", "both", "find", "/x", "/y", "-type", "f").out.split())
    return "/x/met" in files or "/y/met" in files


class TestSharing:
    def test_shared_ones_are_used_at_the_same_time(self, mill: Mill) -> None:
        assert overlap(mill, "shared")

    def test_locked_ones_are_not(self, mill: Mill) -> None:
        assert not overlap(mill, "locked", patience=1.5)

    def test_two_builds_wait_for_each_other_where_it_is_locked(self, mill: Mill) -> None:
        line = "RUN --mount=type=cache,id=x,sharing=locked,target=/c [ ! -e /c/busy ] && touch /c/busy && sleep 0.5 && rm /c/busy"
        results = []
        for name in ("one", "two"):
            mill.write({name: f"FROM busybox\nRUN echo {name}\n{line}\n"})

        def build(name: str) -> None:
            results.append(mill("build", "--progress=plain", "-f", name, "."))

        threads = [threading.Thread(target=build, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [(ran.status, ran.err) for ran in results if ran.status] == []

    def test_private_ones_that_are_used_at_once_are_two_directories(self, mill: Mill) -> None:
        assert not overlap(mill, "private")

        (cache,) = (mill.root / "caches").iterdir()
        assert sorted(path.name for path in cache.iterdir() if path.is_dir()) == ["0", "1"]


class TestTmpfs:
    def test_it_is_memory_of_a_size_and_gone_afterwards(self, mill: Mill) -> None:
        found = text(
            mill,
            "FROM busybox\nRUN --mount=type=tmpfs,target=/t,size=128m grep ' /t ' /proc/mounts > /out && touch /t/x && stat -c %a /t >> /out\n"
            "RUN ls /t >> /out 2>&1; true\n",
        )

        assert "size=131072k" in found
        assert found.splitlines()[1:] == ["1777", "ls: /t: No such file or directory"]

    def test_it_covers_what_the_image_has(self, mill: Mill) -> None:
        found = text(mill, "FROM busybox\nRUN --mount=type=tmpfs,target=/etc ls /etc > /out; touch /etc/x\n")

        assert found == ""
        assert "/etc/passwd" in paths(mill)
        assert "/etc/x" not in paths(mill)


class TestSecrets:
    def test_it_is_a_file_with_a_mode_and_an_owner(self, mill: Mill) -> None:
        mill.write({"token": SECRET})

        found = text(
            mill,
            "FROM busybox\n"
            "RUN --mount=type=secret,id=t,mode=741,uid=100,gid=102 stat -c '%a %u:%g %s' /run/secrets/t > /out\n"
            "RUN --mount=type=secret,id=t,target=/etc/deep/t (stat -c '%a %u:%g' /etc/deep/t; echo > /etc/deep/t) >> /out 2>&1; true\n",
            "--secret", "id=t,src=token",
        )  # fmt: skip

        assert found.splitlines()[:2] == [f"741 100:102 {len(SECRET)}", "400 0:0"]
        assert "Read-only file system" in found
        assert set(paths(mill)) & {"/run", "/run/secrets", "/run/secrets/t", "/etc/deep"} == set()

    def test_it_is_a_variable_and_no_file_unless_there_is_a_target(self, mill: Mill) -> None:
        found = text(
            mill,
            "FROM busybox\nENV T=public\n"
            "RUN --mount=type=secret,id=t,env=T (echo ${#T}; ls /run/secrets) > /out 2>&1; true\n"
            "RUN --mount=type=secret,id=t,env=T,target=/t (echo ${#T}; wc -c < /t) >> /out\n",
            "--secret", "id=t,env=PATH",
        )  # fmt: skip

        size = str(len(os.environ["PATH"]))
        assert found.split("\n") == [size, "ls: /run/secrets: No such file or directory", size, size, ""]
        assert "T=public" in mill.inspect("app")["Config"]["Env"]

    def test_one_that_was_not_given_leaves_nothing_unless_it_is_required(self, mill: Mill) -> None:
        found = text(mill, "FROM busybox\nRUN --mount=type=secret,id=t,target=/t ls /t > /out 2>&1; true\n")
        mill.write({"Dockerfile": "FROM busybox\nRUN --mount=type=secret,id=t,required true\n"})
        said = mill.fail("build", "--progress=quiet", ".")

        assert found == "ls: /t: No such file or directory\n"
        assert "secret t: not found\n" in said
        assert "--> Dockerfile:2\n" in said
        assert "hint: give it with --secret id=t,src=FILE or --secret id=t,env=VARIABLE" in said

    def test_another_value_makes_nothing_again(self, mill: Mill) -> None:
        dockerfile = "FROM busybox\nRUN --mount=type=secret,id=t wc -c < /run/secrets/t\n"
        mill.write({"token": "one"})
        mill.build(dockerfile, "--secret", "id=t,src=token")
        mill.write({"token": "other"})

        assert mill.build(dockerfile, "--secret", "id=t,src=token").executed == []


class TestSsh:
    @pytest.fixture
    def agent(self, tmp_path: Path) -> Iterator[Path]:
        """A socket that somebody listens at."""
        path = tmp_path / "agent"
        with closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(str(path))
            listener.listen()
            yield path

    def test_its_socket_is_there_for_whom_it_is_meant(self, mill: Mill, agent: Path) -> None:
        found = text(
            mill,
            "FROM busybox\nUSER alice\n"
            "RUN --network=none --mount=type=ssh,uid=1000,mode=0620 --mount=type=ssh,id=other,target=/own \\\n"
            "  (echo $SSH_AUTH_SOCK; stat -c '%F %a %u:%g' $SSH_AUTH_SOCK; [ -w $SSH_AUTH_SOCK ] && echo writable; \\\n"
            "  stat -c '%a' /own; [ -w /own ] || echo not writable) > /tmp/out\n"
            'RUN echo "none:$SSH_AUTH_SOCK" >> /tmp/out\n',
            "--ssh", f"default={agent}", "--ssh", f"other={agent}", path="/tmp/out",
        )  # fmt: skip

        first = ["/run/buildkit/ssh_agent.0", "socket 620 1000:0", "writable"]
        assert found.splitlines() == [*first, "600", "not writable", "none:"]
        assert "/run" not in paths(mill)

    def test_one_that_was_not_given_leaves_nothing_unless_it_is_required(self, mill: Mill) -> None:
        found = text(
            mill, 'FROM busybox\nRUN --mount=type=ssh echo "<$SSH_AUTH_SOCK>" > /out; ls /run >> /out 2>&1; true\n'
        )
        mill.write({"Dockerfile": "FROM busybox\nRUN --mount=type=ssh,id=git,required true\n"})

        said = mill.fail("build", "--progress=quiet", ".")

        assert found == "<>\nls: /run: No such file or directory\n"
        assert "no SSH agent git was given" in said
        assert "hint: build with --ssh git=SOCKET" in said


class TestSecurity:
    DOCKERFILE = (
        "FROM busybox\n"
        "RUN --security=insecure (grep CapBnd /proc/self/status; grep CapEff /proc/self/status; grep Seccomp: /proc/self/status; \\\n"
        "  mkdir /m && mount -t tmpfs x /m && echo mounted; ls /dev/loop-control; echo > /proc/sys/kernel/hostname; \\\n"
        "  mknod /null c 1 3 && echo x > /null && rm /null && echo device) > /out 2>&1\n"
        "RUN --security=sandbox grep CapBnd /proc/self/status >> /out\n"
    )

    def test_an_insecure_process_may_do_all_that_the_builder_may(self, mill: Mill) -> None:
        found = text(mill, self.DOCKERFILE, "--allow", "security.insecure").splitlines()

        held = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapBnd:"))
        assert found[0].split() == held.split()
        assert found[1].split()[1] == held.split()[1]
        assert found[2].split() == ["Seccomp:", "0"]
        assert found[3] == "mounted"
        if Path("/dev/loop-control").exists():
            assert found[4] == "/dev/loop-control"
        assert found[-2] == "device"
        assert found[-1].split() == ["CapBnd:", "00000000a80425fb"]

    def test_it_is_refused_unless_it_is_allowed(self, mill: Mill) -> None:
        mill.write({"Dockerfile": self.DOCKERFILE})

        said = mill.fail("build", "--progress=quiet", ".")

        assert "security.insecure is not allowed\n" in said
        assert "hint: build with --allow security.insecure" in said
        assert re.search(r"2 \| RUN --security=insecure .*\n +\| +\^{19}\n", said)


def with_libraries(program: str, folder: Path) -> str:
    """A line that starts a program of this machine, which is in the folder with all that it needs."""
    path = shutil.which(program)
    assert path is not None
    listed = subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout
    libraries = [word for word in listed.split() if word.startswith("/")]
    folder.mkdir()
    for file in (path, *libraries):
        shutil.copy(file, folder)
    loader = next(Path(library).name for library in libraries if Path(library).name.startswith("ld-"))
    return f"/{folder.name}/{loader} --library-path /{folder.name} /{folder.name}/{program}"


def test_keys_out_of_files_can_be_used_and_are_nowhere(mill: Mill, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    public, secret = (tmp_path / "key.pub").read_text().split()[1], key.read_text().splitlines()[2]
    add = with_libraries("ssh-add", mill.folder / "host")
    text = f"FROM busybox\nCOPY host /host\nRUN --mount=type=ssh,id=git {add} -L > /keys; {add} -D; {add} -L | wc -l > /left\n"

    mill.build(text, "--ssh", f"git={key}", "-t", "app")

    assert mill.cat("app", "/keys").split()[1] == public
    assert mill.cat("app", "/left") == "1\n"
    assert subprocess.run(["grep", "-rlaF", secret, str(mill.root)], capture_output=True, check=False).stdout == b""


def test_a_mount_in_proc_is_refused(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\nRUN ln -s /proc/self /p\nRUN --mount=type=tmpfs,target=/p/attr true\n"})

    assert "cannot mount at /p/attr: /proc is the kernel's" in mill.fail("build", "--progress=quiet", ".")


def test_parents_that_were_made_for_mount_points_are_not_in_the_layer(mill: Mill) -> None:
    mill.build(
        "FROM busybox\nRUN --mount=type=tmpfs,target=/a/b/c --mount=type=cache,target=/etc/x/y --mount=type=tmpfs,target=/dev/own/place echo > /new\n",
        "-t", "app",
    )  # fmt: skip

    assert set(paths(mill)) & {"/a", "/a/b", "/etc/x"} == set()
    assert "/new" in paths(mill)


def test_a_trigger_of_onbuild_may_mount(mill: Mill) -> None:
    mill.write({"src/a": "A"})
    found = text(
        mill,
        "FROM busybox AS one\nRUN echo one > /f\n"
        "FROM busybox AS parent\nONBUILD RUN --mount=from=one,target=/m --mount=type=cache,target=/c --mount=source=src,target=/s cat /m/f /s/a > /out\n"
        "FROM parent\n",
    )

    assert found == "one\nA"
