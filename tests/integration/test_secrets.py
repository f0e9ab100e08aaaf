"""Who gets to see a secret: nobody but the step, the host or the registry that it is meant for.

Each test has a secret used in some way, and looks for its bytes wherever a build leaves or shows something: the store with
all that is packed in it, outputs, history, metadata, progress, errors, temporary files, and /proc while the build goes on.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import stat
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import zstandard

from conformance.servers import Agent
from fakes.blobs import make_image, make_tar
from fakes.leaks import below, holds, processes
from fakes.mill import Mill, Ran
from fakes.registry import FakeRegistry
from fakes.user import make_user
from fakes.web import FakeWeb, Page

pytestmark = pytest.mark.root

FILE = f"correct-horse-battery-staple-{os.getpid():010}"  # no other test's that runs at the same time
VARIABLE = f"purple-monkey-dishwasher-{os.getpid():010}"
SECRETS = (FILE, VARIABLE)
LOGIN = f"me:{FILE}"
PLACES = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/run")))
MONDAY = "Mon, 01 Jan 2024 00:00:00 GMT"


def _temporary() -> set[Path]:
    return {path for place in PLACES if place.is_dir() for path in place.iterdir()}


@dataclass
class Watch:
    """What a series of commands showed and left, less what is known to hold a secret: `own`, which is outside of `mill`."""

    mill: Mill
    secrets: tuple[str, ...] = SECRETS
    shown: dict[str, str | bytes] = field(default_factory=dict)
    before: set[Path] = field(default_factory=_temporary)

    def __post_init__(self) -> None:
        temporary = self.mill.folder.parent / "tmp"
        temporary.mkdir(exist_ok=True)
        temporary.chmod(0o1777)
        self.mill = replace(self.mill, settings={**self.mill.settings, "TMPDIR": str(temporary)})

    def take(self, what: str, ran: Ran) -> Ran:
        self.shown[f"output of {what}"] = ran.stdout + ran.err.encode()
        return ran

    def ok(self, *arguments: str) -> Ran:
        return self.take(" ".join(arguments[:2]), self.mill.ok(*arguments))

    def see(self, build: int, when: str) -> None:
        """Looks at what there is while a build goes on."""
        for what, data in processes(build):
            self.shown[f"{what} {when}"] = data
        self.shown[f"store {when}"] = "\n".join(below([self.mill.root], self.secrets))

    def leaks(self) -> set[str]:
        """Everything that holds a secret, and what was left in temporary directories."""
        found = {what for what, data in self.shown.items() if holds(_bytes(data), self.secrets)}
        found |= {what for what, data in self.shown.items() if what.startswith("store ") and data}
        left = {path for path in _temporary() - self.before if "pytest" not in path.name}
        places = [self.mill.root, self.mill.folder, self.mill.folder.parent / "tmp", *left]
        sockets = {f"{path} (socket)" for path in self.mill.root.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)}
        return found | below(places, self.secrets) | sockets | _names(self.mill.folder.parent / "tmp")


def _bytes(data: str | bytes) -> bytes:
    return data if isinstance(data, bytes) else data.encode(errors="surrogateescape")


def _names(directory: Path) -> set[str]:
    return {str(path) for path in directory.iterdir()}


@pytest.fixture
def watch(mill: Mill) -> Watch:
    return Watch(mill)


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as running:
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A directory for the files that hold a secret."""
    place = tmp_path / "own"
    place.mkdir()
    return place


def test_the_search_finds_what_there_is(own: Path) -> None:
    tar = make_tar({"deep": f"before {FILE} after".encode()})
    files = {
        "plain": FILE.encode(), "gz": gzip.compress(tar), "zst": zstandard.ZstdCompressor().compress(gzip.compress(tar)),
        **{f"base64-{n}": b64encode(f"{'x' * n}{FILE}y".encode()) for n in range(3)}, "cut": gzip.compress(tar)[:-9],
        "backwards": FILE[::-1].encode(), "hex": FILE.encode().hex().encode(), "nothing": b"", FILE: b"",
    }  # fmt: skip
    for name, data in files.items():
        (own / name).write_bytes(data)
    os.symlink(FILE, own / "link")
    os.setxattr(own / "nothing", "user.it", FILE.encode())

    found = {Path(what).name for what in below([own], [FILE])}

    assert found == {*files.keys() - {"nothing", FILE}, "link", "nothing (user.it)", f"{FILE} (name)"}
    variables = {**os.environ, "V": FILE}
    with subprocess.Popen(["sh", "-c", f"sleep 600 & wait # {VARIABLE}"], env=variables, process_group=0) as process:
        seen: dict[str, bytes] = {}
        while not any(data for what, data in seen.items() if what.startswith("variables") and what.endswith("(sleep)")):
            seen = dict(
                processes(process.pid)
            )  # before, the child is a shell as its parent is, or not yet a whole program
        os.killpg(process.pid, signal.SIGKILL)
    assert [what.split()[0] for what, data in seen.items() if holds(data, [VARIABLE])] == ["command"]
    assert [what.split()[0] for what, data in seen.items() if holds(data, [FILE])] == ["variables"]


# --- secrets of RUN ---

STEP = (
    "RUN --mount=type=secret,id=t,required --mount=type=secret,id=v,env=V,required --mount=type=ssh \\\n"
    '  [ ${#V} = 35 ] && [ "$(wc -c < /run/secrets/t)" = 39 ] && [ -S $SSH_AUTH_SOCK ] && echo ready && sleep 2 && echo done > /done\n'
)
DOCKERFILE = (
    "FROM busybox AS other\n"
    "RUN --security=insecure sleep 0.5; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/self/mountinfo > /seen; env >> /seen\n"
    "RUN cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline >> /seen 2> /dev/null; ls -A /run >> /seen 2>&1; true\n"
    f"FROM busybox AS app\n{STEP}"
    "RUN --mount=type=secret,id=t,target=/etc/deep/t,mode=0444 --mount=type=secret,id=v,env=V,target=/v cmp -s /etc/deep/t /v; env -u V > /env\n"
    "FROM app\nCOPY --from=other /seen /seen\n"
)
FAILING = f"{DOCKERFILE}RUN --mount=type=secret,id=t --mount=type=secret,id=v,env=V echo fails; exit 3\n"


def build_with_secrets(watch: Watch, own: Path) -> None:
    """Builds, watched while a step has the secrets; builds again with other ones; and builds what fails."""
    mill = replace(watch.mill, settings={**watch.mill.settings, "TOKEN": VARIABLE})
    agent = ("--ssh", f"default={own / 'agent'}", "--allow", "security.insecure")
    given = ("--secret", f"id=t,src={own / 'token'}", "--secret", "id=v,env=TOKEN", *agent)
    outputs = (
        "oci,dest=oci.tar",
        "oci,tar=false,dest=layout",
        "docker,dest=docker.tar",
        "tar,dest=tree.tar",
        "local,dest=tree",
    )
    arguments = [part for output in outputs for part in ("-o", f"type={output}")]
    arguments += ["-t", "app", "--metadata-file", "metadata"]
    mill.write({"Dockerfile": DOCKERFILE, "failing": FAILING})

    with mill.start("build", "--progress=rawjson", *arguments, *given, ".") as process:
        assert process.stderr is not None
        said = b""
        while b64encode(b"ready\n") not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        watch.see(process.pid, "meanwhile")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, said + err
    watch.take("the first build", Ran(0, out, (said + err).decode()))
    (own / "token").write_text(FILE[::-1])
    cached = watch.take("a cached build", mill.ok("build", "--progress=plain", "-t", "app", *given, "."))
    assert not re.search(r"^#\d+ [\d.]+ ready$", cached.err, re.MULTILINE)
    for progress in "plain", "rawjson", "quiet":
        failed = mill("build", f"--progress={progress}", "-f", "failing", *given, ".")
        assert (failed.status, "exit code: 3" in failed.err) == (1, True), failed.err
        watch.take(f"a build that fails with {progress}", failed)
    for command in ("plan", "--format=json"), ("size", "--json"), ("build", "--call=outline"):
        watch.take(command[0], mill.ok(*command, *given, "."))


class TestOfSteps:
    @pytest.fixture(autouse=True)
    def _given(self, own: Path) -> Iterator[None]:
        (own / "token").write_text(FILE)
        with Agent(own / "agent"):
            yield

    def test_its_bytes_are_nowhere_but_in_the_step(self, watch: Watch, own: Path) -> None:
        build_with_secrets(watch, own)

        for command in ("history", "--no-trunc", "app"), ("inspect", "app"), ("images",), ("store", "check"):
            watch.ok(*command)
        watch.ok("save", "-o", "saved.tar", "app")
        assert watch.mill.cat("app", "/done") == "done\n"
        assert "PATH=" in watch.mill.cat("app", "/seen")
        assert watch.leaks() == set()
        assert (watch.mill.folder / "tree/done").exists()

    def test_nor_are_they_where_an_ordinary_user_builds(self, base: Mill) -> None:
        with make_user() as user:
            mill = user.mill("secret")
            shutil.copy(base.root.parent / "busybox.tar", mill.folder)
            mill.ok("load", "-i", "busybox.tar")
            place = user.home / "own"
            place.mkdir()
            (place / "token").write_text(FILE)
            with Agent(place / "agent"):
                user.give(place)
                watch = Watch(mill)

                build_with_secrets(watch, place)

            assert watch.leaks() == set()

    def test_what_is_wrong_with_it_is_told_without_it(self, watch: Watch, own: Path) -> None:
        (own / "large").write_text(FILE * 20_000)
        (own / "zero").write_bytes(FILE.encode() + b"\0")
        watch.mill.write({"Dockerfile": "FROM busybox\nRUN --mount=type=secret,id=t,env=T true\n"})

        for given in f"id=t,src={own / 'large'}", f"id=t,src={own / 'zero'}", f"id=t,src={own}":
            ran = watch.take(given, watch.mill("build", "--progress=plain", "--secret", given, "."))
            assert ran.status == 1
            assert "hint: " in ran.err
        assert watch.leaks() == set()


# --- logins of URLs ---

ANSWERED = b"Basic " + b64encode(LOGIN.encode())


def seen_by_git(watch: Watch, own: Path) -> Mill:
    """A git that writes down, before and after its work, what everybody on this machine could see of processes and store."""
    log, real = own / "seen", shutil.which("git")
    script = own / "bin" / "git"
    script.parent.mkdir()
    script.write_text(
        f"#!/bin/sh\ncat /proc/[0-9]*/cmdline | grep -av ADDRESS= >> {log} 2> /dev/null\n"
        f'{real} "$@"\nstatus=$?\ncat /proc/$$/cmdline /proc/[0-9]*/comm >> {log} 2> /dev/null\n'
        f"grep -rlaF -f {own / 'token'} {watch.mill.root} >> {log}\nexit $status\n"
    )
    script.chmod(0o755)
    return replace(watch.mill, settings={**watch.mill.settings, "PATH": f"{script.parent}:{os.environ['PATH']}"})


class TestOfUrls:
    @pytest.fixture
    def place(self, web: FakeWeb, tmp_path: Path) -> str:
        """A file, an archive, a Dockerfile and a repository behind a login, by URLs that have it."""
        files = {"Dockerfile": "FROM scratch\nCOPY foo /\n", "foo": "first"}
        web.has_repository(tmp_path / "web", "r.git", [{"files": files, "tag": "v1", "branch": "main"}])
        web.pages["/file"] = Page(b"content", modified=MONDAY)
        web.pages["/Dockerfile"] = Page(b"FROM scratch\nCOPY foo /\n")
        web.pages["/context"] = Page(make_tar({name: text.encode() for name, text in files.items()}))
        web.authorization = ANSWERED.decode()
        return web.url.replace("//", f"//{LOGIN}@")

    @pytest.mark.parametrize("how", ["url", "secret"])
    def test_one_of_an_add_is_not_shown_and_not_kept(
        self, watch: Watch, web: FakeWeb, own: Path, place: str, how: str
    ) -> None:
        (own / "token").write_text(FILE)
        names = ("HTTP_AUTH_TOKEN_127.0.0.1", "GIT_AUTH_TOKEN")
        given = [f"--secret=id={name},src={own / 'token'}" for name in names] if how == "secret" else []
        if how == "secret":
            place, web.authorization = web.url, ""
        (own / "Dockerfile").write_text(
            f"FROM busybox\nADD {place}/file /a/\nADD --keep-git-dir {place}/r.git#v1 /b\nADD {place}/r.git /c\n"
        )
        mill = seen_by_git(watch, own)
        arguments = (
            "-f",
            str(own / "Dockerfile"),
            "-t",
            "app",
            "-o",
            "type=oci,dest=app.tar",
            "--metadata-file",
            "meta",
        )

        for progress in "rawjson", "plain":
            watch.take(progress, mill.ok("build", f"--progress={progress}", *arguments, *given, "."))

        for command in ("plan", "--format=json"), ("plan", "--format=dot"), ("size",), ("build", "--check"):
            watch.take(command[-1], mill(*command, "-f", str(own / "Dockerfile"), *given, "."))
        watch.take("lint", mill("lint", "-f", str(own / "Dockerfile"), "."))
        watch.ok("history", "--no-trunc", "app")
        watch.ok("inspect", "app")
        watch.shown["what git saw"] = (own / "seen").read_bytes()
        assert watch.leaks() == set()
        # Git may be asked without a login first, and a repository that wants none has none.
        assert any("authorization" in seen.headers for seen in web.requests if "r.git" in seen.path)
        assert any("authorization" in seen.headers for seen in web.requests if "file" in seen.path)
        assert watch.shown["what git saw"] != b""
        assert mill.cat("app", "/a/file", "/b/foo", "/c/foo") == "contentfirstfirst"

    def test_one_that_is_refused_is_not_shown(self, watch: Watch, web: FakeWeb, own: Path, place: str) -> None:
        (own / "token").write_text(VARIABLE)
        given = [f"--secret=id={name},src={own / 'token'}" for name in ("HTTP_AUTH_TOKEN_127.0.0.1", "GIT_AUTH_TOKEN")]
        web.authorization = "Bearer other"

        for source in "file", "r.git":
            for at, secrets in (web.url, given), (place, []):
                (own / "Dockerfile").write_text(f"FROM scratch\nADD {at}/{source} /a/\n")
                ran = watch.take(f"{source} {at}", watch.mill("build", "-f", str(own / "Dockerfile"), *secrets, "."))
                assert ran.status == 1
                assert "Dockerfile:2\n" in ran.err
                assert "hint: " in ran.err
        assert watch.leaks() == set()

    def test_one_in_a_run_is_in_its_history_alone(self, watch: Watch) -> None:
        """The command is part of the image, as with every builder; what people are shown meanwhile is not the image."""
        watch.mill.write({"Dockerfile": f"FROM busybox\nRUN echo http://{LOGIN}@127.0.0.1 > /dev/null; exit 3\n"})

        for progress in "rawjson", "plain", "quiet":
            ran = watch.take(progress, watch.mill("build", f"--progress={progress}", "."))
            assert ran.status == 1
        watch.take("plan", watch.mill("plan", "--format=json", "."))

        assert {what for what in watch.leaks() if not what.endswith("Dockerfile")} == set()

    @pytest.mark.parametrize(
        "arguments",
        [
            ("{}/r.git",), ("{}/r.git#v1",), ("{}/context",), ("{}/Dockerfile",), ("-f", "{}/Dockerfile", "."),
            ("--build-context", "x={}/r.git", "-f", "named", "."), ("--build-context", "x={}/context", "-f", "named", "."),
        ],
    )  # fmt: skip
    def test_one_on_the_command_line_is_not_shown_and_not_kept(
        self, watch: Watch, place: str, arguments: tuple[str, ...]
    ) -> None:
        watch.mill.write({"foo": "", "named": "FROM scratch\nCOPY --from=x foo /\n"})
        given = [argument.format(place) for argument in arguments]

        for progress in "rawjson", "plain":
            ran = watch.mill("build", f"--progress={progress}", "-t", "app", "--metadata-file", "meta", *given)
            assert ran.status == (1 if arguments == ("{}/Dockerfile",) else 0), ran.err
            watch.take(progress, ran)
        watch.take("plan", watch.mill("plan", *given))
        watch.take("size", watch.mill("size", *given))
        watch.shown["history"] = watch.mill("history", "--no-trunc", "app").stdout

        assert watch.leaks() == set()

    def test_processes_have_it_on_no_command_line_but_that_of_the_build(
        self, watch: Watch, web: FakeWeb, place: str
    ) -> None:
        gate = watch.mill.folder.parent / "gate"
        gate.mkdir()
        web.pages["/slow"] = Page(
            b"FROM busybox\nRUN cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; echo; echo ready; "
            b"until [ -e /gate/open ]; do sleep 0.05; done\n"
        )

        with watch.mill.start("build", "--progress=plain", "--volume", f"{gate}:/gate", f"{place}/slow") as process:
            assert process.stderr is not None
            said = b""
            while b" ready\n" not in said:
                line = process.stderr.readline()
                assert line, said
                said += line
            seen = dict(processes(process.pid))
            (gate / "open").touch()
            _, err = process.communicate(timeout=60)
        watch.shown |= {what: data for what, data in seen.items() if f"{process.pid} " not in what}
        watch.shown["progress"] = said + err

        assert watch.leaks() == set()
        assert len(seen) > 4


# --- logins of registries and proxies ---

SCRIPT = "#!/bin/sh\ncat > /dev/null\necho '{}'\n"


class TestOfRegistries:
    @pytest.fixture(params=["basic", "bearer"])
    def registry(self, request: pytest.FixtureRequest) -> Iterator[FakeRegistry]:
        """One that wants alice's password, and has an image."""
        with FakeRegistry(auth=request.param) as running:
            running.users = {"alice": FILE}
            running.tokens = [VARIABLE]
            image = make_image(running.blobs, {"etc/motd": b"hello\n" * 1000})
            running.push("team/app", "1.0", image)
            yield running

    @pytest.fixture(params=["auths", "helper", "password"])
    def login(self, request: pytest.FixtureRequest, watch: Watch, own: Path, registry: FakeRegistry) -> Mill:
        """Credentials where docker has them: packed in its file, from a helper program, or in clear text."""
        helper = own / "docker-credential-own"
        helper.write_text(SCRIPT.format(json.dumps({"Username": "alice", "Secret": FILE})))
        helper.chmod(0o755)
        auth = b64encode(f"alice:{FILE}".encode()).decode()
        documents = {
            "auths": {"auths": {registry.host: {"auth": auth}}},
            "helper": {"credHelpers": {registry.host: "own"}},
            "password": {"auths": {f"http://{registry.host}/v2/": {"username": "alice", "password": FILE}}},
        }
        (own / "config.json").write_text(json.dumps(documents[request.param]))
        settings = {"DOCKER_CONFIG": str(own), "PATH": f"{own}:{os.environ['PATH']}"}
        return replace(watch.mill, settings={**watch.mill.settings, **settings})

    def test_they_are_told_to_nobody_else(self, watch: Watch, registry: FakeRegistry, login: Mill) -> None:
        login.write(
            {"Dockerfile": f"FROM {registry.host}/team/app:1.0 AS base\nFROM busybox\nCOPY --from=base /etc/motd /\n"}
        )

        watch.take("build", login.ok("build", "--progress=rawjson", "-t", "app", "-o", "type=oci,dest=oci.tar", "."))
        watch.take("pull", login.ok("pull", f"{registry.host}/team/app:1.0"))
        registry.users = {"alice": "another"}
        registry.tokens = ["another"]
        for arguments in ("build", "--pull", "--progress=plain", "."), ("pull", f"{registry.host}/team/app:1.0"):
            ran = watch.take(f"refused {arguments[0]}", login(*arguments))
            assert ran.status == 1
            assert "hint: " in ran.err

        assert any("authorization" in seen.headers for seen in registry.requests)
        assert watch.leaks() == set()


class TestOfProxies:
    PROXY = f"http://{LOGIN}@127.0.0.1:1"

    @pytest.mark.parametrize(
        "arguments",
        [
            ("build", "http://h.invalid/f"),
            ("build", "http://h.invalid/r.git"),
            ("pull", "h.invalid/image"),
            ("build", "."),
        ],
        ids=["file", "repository", "image", "ADD"],
    )
    def test_that_of_one_that_does_not_work_is_not_shown(self, watch: Watch, arguments: tuple[str, ...]) -> None:
        watch.mill.write({"Dockerfile": "FROM scratch\nADD http://h.invalid/f /\n"})

        for proxy in self.PROXY, f"{self.PROXY}x", f"{LOGIN}@[", f"ftp://{LOGIN}@127.0.0.1:1":
            settings = {**watch.mill.settings, "http_proxy": proxy, "HTTPS_PROXY": proxy}
            ran = watch.take(proxy.replace(LOGIN, ""), replace(watch.mill, settings=settings)(*arguments))
            assert ran.status == 1
            assert "Traceback" not in ran.err
            assert "this is a bug" not in ran.err

        assert watch.leaks() == set()

    def test_that_of_a_build_argument_is_in_the_step_only(self, watch: Watch) -> None:
        watch.mill.write({"Dockerfile": "FROM busybox\nRUN [ -n $HTTP_PROXY ] && echo ${#HTTP_PROXY} > /length\n"})
        given = ("--build-arg", f"HTTP_PROXY={self.PROXY}")
        arguments = ("-t", "app", "-o", "type=oci,dest=oci.tar", "--metadata-file", "meta")

        for progress in "rawjson", "plain":
            watch.take(progress, watch.mill.ok("build", f"--progress={progress}", *arguments, *given, "."))
        watch.take("plan", watch.mill.ok("plan", "--format=json", *given, "."))

        assert watch.mill.cat("app", "/length") == f"{len(self.PROXY)}\n"
        assert watch.leaks() == set()
