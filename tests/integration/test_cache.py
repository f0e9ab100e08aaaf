"""Caches that travel: a machine with an empty store begins from what another one left, and runs nothing."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import archives, azurite, buckets
from fakes.actions import FakeActions
from fakes.distribution import running
from fakes.mill import Mill, Ran
from fakes.user import User, make_user

pytestmark = pytest.mark.root

DOCKERFILE = """
FROM busybox AS packages
RUN mkdir -p /modules/deep && cat /proc/sys/kernel/random/uuid > /modules/deep/id && ln /modules/deep/id /modules/same \\
 && ln -s deep /modules/soft && chown -R 1000:29 /modules && mkfifo /modules/fifo && chmod 4711 /modules/deep/id
FROM packages AS builder
COPY app /src/app
RUN rm /bin/vi && cat /proc/sys/kernel/random/uuid /src/app > /out
FROM busybox
WORKDIR /srv/app
COPY --from=builder /out /modules /srv/app/
COPY --link app /app
RUN cat /proc/sys/kernel/random/uuid > /last
"""
STEPS = 8
EXECUTED = 6  # those that are a RUN or a COPY


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., str]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running(tmp_path / "registry", **options))


@pytest.fixture(scope="session")
def user(base: Mill) -> Iterator[User]:
    with make_user() as made:
        yield made


def summary(ran: Ran) -> list[int]:
    """What the last line counts: steps imported, used, run, exported."""
    return [int(word) for word in notice(ran, "cache: ").partition(";")[0].split() if word.isdigit()]


def notice(ran: Ran, part: str) -> str:
    """The one that has a part in it."""
    logs = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    texts = [base64.b64decode(warning["short"]).decode() for log in logs for warning in log.get("warnings", ())]
    (found,) = [text for text in texts if part in text]
    return found


def once(mill: Mill, *flags: str, app: str = "source", text: str = DOCKERFILE) -> Ran:
    mill.write({"app": app})
    return mill.build(text, "-o", "type=oci,dest=image.tar", *flags)


def image(mill: Mill) -> bytes:
    return (mill.folder / "image.tar").read_bytes()


Machines = Callable[[str], Mill]


class TestBackends:
    """Each takes where the first machine writes to, and what the second one is told."""

    def check(self, new_mill: Machines, to: str, source: str) -> None:
        first, second = new_mill("first"), new_mill("second")

        made = once(first, "--cache-to", to)
        found = once(second, "--cache-from", source)

        assert len(made.executed) == EXECUTED
        assert found.executed == []
        assert summary(made) == [0, 0, STEPS, STEPS]
        assert summary(found) == [STEPS, STEPS, 0, 0]
        assert image(first) == image(second)

    def test_a_directory(self, new_mill: Machines, tmp_path: Path) -> None:
        self.check(new_mill, f"type=local,dest={tmp_path}/cache", f"type=local,src={tmp_path}/cache")

    @pytest.mark.parametrize(
        "options", ["", ",image-manifest=false", ",oci-mediatypes=false", ",compression=uncompressed"]
    )
    def test_a_registry(self, new_mill: Machines, start: Callable[..., str], options: str) -> None:
        name = f"{start()}/team/cache:main"

        if "uncompressed" in options:  # the image's blobs are those of the cache then
            first, second = new_mill("first"), new_mill("second")
            once(first, "--cache-to", f"type=registry,ref={name}{options}")
            assert once(second, "--cache-from", name).executed == []
        else:
            self.check(new_mill, f"type=registry,ref={name}{options}", name)

    def test_a_registry_with_a_login(self, new_mill: Machines, start: Callable[..., str], tmp_path: Path) -> None:
        host = start(auth=True)
        login = {"auths": {host: {"auth": base64.b64encode(b"alice:secret").decode()}}}
        (tmp_path / "config.json").write_text(json.dumps(login))
        settings = {"DOCKER_CONFIG": str(tmp_path)}
        first, second = (replace(new_mill(name), settings=settings) for name in ("first", "second"))

        once(first, "--cache-to", f"{host}/team/cache:main")
        found = once(second, "--cache-from", f"{host}/team/cache:main")

        assert found.executed == []

    @pytest.mark.parametrize("server", ["moto", "swift"])
    def test_a_bucket(self, new_mill: Machines, tmp_path: Path, server: str) -> None:
        with buckets.moto() if server == "moto" else buckets.swift(tmp_path / "swift") as running:
            running.client().create_bucket(Bucket="caches")
            keys = f"access_key_id={running.access_key},secret_access_key={running.secret_key}"
            where = f"region=us-east-1,endpoint_url={running.url},use_path_style=true"
            text = f"type=s3,bucket=caches,{where},{keys},name=main"
            self.check(new_mill, f"{text},upload_parallelism=2", text)

    def test_a_container_of_azure(self, new_mill: Machines, tmp_path: Path) -> None:
        with azurite.running(tmp_path / "azurite") as running:
            key = f"account_name={azurite.ACCOUNT},secret_access_key={azurite.KEY}"
            text = f"type=azblob,account_url={running.url},{key},container=caches"
            self.check(new_mill, text, text)

    def test_the_service_of_githubs_actions(self, new_mill: Machines) -> None:
        with FakeActions() as service:
            text = f'type=gha,url_v2={service.url},"token={service.token}",scope=app'
            self.check(new_mill, text, text)

    def test_an_image_itself(self, new_mill: Machines, start: Callable[..., str], skopeo: str) -> None:
        host = start()
        first, second = new_mill("first"), new_mill("second")
        once(first, "--cache-to", "type=inline")
        subprocess.run(
            [skopeo, "copy", "--dest-tls-verify=false", f"oci-archive:{first.folder}/image.tar", f"docker://{host}/team/app:1"],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip

        found = once(second, "--cache-from", f"{host}/team/app:1", "--cache-to", "type=inline")

        assert found.executed == []
        assert image(first) == image(second)

    def test_the_cache_of_root_is_that_of_a_user_and_the_other_way_round(
        self, user: User, base: Mill, new_mill: Machines, tmp_path: Path
    ) -> None:
        ordinary, root = user.mill("runner"), new_mill("root")
        ordinary.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())
        shared = user.home / "shared"
        shared.mkdir()
        once(root, "--cache-to", f"type=local,dest={shared}/root")
        subprocess.run(["chmod", "-R", "a+rX", str(shared)], check=True)
        user.give(ordinary.folder)

        found = once(ordinary, "--cache-from", f"type=local,src={shared}/root", "--cache-to", "type=local,dest=own")
        back = once(new_mill("another"), "--cache-from", f"type=local,src={ordinary.folder}/own")

        assert (found.executed, back.executed) == ([], [])
        assert image(ordinary) == image(root)


class TestUse:
    @pytest.fixture
    def cache(self, new_mill: Machines, tmp_path: Path) -> Path:
        once(new_mill("first"), "--cache-to", f"type=local,dest={tmp_path}/cache")
        return tmp_path / "cache"

    def test_after_an_edit_only_what_depends_on_it_runs_on_top_of_what_was_imported(
        self, cache: Path, new_mill: Machines
    ) -> None:
        fresh, second = new_mill("fresh"), new_mill("second")
        once(fresh, app="edited")

        ran = once(second, "--cache-from", f"type=local,src={cache}", app="edited")

        assert not any(name.startswith("RUN mkdir -p /modules") for name in ran.executed)
        assert len(ran.executed) == EXECUTED - 1
        first, own = (archives.entries(tree(mill)) for mill in (fresh, second))
        assert first.keys() == own.keys()
        assert {path: facts for path, facts in own.items() if path.startswith("srv/app/modules")} == {}
        for path in ("srv/app/deep/id", "srv/app/same", "srv/app/soft", "srv/app/fifo", "app"):
            assert own[path].split()[:3] == first[path].split()[:3]

    def test_what_a_layer_removed_stays_removed(self, cache: Path, new_mill: Machines) -> None:
        mill = new_mill("second")
        text = (
            DOCKERFILE.replace("FROM busybox\nWORKDIR", "FROM builder\nWORKDIR")
            + "RUN ! ls /bin/vi && ls -l /modules/fifo\n"
        )
        once(mill, "--cache-from", f"type=local,src={cache}", text=text)

    def test_what_was_fetched_serves_the_next_build_without_it(self, cache: Path, new_mill: Machines) -> None:
        mill = new_mill("second")
        once(mill, "--cache-from", f"type=local,src={cache}")
        shutil.rmtree(cache)

        again = once(mill)

        assert again.executed == []
        assert mill.ok("store", "check").out.rstrip().endswith("all whole")

    def test_an_image_that_was_named_runs(self, cache: Path, new_mill: Machines) -> None:
        mill = new_mill("second")
        once(mill, "--cache-from", f"type=local,src={cache}", "-t", "app")
        shutil.rmtree(cache)

        assert len(mill.cat("app", "/last", "/srv/app/deep/id").split()) == 2

    @pytest.mark.parametrize("harm", ["missing", "torn"])
    def test_a_damaged_cache_only_costs_time(self, cache: Path, new_mill: Machines, harm: str) -> None:
        mill = new_mill("second")
        for path in (cache / "blobs/sha256").iterdir():
            data = path.read_bytes()
            if data.startswith(b"\x1f\x8b"):
                path.unlink()
                if harm == "torn":
                    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))

        ran = once(mill, "--cache-from", f"type=local,src={cache}")

        assert len(ran.executed) == EXECUTED
        assert "left out" in notice(ran, "the cache ")
        assert summary(ran)[1:3] == [0, STEPS]

    def test_several_are_asked_side_by_side(self, cache: Path, new_mill: Machines, tmp_path: Path) -> None:
        other = new_mill("other")
        text = "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /other\n"
        once(other, "--cache-to", f"type=local,dest={tmp_path}/other-cache", text=text)
        both = ("--cache-from", f"type=local,src={cache}", "--cache-from", f"type=local,src={tmp_path}/other-cache")

        one = once(new_mill("second"), *both)
        another = once(new_mill("third"), *both, text=text)

        assert (one.executed, another.executed) == ([], [])


SECRETIVE = "FROM busybox\nARG TOKEN\nENV WORD=plain\nRUN test -n $TOKEN\n"


@pytest.mark.parametrize("mode", ["max", "min"])
def test_the_value_of_an_argument_is_in_no_cache_and_plan_still_says_that_it_changed(
    new_mill: Machines, tmp_path: Path, mode: str
) -> None:
    first, second = new_mill("first"), new_mill("second")
    first.build(
        SECRETIVE, "--build-arg", "TOKEN=hunter2", "--cache-to", f"type=local,dest={tmp_path}/cache,mode={mode}"
    )
    second.write({"Dockerfile": SECRETIVE})
    source = ("--cache-from", f"type=local,src={tmp_path}/cache")

    same = second.ok("plan", *source, "--build-arg", "TOKEN=hunter2", "--format=json", ".")
    other = second.ok("plan", *source, "--build-arg", "TOKEN=other", "--format=json", ".")

    written = b"".join(path.read_bytes() for path in tmp_path.joinpath("cache").rglob("*") if path.is_file())
    assert b"TOKEN" in written
    assert b"hunter2" not in written
    steps = [json.loads(said.out)["stages"][0]["steps"][0] for said in (same, other)]
    assert [(step["doing"], step["cause"]) for step in steps] == [
        ("cached", ""),
        ("would run", f"never built here, and {tmp_path}/cache has another: ARG TOKEN has another value (secret)"),
    ]


def tree(mill: Mill) -> bytes:
    return mill.ok("build", "-q", "-o", "-", ".").stdout


MOUNTS = """
FROM busybox
COPY app /app
RUN --mount=type=cache,target=/root/.npm --mount=type=cache,id=go,target=/go,uid=1000 ls /root/.npm /go > /seen; \\
  echo npm > /root/.npm/$(cat /app) && echo go > /go/$(cat /app) && dd if=/dev/zero of=/go/large bs=1M count=3 2> /dev/null
RUN cat /seen
"""


class TestMounts:
    def test_a_step_finds_what_it_kept_on_another_machine(
        self, new_mill: Machines, start: Callable[..., str], user: User, base: Mill
    ) -> None:
        name = f"{start()}/team/cache:main"
        first, second, ordinary = new_mill("first"), new_mill("second"), user.mill("mounts")
        ordinary.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())

        once(first, "--cache-to", f"type=registry,ref={name},mounts=all", app="one", text=MOUNTS)
        both = ("--cache-from", name, "--cache-to", f"type=registry,ref={name},mounts=all")
        unused = once(second, *both, app="one", text=MOUNTS)
        seen = once(new_mill("third"), *both, app="two", text=MOUNTS).steps["RUN cat /seen"].output
        of_user = once(ordinary, "--cache-from", name, app="three", text=MOUNTS).steps["RUN cat /seen"].output

        assert unused.executed == []
        assert second.ok("cache", "mounts", "list", "--json").out == "[]\n"
        assert seen.decode().split() == ["/go:", "large", "one", "/root/.npm:", "one"]
        assert of_user.decode().split() == ["/go:", "large", "one", "two", "/root/.npm:", "one", "two"]

    def test_one_that_is_too_large_stays_at_home(self, new_mill: Machines, tmp_path: Path) -> None:
        to = f"type=local,dest={tmp_path}/cache,mounts=/root/.npm,mounts=go,max-size=1m"

        ran = once(new_mill("first"), "--cache-to", to, app="one", text=MOUNTS)
        found = once(new_mill("second"), "--cache-from", f"type=local,src={tmp_path}/cache", app="two", text=MOUNTS)

        assert "the cache mount go is left out: it takes 3" in notice(ran, "left out")
        assert found.steps["RUN cat /seen"].output.decode().split() == ["/go:", "/root/.npm:", "one"]


# The program, but it gets stuck in the first file that it writes to a cache.
STUCK = """
import runpy, threading
from stagemill.cache import layout
real = layout.chunks
def chunks(reader):
    yield next(real(reader))
    yield bytes(1 << 20)  # so that the one before does not stay in a buffer
    threading.Event().wait()
layout.chunks = chunks
runpy.run_module("stagemill", run_name="__main__", alter_sys=True)
"""


class TestWriting:
    def test_a_writer_that_is_killed_leaves_the_cache_as_it_was(self, new_mill: Machines, tmp_path: Path) -> None:
        cache = tmp_path / "cache"
        first = new_mill("first")
        once(first, "--cache-to", f"type=local,dest={cache}")
        before = (cache / "index.json").read_bytes()
        big = "FROM busybox\nRUN dd if=/dev/urandom of=/big bs=1M count=60\n"
        once(first, text=big)

        stuck = replace(first, command=(sys.executable, "-c", STUCK))
        with stuck.start("build", "--cache-to", f"type=local,dest={cache},compression=uncompressed", ".") as process:
            while not [path for path in (cache / "blobs/sha256").glob(".*") if path.stat().st_size]:
                assert process.poll() is None, "it was over before it was killed"
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)

        assert (cache / "index.json").read_bytes() == before
        assert once(new_mill("second"), "--cache-from", f"type=local,src={cache}").executed == []
        once(first, "--cache-to", f"type=local,dest={cache}", text=big)
        assert list((cache / "blobs/sha256").glob(".*")) == []

    def test_a_cache_written_again_and_again_does_not_grow(self, new_mill: Machines, tmp_path: Path) -> None:
        mill, cache = new_mill("first"), tmp_path / "cache"
        sizes = []
        for number in range(3):
            once(mill, "--cache-to", f"type=local,dest={cache}", app=f"app {number}")
            sizes.append(sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()))

        assert max(sizes) < min(sizes) * 1.05
