"""Throw-away containers, in a sandbox that runs nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.blobs import make_image
from fakes.sandbox import Call, fails
from fakes.tree import MemoryTree, Node, directory, file, link
from fakes.workshop import Workshop
from stagemill.errors import SandboxError, StagemillError, UsageError
from stagemill.execute import base
from stagemill.execute.container import Launch, Rights, environment, has_program, launch
from stagemill.execute.devices import DeviceBook
from stagemill.execute.services import Host
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.sandbox.limits import Resources, Ulimit
from stagemill.sandbox.process import Bind, Credentials

TREE: dict[str, Node | str] = {
    "etc/passwd": "node:x:1000:1001::/home/node:/bin/sh\nweb:x:33:33::/srv:/bin/sh\n",
    "etc/group": "node:x:1001:\n",
}
CONFIG = RunConfig(user="node", env=(("PATH", "/bin"), ("A", "1")), cmd=("serve",), working_dir="/srv")


def of(config: RunConfig, platform: Platform | None = None) -> ImageConfig:
    return ImageConfig(platform or Platform.local(), config)


class TestCommand:
    @pytest.mark.parametrize(
        ("entrypoint", "cmd", "what", "expected"),
        [
            (None, ("sh",), Launch(), ("sh",)),
            (("app",), ("--help",), Launch(), ("app", "--help")),
            (("app",), None, Launch(), ("app",)),
            (("app",), ("--help",), Launch(args=("run", "-v")), ("app", "run", "-v")),
            (None, ("sh",), Launch(args=("ls",)), ("ls",)),
            (("app",), ("--help",), Launch(entrypoint=("sh",)), ("sh",)),
            (("app",), ("--help",), Launch(entrypoint=("sh",), args=("-c", "ls")), ("sh", "-c", "ls")),
            (("app",), ("--help",), Launch(entrypoint=(), args=("ls",)), ("ls",)),
        ],
    )
    def test_entrypoint_and_command_are_joined_as_docker_run_joins_them(
        self, entrypoint: tuple[str, ...] | None, cmd: tuple[str, ...] | None, what: Launch, expected: tuple[str, ...]
    ) -> None:
        assert what.command(RunConfig(entrypoint=entrypoint, cmd=cmd)) == expected

    @pytest.mark.parametrize(("cmd", "what"), [(None, Launch()), (("sh",), Launch(entrypoint=()))])
    def test_nothing_to_start_is_an_error_with_a_hint(self, cmd: tuple[str, ...] | None, what: Launch) -> None:
        with pytest.raises(StagemillError) as caught:
            what.command(RunConfig(cmd=cmd))

        assert caught.value.message == "the image has neither ENTRYPOINT nor CMD, and no command was given"
        assert caught.value.hint == "name a command: stagemill run IMAGE COMMAND"


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
class TestLaunch:
    def started(self, workshop: Workshop, what: Launch, config: RunConfig = CONFIG) -> Call:
        launch(what, workshop.tree(TREE), of(config), services=workshop.services, forms=workshop.forms)
        return workshop.sandbox.calls[-1]

    def test_the_image_says_what_where_who_and_with_which_variables(self, workshop: Workshop) -> None:
        workshop.host = Host("nameserver 192.0.2.1\n")

        process = self.started(workshop, Launch()).process

        assert (process.args, process.cwd) == (("serve",), "/srv")
        assert process.env == (("HOSTNAME", "stagemill"), ("PATH", "/bin"), ("A", "1"))
        assert process.credentials == Credentials(1000, 1001, (1001,), "/home/node")
        assert (process.network, process.hostname) == ("host", "stagemill")
        assert process.resolv_conf == "nameserver 192.0.2.1\n"
        assert process.hosts.startswith("127.0.0.1\tlocalhost stagemill\n")

    def test_the_command_line_wins(self, workshop: Workshop, tmp_path: Path) -> None:
        binds = (Bind(tmp_path, "/src", read_only=False),)
        what = Launch(args=("ls",), env=(("A", "2"), ("B", "3")), cwd="/src", user="web", mounts=binds, network="none")

        process = self.started(workshop, what).process

        assert (process.args, process.cwd) == (("ls",), "/src")
        assert process.env == (("HOSTNAME", "stagemill"), ("PATH", "/bin"), ("A", "2"), ("B", "3"))
        assert (process.credentials.uid, process.mounts, process.network) == (33, binds, "none")

    def test_it_may_have_a_name_and_know_others(self, workshop: Workshop) -> None:
        process = self.started(workshop, Launch(hostname="box", hosts=("192.0.2.1\tdb",))).process

        assert (process.hostname, dict(process.env)["HOSTNAME"]) == ("box", "box")
        assert process.hosts == ("127.0.0.1\tlocalhost box\n::1\tlocalhost ip6-localhost ip6-loopback\n192.0.2.1\tdb\n")

    def test_limits_and_rights_are_handed_on(self, workshop: Workshop) -> None:
        workshop.host = Host(resources=Resources(memory=64 << 20))
        rights = Rights(
            added=frozenset({12}), dropped=frozenset({0}), privileged=True, read_only=True, no_new_privileges=True, filtered=False
        )  # fmt: skip

        process = self.started(workshop, Launch(rights=rights, ulimits=(Ulimit("nofile", 1, 2),), shm_size=5)).process

        assert process.resources == Resources(memory=64 << 20)
        assert (process.ulimits, process.shm_size) == ((Ulimit("nofile", 1, 2),), 5)
        assert (process.added, process.dropped) == (frozenset({12}), frozenset({0}))
        assert (process.insecure, process.read_only, process.no_new_privileges) == (True, True, True)
        assert not process.filtered

    def test_it_may_be_in_more_groups_by_name_or_number(self, workshop: Workshop) -> None:
        process = self.started(workshop, Launch(groups=("node", "7", "7"))).process

        assert process.credentials.groups == (1001, 7)

    def test_a_group_that_the_image_lacks_is_an_error(self, workshop: Workshop) -> None:
        with pytest.raises(SandboxError, match="there is no group docker in the image's /etc/group"):
            self.started(workshop, Launch(groups=("docker",)))

    def test_a_device_brings_what_the_book_says(self, workshop: Workshop, tmp_path: Path) -> None:
        edits = {"env": ["GPU=0"], "deviceNodes": [{"path": "/dev/null"}], "additionalGids": [44]}
        spec = {"kind": "vendor.com/gpu", "devices": [{"name": "0", "containerEdits": edits}]}
        (tmp_path / "gpu.json").write_text(json.dumps(spec))
        workshop.host = Host(devices=DeviceBook([tmp_path]))

        process = self.started(workshop, Launch(devices=("vendor.com/gpu=0",))).process

        assert dict(process.env)["GPU"] == "0"
        assert process.mounts == (Bind(Path("/dev/null"), "/dev/null", read_only=False),)
        assert 44 in process.credentials.groups

    def test_one_that_is_not_there_is_an_error(self, workshop: Workshop, tmp_path: Path) -> None:
        workshop.host = Host(devices=DeviceBook([tmp_path]))

        with pytest.raises(StagemillError) as caught:
            self.started(workshop, Launch(devices=("vendor.com/gpu=0",)))

        assert caught.value.message == "there is no device vendor.com/gpu=0"
        assert caught.value.hint == f"describe it in a JSON or YAML file in {tmp_path}"

    def test_without_a_directory_it_starts_at_the_root(self, workshop: Workshop) -> None:
        assert self.started(workshop, Launch(args=("ls",)), RunConfig()).process.cwd == "/"

    @pytest.mark.parametrize(("env", "expected"), [((), "xterm"), ((("TERM", "vt100"),), "vt100")])
    def test_a_terminal_has_a_type(self, workshop: Workshop, env: tuple[tuple[str, str], ...], expected: str) -> None:
        call = self.started(workshop, Launch(tty=True, env=env))

        assert (call.tty, dict(call.process.env)["TERM"]) == (True, expected)

    def test_the_status_is_the_processs(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["serve"] = fails(42)

        code = launch(Launch(), workshop.tree(TREE), of(CONFIG), services=workshop.services, forms=workshop.forms)

        assert code == 42

    def test_what_it_writes_is_thrown_away(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["serve"] = lambda call: call.write("new", "here")
        tree = workshop.tree(TREE)
        layers = list(workshop.store.layers.all())

        launch(Launch(), tree, of(CONFIG), services=workshop.services, forms=workshop.forms)

        workshop.store.temporary.finish_discarding()
        assert list(workshop.store.layers.all()) == layers
        assert list(workshop.store.root.rglob("new")) == []
        assert workshop.forms.view(tree).listdir("") == ["etc"]

    def test_the_hosts_certificates_are_there_if_they_are_asked_for(self, workshop: Workshop, tmp_path: Path) -> None:
        bundle = tmp_path / "ca.pem"
        bundle.write_text("HOST\n")
        workshop.host = Host(ca_bundle=bundle)
        seen: list[str | None] = []
        workshop.sandbox.acts["serve"] = lambda call: seen.append(call.read("etc/ssl/certs/ca-certificates.crt"))

        process = self.started(workshop, Launch(env=(("PIP_CERT", "/own"),))).process

        assert seen[0] is not None
        assert seen[0].startswith("HOST\n")
        assert dict(process.env)["SSL_CERT_FILE"] == "/etc/ssl/certs/ca-certificates.crt"
        assert dict(process.env)["PIP_CERT"] == "/own"

    def test_a_user_that_the_image_lacks_is_an_error(self, workshop: Workshop) -> None:
        with pytest.raises(SandboxError, match="there is no user nbody in the image's /etc/passwd"):
            self.started(workshop, Launch(user="nbody"))

    def test_without_a_command_nothing_is_fetched(self, workshop: Workshop) -> None:
        image = make_image(workshop.remote.blobs, {"a": b"1"})
        base.remember(workshop.store, image, reference="registry.example/app:1")
        tree = base.tree(workshop.store, image.digest)

        with pytest.raises(StagemillError):
            launch(Launch(), tree, of(RunConfig()), services=workshop.services, forms=workshop.forms)

        assert workshop.remote.opened == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/bin/sh", True), ("/bin/link", True), ("/bin/text", False), ("/bin", False), ("/bin/no", False)],
)
def test_a_program_is_an_executable_file_or_a_link_to_one(path: str, expected: bool) -> None:
    tree = MemoryTree(
        {
            "bin": link("usr/bin"),
            "usr/bin/sh": file("", mode=0o755),
            "usr/bin/link": link("/bin/sh"),
            "usr/bin/text": "",
        }
    )

    assert has_program(tree, path) is expected


def test_a_directory_is_no_program() -> None:
    assert not has_program(MemoryTree({"bin/sh": directory()}), "/bin/sh")


def test_variables_have_values_of_their_own_or_those_of_outside() -> None:
    outside = {"HOME": "/home/me", "TOKEN": "secret"}

    found = environment(["A=1", "B=", "C=x=y", "TOKEN", "NONE", "A=2"], outside)

    assert found == (("A", "2"), ("B", ""), ("C", "x=y"), ("TOKEN", "secret"))


@pytest.mark.parametrize("text", ["", "=value"])
def test_a_variable_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        environment([text], {})

    assert caught.value.message == f"invalid --env {text!r}: it has no name"
    assert caught.value.hint == "write -e NAME=VALUE"
