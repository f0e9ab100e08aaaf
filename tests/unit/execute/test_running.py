"""RUN, in a sandbox that runs nothing: what it asks for, and what becomes of what the process leaves."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from fakes.sandbox import Call, fails, writes
from fakes.tree import Node, directory, file, link
from fakes.workshop import Workshop
from stagemill import events
from stagemill.errors import CancelledError, Excerpt, SandboxError, StagemillError, StepError
from stagemill.execute import running
from stagemill.execute.progress import quiet
from stagemill.execute.running import Step, StepLog, hosts_file, read_text, run
from stagemill.execute.services import Host
from stagemill.execute.tree import Tree
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Label, Vertex
from stagemill.oci.platform import Platform
from stagemill.sandbox.emulators import Emulator
from stagemill.sandbox.process import Bind, Credentials

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

BASE: dict[str, Node | str] = {
    "": directory(mode=0o751, mtime_ns=5_000_000_000),
    "etc": directory(mode=0o755, mtime_ns=5_000_000_000),
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\n",
    "etc/group": "node:x:1001:\naudio:x:29:node\n",
    "etc/motd": "hello",
}
AT = Excerpt("Dockerfile", 3, 1, 8, "RUN make")
OP = Run(args=("/bin/sh", "-c", "make"), env=(("PATH", "/bin"),), cwd="/src", user="")


def made(workshop: Workshop, op: Run = OP, *, parent: Tree | None = None, cancelled: Event | None = None) -> Tree:
    vertex = Vertex(op, (), Label("[1/1] RUN make", "0", AT))
    step = Step(vertex, quiet, cancelled or Event())
    return run(op, parent or workshop.tree(BASE), services=workshop.services, forms=workshop.forms, step=step)


def only_call(workshop: Workshop) -> Call:
    (call,) = workshop.sandbox.calls
    return call


class TestProcess:
    def test_it_has_the_words_of_the_instruction(self, workshop: Workshop) -> None:
        made(workshop)

        process = only_call(workshop).process
        assert (process.args, process.env, process.cwd, process.umask) == (OP.args, OP.env, "/src", 0o022)

    @pytest.mark.parametrize(
        ("user", "expected"),
        [
            ("", Credentials(0, 0, (0,), "/root")),
            ("node", Credentials(1000, 1001, (1001, 29), "/home/node")),
            ("node:audio", Credentials(1000, 29, (29,), "/home/node")),
            ("7", Credentials(7, 0, (0,), "/")),
        ],
    )
    def test_a_user_is_looked_up_in_the_tree(self, workshop: Workshop, user: str, expected: Credentials) -> None:
        made(workshop, replace(OP, user=user))

        assert only_call(workshop).process.credentials == expected

    def test_a_user_that_the_tree_lacks_is_an_error(self, workshop: Workshop) -> None:
        with pytest.raises(SandboxError, match="there is no user nobody"):
            made(workshop, replace(OP, user="nobody"))

    def test_the_user_is_found_through_links_inside_the_tree(self, workshop: Workshop) -> None:
        parent = workshop.tree({"etc/passwd": link("/usr/passwd"), "usr/passwd": "me:x:5:6::/me:\n"})

        made(workshop, replace(OP, user="me"), parent=parent)

        assert only_call(workshop).process.credentials.uid == 5

    def test_a_passwd_without_end_is_refused(self, workshop: Workshop) -> None:
        parent = workshop.tree({"etc/passwd": ""})
        with (workshop.forms.directories(parent)[0] / "etc/passwd").open("wb") as endless:
            endless.truncate(11 << 20)

        with pytest.raises(StagemillError) as caught:
            made(workshop, parent=parent)

        assert caught.value.message == "/etc/passwd of the image is larger than 10 MiB"
        assert caught.value.hint

    def test_hosts_and_resolv_conf_are_made_for_it(self, workshop: Workshop) -> None:
        workshop.host = Host("nameserver 192.0.2.1\n")

        made(workshop, replace(OP, extra_hosts=("192.0.2.9\tdb",)))

        process = only_call(workshop).process
        assert process.hosts == (
            "127.0.0.1\tlocalhost stagemill\n::1\tlocalhost ip6-localhost ip6-loopback\n192.0.2.9\tdb\n"
        )
        assert (process.hostname, process.resolv_conf) == ("stagemill", "nameserver 192.0.2.1\n")

    def test_a_host_name_of_its_own_is_in_hosts_too(self, workshop: Workshop) -> None:
        made(workshop, replace(OP, hostname="mill"))

        process = only_call(workshop).process
        assert process.hostname == "mill"
        assert process.hosts == hosts_file("mill", ())
        assert "localhost mill\n" in process.hosts

    @pytest.mark.parametrize(("network", "expected"), [("default", "host"), ("host", "host"), ("none", "none")])
    def test_it_has_the_network_of_this_machine_or_none(self, workshop: Workshop, network: str, expected: str) -> None:
        made(workshop, replace(OP, network=network))  # type: ignore[arg-type]

        assert only_call(workshop).process.network == expected

    def test_proxy_arguments_are_in_its_environment_unless_the_image_sets_them(self, workshop: Workshop) -> None:
        proxy = (("HTTP_PROXY", "http://proxy"), ("PATH", "/never"))

        made(workshop, replace(OP, proxy=proxy))

        assert only_call(workshop).process.env == (("PATH", "/bin"), ("HTTP_PROXY", "http://proxy"))

    def test_a_script_is_a_file_that_it_can_execute(self, workshop: Workshop) -> None:
        found: list[tuple[str, int]] = []

        def look(call: Call) -> None:
            (bind,) = call.process.mounts
            assert isinstance(bind, Bind)
            assert (bind.target, bind.read_only) == ("/dev/pipes/EOF", True)
            found.append((bind.source.read_text(), stat.S_IMODE(bind.source.stat().st_mode)))

        workshop.sandbox.acts["/dev/pipes/EOF"] = look

        made(workshop, replace(OP, args=("/dev/pipes/EOF",), script=("EOF", "#!/bin/sh\necho hi\n")))

        assert found == [("#!/bin/sh\necho hi\n", 0o755)]


class TestTree:
    def test_what_it_writes_is_a_layer_on_top(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["make"] = writes("out/app", "binary")
        parent = workshop.tree(BASE)

        tree = made(workshop, parent=parent)

        assert tree.layers[:-1] == parent.layers
        assert workshop.layer(tree) == {"out": "dir 0755 0:0", "out/app": "file 0644 0:0 =binary"}

    def test_it_sees_the_layers_of_its_parent_the_lowest_first(self, workshop: Workshop) -> None:
        parent = workshop.tree({"etc/motd": "other"}, on=workshop.tree(BASE))

        made(workshop, parent=parent)

        assert only_call(workshop).rootfs.lower == workshop.forms.directories(parent)

    def test_a_process_that_changes_nothing_leaves_an_empty_layer(self, workshop: Workshop) -> None:
        def touch(call: Call) -> None:
            assert call.rootfs.upper
            (call.rootfs.upper / "etc").mkdir(mode=0o755)  # as overlayfs copies a directory up

        workshop.sandbox.acts["make"] = touch

        assert workshop.layer(made(workshop)) == {}

    def test_the_root_of_the_layer_is_like_that_of_the_tree(self, workshop: Workshop) -> None:
        found: list[tuple[int, int]] = []

        def look(call: Call) -> None:
            assert call.rootfs.upper
            status = call.rootfs.upper.stat()
            found.append((stat.S_IMODE(status.st_mode), status.st_mtime_ns))

        workshop.sandbox.acts["make"] = look

        made(workshop)

        assert found == [(0o751, 5_000_000_000)]


class TestPlatform:
    def test_a_process_of_this_machine_has_no_emulator(self, workshop: Workshop) -> None:
        made(workshop, replace(OP, platform=str(Platform.local())))

        assert only_call(workshop).process.emulators == ()

    def test_another_platform_s_has_what_is_found_where_programs_are(
        self, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workshop.host = Host(search="/here:/there")
        asked: list[tuple[Platform, str]] = []
        found = (Emulator("s390x", tmp_path),)

        def needed(platform: Platform, *, search: str) -> tuple[Emulator, ...]:
            asked.append((platform, search))
            return found

        monkeypatch.setattr(running, "needed", needed)

        made(workshop, replace(OP, platform="linux/s390x"))

        assert asked == [(Platform("linux", "s390x"), "/here:/there")]
        assert only_call(workshop).process.emulators == found


class TestFailure:
    def test_the_error_says_what_ended_how_and_where(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["make"] = fails(2, saying="no rule\n")

        with pytest.raises(StepError) as caught:
            made(workshop)

        error = caught.value
        assert error.message == 'process "/bin/sh -c make" did not complete successfully: exit code: 2'
        assert (error.process_exit_code, error.tail, error.at, error.hint) == (2, "no rule", AT, None)

    @pytest.mark.parametrize(
        ("code", "hint"),
        [
            (127, "a program was not found: is it installed in this stage, and in PATH?"),
            (137, "the process was killed with SIGKILL, often because memory ran out"),
        ],
    )
    def test_codes_that_say_more_have_a_hint(self, workshop: Workshop, code: int, hint: str) -> None:
        workshop.sandbox.acts["make"] = fails(code)

        with pytest.raises(StepError) as caught:
            made(workshop)

        assert caught.value.hint == hint

    @pytest.mark.parametrize("code", [132, 134, 139])
    def test_a_crash_in_an_emulator_may_be_the_emulators(
        self, workshop: Workshop, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workshop.sandbox.acts["make"] = fails(code)
        emulators = (Emulator("s390x", tmp_path),)
        monkeypatch.setattr(running, "needed", lambda platform, **_: emulators if platform.architecture != "x" else ())

        for platform, hint in ("linux/s390x", "it is linux/s390x's, and ran in an emulator"), ("linux/x", None):
            with pytest.raises(StepError) as caught:
                made(workshop, replace(OP, platform=platform))
            assert (caught.value.hint or "").startswith(hint or "")
            assert bool(caught.value.hint) == bool(hint)

    def test_of_a_command_of_several_lines_the_first_is_shown(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["one\ntwo"] = fails(1)

        with pytest.raises(StepError, match='process "sh -c one …" did not'):
            made(workshop, replace(OP, args=("sh", "-c", "one\ntwo")))

    def test_of_a_script_its_name_is_shown(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["/dev/pipes/EOF"] = fails(1)

        with pytest.raises(StepError, match='process "EOF" did not'):
            made(workshop, replace(OP, args=("/dev/pipes/EOF",), script=("EOF", "#!/bin/sh\nexit 1\n")))

    def test_the_log_has_all_of_the_output(self, workshop: Workshop) -> None:
        lines = [f"line {number}\n" for number in range(100)]
        workshop.sandbox.acts["make"] = fails(1, saying="".join(lines))

        with pytest.raises(StepError) as caught:
            made(workshop)

        assert caught.value.log
        assert Path(caught.value.log).read_text() == "".join(lines)
        assert caught.value.tail.splitlines() == [f"line {number}" for number in range(80, 100)]

    def test_a_process_that_dies_because_the_build_was_stopped_is_no_failure(self, workshop: Workshop) -> None:
        cancelled = Event()

        def stopped(_call: Call) -> int:
            cancelled.set()
            return 143

        workshop.sandbox.acts["make"] = stopped

        with pytest.raises(CancelledError, match="the build was stopped"):
            made(workshop, cancelled=cancelled)

    def test_a_process_that_was_done_by_then_is_kept(self, workshop: Workshop) -> None:
        cancelled = Event()

        def finished(call: Call) -> None:
            call.write("app", "binary")
            cancelled.set()

        workshop.sandbox.acts["make"] = finished

        assert workshop.layer(made(workshop, cancelled=cancelled)) == {"app": "file 0644 0:0 =binary"}


class TestOutput:
    def test_output_is_reported_as_it_comes(self, workshop: Workshop) -> None:
        def speak(call: Call) -> None:
            call.say("one\n")
            call.say("two", stream="stderr")

        workshop.sandbox.acts["make"] = speak

        made(workshop)

        assert [(event.stream, event.data) for event in workshop.events(events.Output)] == [
            ("stdout", b"one\n"),
            ("stderr", b"two"),
        ]

    def test_the_log_of_an_earlier_run_is_replaced(self, workshop: Workshop) -> None:
        for text in ("a longer text than the second\n", "second\n"):
            workshop.sandbox.acts["make"] = fails(1, saying=text)
            with pytest.raises(StepError):
                made(workshop)

        (log,) = (workshop.store.root / "logs").iterdir()
        assert log.read_text() == "second\n"


class TestStepLog:
    @pytest.fixture
    def log(self, tmp_path: Path) -> Iterator[StepLog]:
        path = tmp_path / "log"
        with path.open("wb") as out:
            yield StepLog(out.fileno(), path, tell=lambda _stream, _data: None)

    def test_a_line_may_come_in_pieces(self, log: StepLog) -> None:
        for piece in (b"on", b"e\ntw", b"o\n", b"thr"):
            log.write("stdout", piece)

        assert log.tail == "one\ntwo\nthr"

    def test_an_endless_line_is_kept_by_its_end(self, log: StepLog) -> None:
        for _ in range(3):
            log.write("stdout", b"x" * 4000)
        log.write("stdout", b"end\nnext\n")

        first, second = log.tail.splitlines()
        assert (len(first), first[-4:], second) == (4096, "xend", "next")

    def test_line_ends_of_other_systems_and_broken_bytes_do_no_harm(self, log: StepLog) -> None:
        log.write("stdout", b"dos\r\n\xff\xfe\n")

        assert log.tail == "dos\n\ufffd\ufffd"

    def test_without_output_there_is_no_tail(self, log: StepLog) -> None:
        assert log.tail == ""


class TestHostCertificates:
    @pytest.fixture
    def bundle(self, workshop: Workshop) -> Path:
        path = workshop.root / "host.pem"
        path.write_text("HOST\n")
        workshop.host = Host(ca_bundle=path)
        return path

    @pytest.mark.usefixtures("bundle")
    def test_the_process_finds_the_hosts_certificates_where_the_images_are(self, workshop: Workshop) -> None:
        seen: list[str | None] = []
        workshop.sandbox.acts["make"] = lambda call: seen.append(call.read("etc/ssl/certs/ca-certificates.crt"))
        parent = workshop.tree({**BASE, "etc/ssl/certs/ca-certificates.crt": "IMAGE\n"})

        tree = made(workshop, parent=parent)

        assert seen[0] is not None
        assert seen[0].startswith("HOST\n")
        assert workshop.layer(tree) == {}

    @pytest.mark.usefixtures("bundle")
    def test_variables_name_them_unless_the_image_sets_them(self, workshop: Workshop) -> None:
        made(workshop, replace(OP, env=(("PIP_CERT", "/own"),)))

        env = dict(only_call(workshop).process.env)
        assert env["SSL_CERT_FILE"] == "/etc/ssl/certs/ca-certificates.crt"
        assert env["PIP_CERT"] == "/own"

    @pytest.mark.usefixtures("bundle")
    def test_a_bundle_that_the_process_copied_up_never_lands_in_the_layer(self, workshop: Workshop) -> None:
        def chmod(call: Call) -> None:
            text = call.read("etc/ssl/certs/ca-certificates.crt")
            assert text
            call.write("etc/ssl/certs/ca-certificates.crt", text)

        workshop.sandbox.acts["make"] = chmod

        assert workshop.layer(made(workshop)) == {}

    @pytest.mark.usefixtures("bundle")
    def test_an_image_that_installs_a_bundle_of_its_own_keeps_it(self, workshop: Workshop) -> None:
        workshop.sandbox.acts["make"] = writes("etc/ssl/certs/ca-certificates.crt", "HOST\n")

        layer = workshop.layer(made(workshop))

        assert layer["etc/ssl/certs/ca-certificates.crt"] == "file 0644 0:0 =HOST\n"

    def test_without_the_flag_nothing_is_added(self, workshop: Workshop) -> None:
        made(workshop)

        call = only_call(workshop)
        assert (len(call.rootfs.lower), dict(call.process.env)) == (1, {"PATH": "/bin"})


def test_a_text_that_is_no_file_is_empty(workshop: Workshop) -> None:
    view = workshop.forms.view(workshop.tree({"etc/passwd": directory(), "etc/link": link("nowhere"), "f": file("x")}))

    assert [read_text(view, path) for path in ("etc/passwd", "etc/link", "etc/none", "f")] == ["", "", "", "x"]
