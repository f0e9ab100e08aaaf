"""Images of several platforms whose programs really run: arm64 under qemu, on a host that was told of no emulator."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.desk import desk
from fakes.distribution import running
from fakes.foreign import FOREIGN, add_foreign
from fakes.mill import Mill
from fakes.survivors import mark, wait_until_alone
from fakes.user import User, make_user
from stagemill.sandbox.emulators import is_registered

pytestmark = pytest.mark.root

BOTH = ("--platform", f"linux/amd64,{FOREIGN}")
SHARED = """\
FROM --platform=$BUILDPLATFORM busybox AS tools
RUN uname -m > /built-on
FROM --platform=$BUILDPLATFORM busybox AS cross
ARG TARGETARCH
RUN echo "$(uname -m) makes $TARGETARCH" > /made
FROM busybox
RUN uname -m > /machine
COPY --from=tools /built-on /
COPY --from=cross /made /
"""
ORDINARY = """\
FROM busybox
RUN chmod 4755 /bin/su && sed -i s/root:x:/root::/ /etc/passwd && echo 'alice:x:1000:1000::/tmp:/bin/sh' >> /etc/passwd
USER alice
RUN <<EOF
#!/bin/sh
echo "script $0 of $(id -un) and $(/bin/su -c 'id -u' root)"
EOF
RUN --network=none (mount -t tmpfs none /tmp 2>&1; unshare -U true 2>&1; ip addr show lo) | tee /tmp/out
RUN --mount=type=cache,target=/cache,mode=0777 echo cached > /cache/x && cat /cache/x
RUN exec -a uname /bin/ls -m
"""


@pytest.fixture(scope="session")
def foreign(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """A store whose busybox is an image of both platforms; only to be copied. It also lies beside it as `both.tar`."""
    home = tmp_path_factory.mktemp("foreign") / "home"
    mill = add_foreign(Mill(base.root, base.folder.parent / "nothing").copy(home))
    mill.ok("save", "--format=oci", "-o", str(home / "both.tar"), "busybox")
    return mill


@pytest.fixture
def mill(foreign: Mill, tmp_path: Path) -> Mill:
    return foreign.copy(tmp_path / "mill")


@pytest.fixture(scope="module")
def user(base: Mill) -> Iterator[User]:
    with make_user() as made:
        yield made


@pytest.fixture
def users(user: User, foreign: Mill, tmp_path: Path) -> Mill:
    """The same of an ordinary user."""
    mill = user.mill(tmp_path.name)
    mill.ok("load", stdin=(foreign.folder.parent / "both.tar").read_bytes())
    return mill


@pytest.fixture(autouse=True)
def untold_host() -> Iterator[None]:
    """Before and after every test."""
    if is_registered("arm64"):
        pytest.skip("this machine's kernel has been told of an emulator for all")
    yield
    assert not is_registered("arm64")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def unpacked(place: str, arch: str, target: Path, *, skopeo: str, umoci: str) -> Path:
    """The root of one image of an index, as skopeo chooses it and umoci unpacks it."""
    output(skopeo, f"--override-arch={arch}", "copy", "--quiet", place, f"oci:{target}:1")
    output(umoci, "unpack", "--image", f"{target}:1", f"{target}-unpacked")
    return target.with_name(f"{target.name}-unpacked") / "rootfs"


def test_root_and_a_user_build_for_two_platforms_and_others_accept_it(
    mill: Mill, users: Mill, skopeo: str, umoci: str, tmp_path: Path
) -> None:
    for who, one in ("root", mill), ("user", users):
        one.write({"Dockerfile": SHARED})
        one.ok(
            "build", *BOTH, "-t", "app:1", "-o", "type=oci,dest=app.tar", "-o", "type=oci,tar=false,dest=app", "."
        )  # fmt: skip

        place = f"oci-archive:{one.folder}/app.tar:1"
        raw = json.loads(output(skopeo, "inspect", "--raw", place))
        assert [entry["platform"]["architecture"] for entry in raw["manifests"]] == ["amd64", "arm64"]
        for arch, machine in ("amd64", "x86_64"), ("arm64", "aarch64"):
            rootfs = unpacked(place, arch, tmp_path / f"{who}-{arch}", skopeo=skopeo, umoci=umoci)
            assert (rootfs / "machine").read_text() == f"{machine}\n"
            assert (rootfs / "built-on").read_text() == "x86_64\n"
            assert (rootfs / "made").read_text() == f"x86_64 makes {arch}\n"
            config = json.loads(output(skopeo, f"--override-arch={arch}", "inspect", "--config", place))
            assert config["architecture"] == arch
        assert output(umoci, "list", "--layout", str(one.folder / "app")) == "1\n"


def test_steps_that_platforms_share_run_once_and_say_what_they_are_for(mill: Mill) -> None:
    ran = mill.build(SHARED, *BOTH, "-t", "app")

    begun = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    names = {vertex["name"] for status in begun for vertex in status.get("vertexes", ())}
    assert {
        "[linux/amd64 tools 2/2] RUN uname -m > /built-on",
        '[linux/amd64 cross 2/2] RUN echo "$(uname -m) makes $TARGETARCH" > /made',
        '[linux/amd64->arm64 cross 2/2] RUN echo "$(uname -m) makes $TARGETARCH" > /made',
        "[linux/amd64 stage-2 2/4] RUN uname -m > /machine",
        "[linux/arm64 stage-2 2/4] RUN uname -m > /machine",
    } <= names
    assert not [name for name in names if name.startswith("[linux/arm64 tools")]


def test_a_second_build_finds_the_steps_of_every_platform(mill: Mill) -> None:
    mill.build(SHARED, *BOTH, "-t", "app")

    again = mill.build(SHARED, "--platform", FOREIGN, "-t", "arm")

    assert again.executed == []
    assert mill.inspect("arm")["Architecture"] == "arm64"


def test_a_step_of_another_platform_is_as_any_other(mill: Mill) -> None:
    ran = mill.build(ORDINARY, "--platform", FOREIGN, "-t", "app", "-o", "type=local,dest=files")

    said = "".join(step.output.decode() for step in ran.steps.values())
    assert "of alice and 0\n" in said
    assert "permission denied" in said
    assert "unshare(0x10000000): Operation not permitted" in said
    assert "inet 127.0.0.1/8" in said
    assert "cached\n" in said
    assert said.endswith("aarch64\n")  # the program is told the name that it was called by
    left = {str(path.relative_to(mill.folder / "files")) for path in (mill.folder / "files").rglob("*")}
    assert not [path for path in left if "qemu" in path or path.startswith(("proc/", "sys/", "dev/"))]


def test_a_failure_is_told_as_any_other(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\nRUN echo said; exit 7\n"})

    said = mill.fail("build", "--platform", FOREIGN, ".")

    assert "did not complete successfully: exit code: 7" in said


def test_a_shell_opens_where_a_step_of_another_platform_fails_for_root_and_a_user(mill: Mill, users: Mill) -> None:
    for one in (mill, users):
        one.write({"Dockerfile": "FROM busybox\nRUN uname -m > /half-done; exit 7\n"})
        command = [*one.prefix, *one.command, "build", "--debug", "--progress=plain", "--platform", FOREIGN, "."]
        with desk(command, env=one.environment, cwd=one.folder) as person:
            person.wait_for("leave it with exit\r\n")
            person.type("cat /half-done; uname -m; id -u; echo th''e end\n")
            said = person.wait_for("the end\r\n")
            person.type("exit\n")
            person.wait_for("[q]uit the build? ")
            person.type("b\n")
            person.wait_for("leave it with exit\r\n")
            person.type("ls /half-done || exit 5\n")
            person.wait_for("the shell ended with status 5")
            person.type("q\n")
            assert person.status() == 1

        assert said.replace("\r", "").endswith("aarch64\naarch64\n0\nthe end\n")
        assert "Traceback" not in person.screen


def test_without_an_emulator_the_command_that_helps_is_told(mill: Mill, tmp_path: Path) -> None:
    mill.write({"Dockerfile": "FROM busybox\nCOPY x /\nRUN true\n", "x": "x"})
    poor = Mill(mill.root, mill.folder, settings={"PATH": str(tmp_path)})

    said = poor.fail("build", "--platform", FOREIGN, ".")

    assert (
        "cannot run a process of linux/arm64 on this linux/amd64 machine: there is no qemu-aarch64-static in PATH"
        in said
    )
    assert "Dockerfile:3" in said
    assert "hint: apt-get install qemu-user-static" in said
    mill.write({"Dockerfile": "FROM busybox\nCOPY x /\n"})
    poor.ok("build", *BOTH, "-t", "copied", ".")


def test_an_image_of_another_platform_is_run(mill: Mill, users: Mill) -> None:
    for one in (mill, users):
        assert one.ok("run", "busybox", "uname", "-m").out == "x86_64\n"
        assert one.ok("run", "--platform", FOREIGN, "busybox", "uname", "-m").out == "aarch64\n"
    mill.write({"Dockerfile": "FROM busybox AS a\n"})
    assert mill.ok("shell", "--platform", FOREIGN, "-c", "uname -m", ".").out == "aarch64\n"


def test_a_base_for_one_other_platform_is_taken_as_it_is(mill: Mill) -> None:
    mill.build("FROM arm64v8/busybox\nRUN uname -m > /machine\n", "-t", "app")

    assert mill.inspect("app")["Architecture"] == "arm64"
    assert mill.cat("app", "/machine") == "aarch64\n"


def test_a_step_that_is_stopped_leaves_nothing(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM busybox\nARG MARK\nRUN echo begun here; sleep 1000\n"})
    with mill.start("build", "--progress=plain", "--platform", FOREIGN, *mark(mill.root), ".") as process:
        assert process.stderr is not None
        while not process.stderr.readline().rstrip().endswith(b" begun here"):
            assert process.poll() is None
        process.terminate()
        process.wait(60)

    assert wait_until_alone(mill.root) == []


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path / "registry", auth=False, tls=False) as address:
        yield address


def test_of_an_index_in_a_registry_only_what_is_needed_is_pulled(
    foreign: Mill, new_mill: Callable[[str], Mill], host: str, skopeo: str, tmp_path: Path
) -> None:
    archive = foreign.folder.parent / "both.tar"
    target = f"docker://{host}/library/both:latest"
    output(skopeo, "copy", "--all", "--quiet", "--dest-tls-verify=false", f"oci-archive:{archive}", target)
    home = tmp_path / "bare"
    home.mkdir()
    (home / "config.toml").write_text(f'[registry."docker.io"]\nmirrors = ["{host}"]\nfallback = false\n')
    bare = Mill(home / "store", home / "context")
    bare.folder.mkdir()

    bare.build("FROM both\nRUN uname -m > /machine\n", "--platform", FOREIGN, "-t", "app")

    assert bare.ok("run", "app", "cat", "/machine").out == "aarch64\n"
    layers = {layer["digest"] for layer in manifests(foreign)["amd64"]["layers"]}
    assert not [layer for layer in layers if (bare.root / "blobs/sha256" / layer[7:]).exists()]


def manifests(mill: Mill) -> dict[str, dict[str, list[dict[str, str]]]]:
    """The manifests of busybox by architecture."""
    found = {}
    for entry in mill.inspect("busybox")["Manifests"]:
        path = mill.root / "blobs/sha256" / entry["digest"][7:]
        found[entry["platform"]["architecture"]] = json.loads(path.read_text())
    return found
