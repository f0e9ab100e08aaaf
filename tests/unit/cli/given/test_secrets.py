"""--secret, --ssh and --allow: what is read from where, and what is refused."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from stagemill.cli.given.secrets import MOST_BYTES, Ssh, agents, allowed, secrets
from stagemill.errors import StagemillError, UsageError
from stagemill.execute.agents import Agent


class TestSecrets:
    @pytest.mark.parametrize(
        ("options", "environment", "expected"),
        [
            ("src=token", {}, {"t": b"of the file"}),
            ("source=token,type=file", {}, {"t": b"of the file"}),
            ("env=V", {"V": "of V"}, {"t": b"of V"}),
            ("env=V", {}, {}),
            ("type=env", {"t": "of t"}, {"t": b"of t"}),
            ("type=env,src=V", {"V": "of V"}, {"t": b"of V"}),
            ("type=env", {}, {}),
            ("", {"t": "of t"}, {"t": b"of t"}),
            ("", {}, {"t": b"of a file t"}),
            ("type=file", {"t": "of t"}, {"t": b"of a file t"}),
            ("env=V", {"V": "\udcff"}, {"t": b"\xff"}),
            ("env=V", {"V": ""}, {"t": b""}),
        ],
    )
    def test_it_is_of_a_file_or_of_a_variable(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        options: str,
        environment: dict[str, str],
        expected: object,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "token").write_text("of the file")
        (tmp_path / "t").write_text("of a file t")

        assert secrets([f"id=t,{options}" if options else "id=t"], environment) == expected

    def test_several_are_told_apart_and_the_last_of_a_name_counts(self) -> None:
        texts = ["id=a,env=A", 'ID=b,"env=B,C"', "id=a,env=B"]

        assert secrets(texts, {"A": "1", "B": "2", "B,C": "3"}) == {"a": b"2", "b": b"3"}

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            ("src=x", "invalid --secret 'src=x': it has no id", "write --secret id=NAME,src=FILE"),
            ("token", "invalid --secret 'token': 'token' is no key=value", "write --secret id=NAME,src=FILE"),
            ("", "invalid --secret '': it has no id", "write --secret"),
            ("id=a,sorce=b", "invalid --secret 'id=a,sorce=b': unknown key 'sorce'", "did you mean source?"),
            ("id=a,zzz=b", "invalid --secret 'id=a,zzz=b': unknown key 'zzz'", "the keys are id, src, env and type"),
            ("id=a,type=x", "invalid --secret 'id=a,type=x': unknown type 'x'", "it is file or env"),
            ('id="a', "invalid --secret 'id=\"a': it has no id", "write --secret"),
        ],
    )
    def test_what_is_none_is_wrong_usage(self, text: str, message: str, hint: str) -> None:
        if text == 'id="a':
            text, message = '"id=a', "invalid --secret '\"id=a': unexpected end of data"

        with pytest.raises(UsageError) as caught:
            secrets([text], {})

        assert caught.value.message == message
        assert (caught.value.hint or "").startswith(hint)

    def test_a_file_that_is_not_there_is_told_by_its_name(self, tmp_path: Path) -> None:
        with pytest.raises(StagemillError) as caught:
            secrets([f"id=t,src={tmp_path}/none"], {})

        assert caught.value.message == f"cannot read the secret t from {tmp_path}/none: no such file or directory"
        assert caught.value.hint

    def test_one_may_have_500_kib_and_no_more(self, tmp_path: Path) -> None:
        (tmp_path / "most").write_bytes(bytes(MOST_BYTES))
        (tmp_path / "more").write_bytes(bytes(MOST_BYTES + 1))

        assert len(secrets([f"id=t,src={tmp_path}/most"], {})["t"]) == 512_000
        with pytest.raises(StagemillError) as caught:
            secrets([f"id=t,src={tmp_path}/more"], {})

        assert caught.value.message == "secret t is larger than 500 KiB"
        assert caught.value.hint


class TestAgents:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        path = tmp_path / "agent"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
        return path

    def test_it_is_the_one_of_the_environment_or_one_that_is_named(self, place: Path) -> None:
        environment = {"SSH_AUTH_SOCK": str(place)}

        assert agents(["default", "git"], environment) == {"default": Ssh(Agent(place)), "git": Ssh(Agent(place))}
        assert agents([f"git={place}", f"b={place},raw=true"], {}) == {
            "git": Ssh(Agent(place)),
            "b": Ssh(Agent(place, raw=True)),
        }
        assert agents([], environment) == {}

    @pytest.mark.parametrize("text", ["", "=x", "git=", "git=a,", "git=a,raw=maybe"])
    def test_what_is_none_is_wrong_usage(self, text: str) -> None:
        with pytest.raises(UsageError, match="invalid --ssh") as caught:
            agents([text], {})

        assert caught.value.hint == "write --ssh default, --ssh ID=SOCKET or --ssh ID=KEY,KEY"

    def test_without_an_agent_there_is_nothing_to_lend(self) -> None:
        with pytest.raises(StagemillError) as caught:
            agents(["default"], {})

        assert caught.value.message == "--ssh default: SSH_AUTH_SOCK is not set"
        assert caught.value.hint

    def test_a_socket_that_is_gone_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(StagemillError) as caught:
            agents([f"a={tmp_path}/none"], {})

        assert caught.value.message == f"--ssh a={tmp_path}/none: cannot use {tmp_path}/none: no such file or directory"
        assert caught.value.hint == "is the agent running, or the name of the key right?"

    def test_files_that_are_no_sockets_are_keys(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / name).write_text("")

        assert agents([f"a={tmp_path}/one,{tmp_path}/two"], {}) == {"a": Ssh(keys=(tmp_path / "one", tmp_path / "two"))}

    def test_keys_and_sockets_do_not_mix(self, place: Path, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("")

        for text, what in (
            (f"a={place},{tmp_path}/key", "one socket, or of keys alone"),
            (f"a={place},{place}", "one socket, or of keys alone"),
            (f"a={tmp_path}/key,raw=true", "a socket where it is raw"),
        ):
            with pytest.raises(UsageError, match=what):
                agents([text], {})


class TestAllowed:
    def test_permissions_are_named(self) -> None:
        assert allowed(["security.insecure", "network.host"]) == {"security.insecure", "network.host"}
        assert allowed([]) == frozenset()

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("security.insecur", "did you mean security.insecure?"),
            ("all", "it is one of network.host, security.insecure, device, buildx.local.delete"),
        ],
    )
    def test_what_is_none_is_wrong_usage(self, text: str, hint: str) -> None:
        with pytest.raises(UsageError) as caught:
            allowed([text])

        assert (caught.value.message, caught.value.hint) == (f"unknown permission {text!r} of --allow", hint)

    def test_devices_are_allowed_all_or_by_name(self) -> None:
        assert allowed(["device", "device=example.com/gpu=0"]) == {"device", "device=example.com/gpu=0"}

    def test_who_builds_with_the_network_of_the_machine_allows_it(self) -> None:
        assert allowed([], network="host") == {"network.host"}
        assert allowed([], network="none") == frozenset()

    def test_an_output_may_be_allowed_to_empty_a_directory(self) -> None:
        assert allowed(["buildx.local.delete"]) == {"buildx.local.delete"}

    @pytest.mark.parametrize("text", ["device=", "device=a,alias=", "device=a,alais=b", "device=a,alias=b,c=d"])
    def test_a_device_has_a_name_and_perhaps_another_one(self, text: str) -> None:
        assert allowed(["device=example.com/gpu=0,alias=gpu"]) == {"device=example.com/gpu=0,alias=gpu"}
        with pytest.raises(UsageError, match="unknown permission"):
            allowed([text])
