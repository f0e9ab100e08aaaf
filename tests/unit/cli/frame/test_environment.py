"""What the program takes from its surroundings."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from stagemill.cli.frame import environment
from stagemill.cli.frame.environment import Workplace, ca_bundle, config_path, store_root, workplace
from stagemill.errors import StagemillError, UsageError
from stagemill.sources.policy import Policy
from stagemill.store.store import Store

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="others would enter a user namespace")


class TestStoreRoot:
    @pytest.mark.parametrize(
        ("variables", "root", "expected"),
        [
            ({"STAGEMILL_ROOT": "/here", "HOME": "/home/me"}, True, "/here"),
            ({"STAGEMILL_ROOT": "/here", "HOME": "/home/me"}, False, "/here"),
            ({"HOME": "/root"}, True, "/var/lib/stagemill"),
            ({"HOME": "/root", "XDG_DATA_HOME": "/data"}, True, "/var/lib/stagemill"),
            ({"HOME": "/home/me"}, False, "/home/me/.local/share/stagemill"),
            ({"HOME": "/home/me", "XDG_DATA_HOME": "/data"}, False, "/data/stagemill"),
            ({}, False, "/.local/share/stagemill"),
            ({"STAGEMILL_ROOT": "", "HOME": "/home/me"}, False, "/home/me/.local/share/stagemill"),
        ],
    )
    def test_it_is_where_the_environment_says(self, variables: dict[str, str], root: bool, expected: str) -> None:
        assert store_root(variables, root=root) == Path(expected)

    def test_a_relative_one_is_from_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

        assert store_root({"STAGEMILL_ROOT": "store"}, root=True) == tmp_path / "store"


class TestConfigPath:
    @pytest.mark.parametrize(
        ("variables", "root", "expected"),
        [
            ({"STAGEMILL_CONFIG": "/here.toml"}, True, "/here.toml"),
            ({"HOME": "/home/me"}, False, "/home/me/.config/stagemill/config.toml"),
            ({"HOME": "/home/me", "XDG_CONFIG_HOME": "/config"}, False, "/config/stagemill/config.toml"),
            ({"HOME": "/root", "XDG_CONFIG_HOME": "/config"}, True, "/config/stagemill/config.toml"),
        ],
    )
    def test_it_is_where_the_environment_says(self, variables: dict[str, str], root: bool, expected: str) -> None:
        assert config_path(variables, root=root) == Path(expected)


class TestPolicy:
    def place(self, tmp_path: Path, **variables: str) -> Workplace:
        return Workplace(Store.open(tmp_path / "store"), tmp_path / "config.toml", variables)

    def test_without_one_everything_is_allowed(self, tmp_path: Path) -> None:
        assert self.place(tmp_path).policy is None
        assert self.place(tmp_path, EXPERIMENTAL_BUILDKIT_SOURCE_POLICY="").policy is None

    def test_it_is_the_file_that_the_environment_names(self, tmp_path: Path) -> None:
        file = tmp_path / "policy.json"
        file.write_text('{"rules": [{"action": "DENY", "selector": {"identifier": "*"}}]}')

        policy = self.place(tmp_path, EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=str(file)).policy
        assert isinstance(policy, Policy)
        (rule,) = policy.rules

        assert str(rule) == f'rule 1 of {file}, DENY "*"'

    def test_one_that_cannot_be_read_is_wrong_usage(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            _ = self.place(tmp_path, EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=str(tmp_path / "none")).policy

        assert caught.value.message == f"cannot read the source policy {tmp_path}/none: no such file or directory"
        assert caught.value.hint == (
            "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY names it: correct the path, or unset the variable"
        )


class TestBundle:
    def test_nobody_asked_for_one(self) -> None:
        assert ca_bundle(None) is None

    def test_a_file_that_is_named_is_made_absolute(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "ca.pem").touch()
        monkeypatch.chdir(tmp_path)

        assert ca_bundle("ca.pem") == tmp_path / "ca.pem"

    @pytest.mark.parametrize("name", ["none.pem", "."])
    def test_what_is_no_file_is_wrong_usage(self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

        with pytest.raises(UsageError) as caught:
            ca_bundle(name)

        assert caught.value.message == f"--host-ca: there is no file {name}"
        assert caught.value.hint == "name a file with CA certificates in PEM form"

    def test_this_machines_is_the_first_that_there_is(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        places = [tmp_path / name for name in ("none.pem", "second.pem", "third.pem")]
        for place in places[1:]:
            place.touch()
        monkeypatch.setattr(environment, "CA_BUNDLES", tuple(map(str, places)))

        assert ca_bundle("auto") == places[1]

    def test_a_machine_without_one_is_told_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(environment, "CA_BUNDLES", ("/nowhere/ca.pem",))

        with pytest.raises(UsageError) as caught:
            ca_bundle("auto")

        assert caught.value.message == "--host-ca: this machine has no CA bundle at the usual places"
        assert caught.value.hint == "install ca-certificates, or name the file with --host-ca=FILE"


class TestWorkplace:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Workplace:
        with Store.open(tmp_path / "store") as store:
            return Workplace(store, tmp_path / "config.toml", {"HOME": str(tmp_path)})

    def test_its_registry_client_is_made_once_and_only_if_it_is_needed(self, place: Workplace) -> None:
        place.hang_up()
        made = "registry" in place.__dict__

        assert (made, place.registry is place.registry) == (False, True)

    def test_a_configuration_that_cannot_be_read_is_told(self, place: Workplace) -> None:
        place.config.mkdir()

        with pytest.raises(StagemillError) as caught:
            _ = place.registry

        assert caught.value.message == f"cannot read {place.config}: Is a directory"
        assert caught.value.hint == "make it readable, or remove it"

    def test_the_host_has_the_resolv_conf_of_this_machine(self, place: Workplace) -> None:
        found = Path("/etc/resolv.conf")

        host = place.host(None)

        assert host.ca_bundle is None
        assert host.resolv_conf == (found.read_text() if found.exists() else "")

    def test_services_have_the_store_and_the_contexts(self, place: Workplace) -> None:
        with place.services() as services:
            assert (services.store, dict(services.contexts), services.host.ca_bundle) == (place.store, {}, None)


@needs_root
@pytest.mark.root
class TestOpening:
    @pytest.mark.usefixtures("folder")
    def test_the_store_is_made_where_it_belongs(self, tmp_path: Path) -> None:
        with workplace() as place:
            assert place.store.root == tmp_path / "store"
            assert place.config == tmp_path / "config.toml"

        assert (tmp_path / "store/state.sqlite").exists()

    @pytest.mark.usefixtures("folder")
    def test_signals_are_as_before_when_it_is_left(self) -> None:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

        with workplace():
            within = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
        assert within != before

    @pytest.mark.usefixtures("folder")
    def test_ctrl_c_is_an_interrupt_within(self) -> None:
        with pytest.raises(KeyboardInterrupt), workplace():
            signal.raise_signal(signal.SIGINT)

    @pytest.mark.usefixtures("folder")
    def test_another_system_than_linux_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(environment, "platform_is_linux", lambda: False)

        with pytest.raises(StagemillError) as caught, workplace():
            pass

        assert caught.value.message == "stagemill builds images on Linux only"
        assert caught.value.hint == "run it in a Linux virtual machine"
