"""Builds of an ordinary user, which come out as root's do."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.servers import Server, make_repository
from fakes import archives
from fakes.desk import desk
from fakes.mill import Mill
from fakes.registry import FakeRegistry
from fakes.survivors import mark, mounts, wait_until_alone
from fakes.user import User, make_user

pytestmark = pytest.mark.root


@pytest.fixture(scope="session")
def user(base: Mill) -> Iterator[User]:
    with make_user() as made:
        yield made


CAPABILITY = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"


def archive() -> bytes:
    """Owners, modes, times, links, and attributes that only root may set."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, kind, facts in (
            ("dir", tarfile.DIRTYPE, {"mode": 0o2750, "uid": 1000, "gid": 29}),
            ("dir/suid", tarfile.REGTYPE, {"mode": 0o4711, "uid": 60000, "gid": 65533}),
            ("dir/hard", tarfile.LNKTYPE, {"linkname": "dir/suid"}),
            ("dir/soft", tarfile.SYMTYPE, {"linkname": "/nowhere", "uid": 7}),
            ("dir/fifo", tarfile.FIFOTYPE, {"mode": 0o600}),
            ("dir/ping", tarfile.REGTYPE, {"pax_headers": {"SCHILY.xattr.security.capability": CAPABILITY}}),
            ("dir/noted", tarfile.REGTYPE, {"pax_headers": {"SCHILY.xattr.user.note": "hello"}}),
        ):
            member = tarfile.TarInfo(name)
            member.type = kind
            for key, value in facts.items():
                setattr(member, key, value)
            tar.addfile(member)
    return out.getvalue()


DOCKERFILE = """
FROM busybox AS builder
ADD tree.tar /added
RUN mkdir -p /out/deep/er && echo text > /out/deep/er/file && chown -R 1000:29 /out/deep && chmod 4755 /out/deep/er/file \
 && ln /out/deep/er/file /out/hard && ln -s deep /out/soft && mkfifo -m 620 /out/fifo && mkdir -m 3777 /out/sticky \
 && chown 65535:65534 /out/sticky
RUN rm -r /home/alice /etc/group && mkdir /home/alice && touch /home/alice/new && mv /out/deep /out/moved \
 && chmod 700 /root && chown alice /etc/passwd
FROM busybox
COPY --from=builder /added /added
COPY --from=builder /out /home /all/
COPY --chown=alice:wheel --chmod=750 context /context/
USER alice
WORKDIR /made/here
RUN id > id && umask > umask && touch mine && mkdir private && chmod 1700 private && env | sort > env
USER 1234:4321
RUN touch /tmp/theirs && stat -c '%n %a %u:%g' /tmp /tmp/theirs > /tmp/list 2>&1; cat /proc/self/status | grep -E '^(Cap|NoNewPrivs|Seccomp:)' > /tmp/caps
"""


@pytest.fixture(scope="session")
def pair(user: User, base: Mill, tmp_path_factory: pytest.TempPathFactory) -> tuple[Mill, Mill]:
    """Root and a user, each with the same image built from the same files."""
    place = tmp_path_factory.mktemp("rootless")
    root = Mill(base.root, base.root / "nothing").copy(place / "root")
    ordinary = user.mill("pair")
    for mill in (root, ordinary):
        mill.write({"context/a": "A", "context/d/b": "B", "context/run": "#!/bin/sh\n", "tree.tar": archive()})
        (mill.folder / "context/run").chmod(0o700)
        (mill.folder / "context/link").symlink_to("d/b")
        os.setxattr(mill.folder / "context/a", "user.colour", b"blue")
        mill.write({"Dockerfile": DOCKERFILE})
    user.give(ordinary.folder)
    ordinary.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())
    for mill in (root, ordinary):
        mill.ok("build", "-q", "-t", "app", ".")
    return root, ordinary


@pytest.fixture
def root(pair: tuple[Mill, Mill]) -> Mill:
    return elsewhere(pair[0])


@pytest.fixture
def ordinary(pair: tuple[Mill, Mill]) -> Mill:
    return elsewhere(pair[1])


def elsewhere(mill: Mill) -> Mill:
    """The same store, and a copy of the folder, which a test may edit: the next one finds the image's own, in whatever order."""
    folder = Path(tempfile.mkdtemp(prefix="context-", dir=mill.folder.parent))
    subprocess.run(["cp", "-a", "--no-target-directory", str(mill.folder), str(folder)], check=True)
    return replace(mill, folder=folder)


def test_a_users_image_has_the_entries_of_roots(root: Mill, ordinary: Mill) -> None:
    of_root, of_user = (
        archives.layers(mill.ok("build", "-q", "-o", "type=oci,dest=-", ".").stdout) for mill in (root, ordinary)
    )

    assert of_user == of_root
    added = of_root[1]
    assert added["added/dir"].startswith("5 2750 1000:29")
    assert added["added/dir/hard"].startswith("0 4711 60000:65533")
    assert added["added/dir/ping"].split()[3].startswith("SCHILY.xattr.security.capability=")
    assert added["added/dir/noted"].split()[3] == "SCHILY.xattr.user.note=hello"


def test_a_users_image_has_the_config_of_roots(root: Mill, ordinary: Mill) -> None:
    def shown(mill: Mill) -> dict[str, Any]:
        image = mill.inspect("app")
        return {key: image[key] for key in ("Config", "Architecture", "Os", "Author")}

    assert shown(ordinary) == shown(root)


def test_layers_without_times_of_their_own_are_the_same_to_the_byte(root: Mill, ordinary: Mill) -> None:
    assert ordinary.inspect("app")["RootFS"]["Layers"][0] == root.inspect("app")["RootFS"]["Layers"][0]


@pytest.mark.parametrize("path", ["/made/here/id", "/made/here/umask", "/made/here/env", "/tmp/caps"])
def test_a_process_sees_the_same_of_itself(root: Mill, ordinary: Mill, path: str) -> None:
    assert ordinary.cat("app", path) == root.cat("app", path)


def test_a_cached_build_of_a_user_carries_nothing_out(ordinary: Mill) -> None:
    assert ordinary.ok("build", "--progress=rawjson", ".").executed == []


def test_a_users_store_is_whole_and_the_users_own(ordinary: Mill, user: User) -> None:
    assert ordinary.ok("store", "check").out.endswith("all whole\n")
    assert ordinary.root.stat().st_uid == user.uid
    assert (ordinary.root / "state.sqlite").stat().st_uid == user.uid


def test_files_that_a_user_takes_out_are_the_users(ordinary: Mill, user: User) -> None:
    ordinary.ok("build", "-q", "-o", "out", ".")

    taken = [ordinary.folder / "out", *(ordinary.folder / "out").rglob("*")]
    assert {path.lstat().st_uid for path in taken} == {user.uid}
    assert (ordinary.folder / "out/all/hard").stat().st_mode & 0o777 == 0o755
    assert (ordinary.folder / "out/context/a").read_text() == "A"


def test_a_user_runs_images(ordinary: Mill, user: User) -> None:
    shared = ordinary.folder / "shared"
    shared.mkdir()
    (shared / "in").write_text("from outside\n")
    user.give(shared)

    ran = ordinary.ok("run", "-u", "root", "-v", "./shared:/s", "busybox", "sh", "-c", "cat /s/in; id -u; touch /s/out")
    named = ordinary.ok("run", "-u", "alice", "-i", "-w", "/tmp", "busybox", "sh", stdin=b"id -un; pwd; exit")
    failed = ordinary("run", "busybox", "sh", "-c", "exit 7")

    assert ran.out == "from outside\n0\n"
    assert (shared / "out").stat().st_uid == user.uid
    assert named.out == "alice\n/tmp\n"
    assert failed.status == 7


def test_a_users_container_has_the_mounts_and_rights_of_roots(root: Mill, ordinary: Mill) -> None:
    flags = ("--read-only", "--tmpfs", "/run:size=64k,mode=750,uid=1,gid=2,exec", "--cap-drop", "ALL", "--cap-add", "CHOWN",
             "--security-opt", "no-new-privileges", "--ulimit", "nofile=64", "--device", "/dev/null:/dev/sink", "-h", "box")  # fmt: skip
    script = (
        "touch /x 2>&1 | grep -o 'Read-only'; stat -c '%a %u %g' /run; awk '/CapEff|NoNewPrivs/ { print $2 }' /proc/self/status;"
        "ulimit -n; echo x > /dev/sink && hostname; chown 1 /run && echo owned; mount -t tmpfs x /tmp 2>/dev/null || echo no mount"
    )

    said = [mill.ok("run", *flags, "busybox", "sh", "-c", script).out for mill in (root, ordinary)]

    assert said[0] == said[1]
    assert said[0].split("\n") == [
        "Read-only", "750 1 2", "0000000000000001", "1", "64", "box", "owned", "no mount", "",
    ]  # fmt: skip


def test_a_privileged_container_of_a_user_may_do_what_the_user_may(ordinary: Mill) -> None:
    ran = ordinary.ok(
        "run", "--privileged", "busybox", "sh", "-c", "mount -t tmpfs x /tmp && id -u; date -s 2001-01-01 || true"
    )

    assert ran.out.split("\n")[0] == "0"
    assert "not permitted" in ran.err


def test_a_user_may_have_no_network(ordinary: Mill) -> None:
    text = b"FROM busybox\nRUN ip -o link | cut -d: -f2 > /links; ping -c 1 -W 60 127.0.0.1 > /ping\n"

    ordinary.ok("build", "-t", "alone", "--network=none", "-", stdin=text)

    assert ordinary.cat("alone", "/links").split() == ["lo"]
    assert "1 packets received" in ordinary.cat("alone", "/ping")


def test_a_user_opens_a_shell_in_a_stage(ordinary: Mill) -> None:
    ran = ordinary.ok("shell", "--progress=quiet", "--target", "builder", "-c", "stat -c '%u:%g %a' /out/sticky", ".")

    assert ran.out == "65535:65534 3777\n"


def test_a_failed_step_of_a_user_is_told_as_to_root(root: Mill, ordinary: Mill) -> None:
    text = b"FROM busybox\nRUN echo oh no; exit 3\n"

    said = [mill.fail("build", "--progress=quiet", "-", stdin=text) for mill in (root, ordinary)]

    assert said[1].replace(str(ordinary.root), str(root.root)) == said[0]
    assert "exit code: 3" in said[0]


def test_an_id_beyond_the_users_range_is_an_error_with_a_place(ordinary: Mill) -> None:
    said = ordinary.fail("build", "--progress=quiet", "-", stdin=b"FROM busybox\nRUN chown 70000 /tmp\n")

    assert "chown: /tmp: Invalid argument" in said
    assert "--> Dockerfile:2\n" in said


def test_an_owner_beyond_the_users_range_is_told_with_what_to_do(ordinary: Mill) -> None:
    ordinary.write({"far": "FROM busybox\nCOPY --chown=70000 context/a /\n"})

    said = ordinary.fail("build", "--progress=quiet", "-f", "far", ".")

    assert "70000" in said
    assert "--> far:2\n" in said
    assert "hint: make the ranges of this user in /etc/subuid and /etc/subgid reach beyond 70000" in said


def test_a_killed_build_of_a_user_leaves_nothing(ordinary: Mill) -> None:
    text = b"FROM busybox\nARG MARK\nRUN echo re''ady; sleep 300\n"
    for _ in range(3):
        with ordinary.start("build", "--progress=plain", *mark(ordinary.root), "-", stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stderr is not None
            process.stdin.write(text)
            process.stdin.close()
            process.stdin = None
            while b"] RUN" in (line := process.stderr.readline()) or b"ready" not in line:
                assert line
            process.kill()
        assert wait_until_alone(ordinary.root) == []

    ordinary.ok("images")
    assert mounts(ordinary.root) == []
    assert os.listdir(ordinary.root / "tmp") == []


def test_builds_of_a_user_at_once_share_their_store(user: User, base: Mill) -> None:
    mill = user.mill("together")
    mill.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())
    mill.write({"Dockerfile": "FROM busybox\nRUN sleep 0.2; head -c 8 /dev/urandom | od -x > /r\n"})

    with ExitStack() as stack:
        started = [stack.enter_context(mill.start("build", "-q", "-t", f"same{n}", ".")) for n in range(4)]
        ended = [(*process.communicate(timeout=300), process.returncode) for process in started]

    assert {(err, status) for _, err, status in ended} == {(b"", 0)}
    assert len({out for out, _, _ in ended}) == 1


MOUNTS = """
FROM busybox AS one
RUN mkdir /d && echo one > /d/f && chown -R 1000:29 /d
FROM busybox
RUN --mount=type=bind,source=context,target=/m --mount=from=one,source=d,target=/d,rw --mount=type=tmpfs,target=/t,size=1m \\
  --mount=type=cache,target=/c,uid=1000,mode=0700 --mount=type=cache,target=/m/d/inner,id=inner --mount=type=secret,id=t,uid=1000 \\
  (cat /m/a /d/f /run/secrets/t; stat -c '%n %a %u:%g' /m/a /d/f /c /run/secrets/t; echo x > /d/f; touch /t/x /c/x /m/d/inner/x; \\
  touch /m/x) > /out 2>&1; ls -d /m /d /c /t >> /out
USER 1000
RUN --mount=type=cache,target=/c,uid=1000,mode=0700 ls /c > /tmp/out && touch /c/y
"""


def test_mounts_of_a_user_are_those_of_root(root: Mill, ordinary: Mill) -> None:
    for mill in (root, ordinary):
        mill.write({"mounts": MOUNTS, "token": "words\n"})
        mill.ok("build", "-q", "-t", "mounted", "-f", "mounts", "--secret", "id=t,src=token", ".")

    said = [mill.cat("mounted", "/out", "/tmp/out") for mill in (root, ordinary)]
    assert said[1] == said[0]
    assert said[0].splitlines() == [
        "Aone", "words", "/m/a 644 0:0", "/d/f 644 1000:29", "/c 700 1000:0", "/run/secrets/t 400 1000:0",
        "touch: /m/x: Read-only file system", "/c", "/d", "/m", "/t", "x",
    ]  # fmt: skip
    assert ordinary.ok("store", "check").out.endswith("all whole\n")


def test_an_insecure_run_of_a_user_may_do_what_the_user_may(ordinary: Mill) -> None:
    text = (
        b"FROM busybox\nRUN --security=insecure mkdir /m && mount -t tmpfs x /m && echo > /dev/null && ls /dev > /out\n"
    )

    ordinary.ok("build", "-t", "bold", "--allow", "security.insecure", "-", stdin=text)

    assert {"null", "pts", "shm"} <= set(ordinary.cat("bold", "/out").split())


def test_a_user_adds_files_and_repositories_of_urls(user: User, tmp_path: Path) -> None:
    mill = user.mill("remote")
    make_repository(tmp_path / "r.git", {"commits": [{"files": {"foo": "first"}, "branch": "main"}]})
    with Server({"file": {"text": "content"}}, tmp_path) as server:
        mill.write({"Dockerfile": f"FROM scratch\nADD {server.url}/file /a/\nADD {server.url}/git/r.git#main /b/\n"})

        entries = archives.entries(mill.ok("build", "-q", "-o", "-", ".").stdout)

    assert {path: entries[path].split()[1:3] for path in ("a/file", "b/foo", "b")} == {
        "a/file": ["0600", "0:0"], "b/foo": ["0644", "0:0"], "b": ["0755", "0:0"],
    }  # fmt: skip


def test_a_user_logs_in_and_a_build_has_the_login(user: User) -> None:
    mill = user.mill("login")
    with FakeRegistry(auth="basic") as registry:
        name = f"{registry.host}/team/app:1"
        mill.write({"file": "text", "Dockerfile": "FROM scratch\nCOPY file /\n"})
        mill.ok("login", "-u", "alice", "--password-stdin", registry.host, stdin=b"secret")
        mill.ok("build", "--push", "-t", name, ".")
        mill.ok("pull", name)

    kept = (mill.folder.parent / ".docker/config.json").stat()
    assert (kept.st_uid, kept.st_mode & 0o777) == (user.uid, 0o600)


def test_what_is_in_a_result_is_listed_as_by_root(root: Mill, ordinary: Mill) -> None:
    said = []
    for mill in (root, ordinary):
        text = "FROM busybox\nCOPY apk /lib/apk/db/installed\nCOPY --chmod=000 a.jar /\n"
        mill.write({"apk": "P:musl\nV:1\n", "a.jar": _jar(), "listed": text})
        given = ("--sbom", "--provenance", "--sbom-output", "l.cdx.json", "-f", "listed", "-t", "listed")
        mill.ok("build", "-q", *given, "-o", "listed-out", ".")
        said.append(json.loads((mill.folder / "listed-out/sbom.spdx.json").read_bytes())["predicate"]["packages"])
        assert [entry["platform"]["os"] for entry in mill.inspect("listed")["Manifests"]] == ["linux", "unknown"]

    assert said[0] == said[1]
    assert [package["name"] for package in said[0]][1:] == ["musl", "g:a"]
    written = [mill.folder / "l.cdx.json" for mill in (root, ordinary)]
    for path in written:
        assert [component["name"] for component in json.loads(path.read_bytes())["components"]] == ["musl", "g:a"]
    assert written[1].stat().st_uid == ordinary.folder.stat().st_uid != 0


def _jar() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1\n")
    return out.getvalue()


def test_a_user_locks_and_keeps_to_the_lock(user: User, base: Mill) -> None:
    mill = user.mill("locked")
    mill.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())
    mill.write({"Dockerfile": "FROM busybox\nRUN echo hello > /hello\n"})
    user.give(mill.folder)

    mill.ok("lock", ".")
    mill.ok("build", "--locked", "-t", "app", ".")

    lock = mill.folder / "stagemill.lock"
    assert lock.stat().st_uid == user.uid
    assert mill.cat("app", "/hello") == "hello\n"


def test_a_user_can_watch(ordinary: Mill) -> None:
    ordinary.write({"Dockerfile": "FROM busybox\nCOPY a /a\nRUN id -u > /who\n", "a": "1"})
    command = [*ordinary.prefix, *ordinary.command, "build", "--watch", "--progress=plain", "-t", "watched", "."]
    with desk(command, env=ordinary.environment, cwd=ordinary.folder) as person:
        person.wait_for("Ctrl-C ends")
        ordinary.write({"a": "2"})
        person.wait_for("changed: a")
        person.wait_for("Ctrl-C ends")
        person.type("\x03")
        assert person.status() == 130

    assert "error" not in person.screen
    assert ordinary.cat("watched", "/a", "/who") == "20\n"


def test_a_user_can_look_into_a_step_that_fails_and_build_anew(ordinary: Mill) -> None:
    dockerfile = "FROM busybox\nUSER alice\nRUN touch /tmp/half-done && exit 9\n"
    ordinary.write({"Dockerfile": dockerfile})
    command = [*ordinary.prefix, *ordinary.command, "build", "--debug", "--progress=plain", "-t", "mended", "."]
    with desk(command, env=ordinary.environment, cwd=ordinary.folder) as person:
        person.wait_for("leave it with exit\r\n")
        person.type("id -un; ls /tmp; echo th''e end\n")
        said = person.wait_for("the end\r\n")
        person.type("exit\n")
        person.wait_for("[q]uit the build? ")
        ordinary.write({"Dockerfile": dockerfile.replace(" && exit 9", "")})
        person.type("a\n")
        assert person.status() == 0

    assert said.replace("\r", "").endswith("alice\nhalf-done\nthe end\n")
    assert ordinary.ok("run", "mended", "ls", "/tmp").out == "half-done\n"
