"""Credentials from docker's config.json and its helper programs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stagemill.errors import RegistryError
from stagemill.registry.credentials import Credentials
from stagemill.registry.logins import Logins

Docker = Callable[[object], Logins]
Helper = Callable[[str, str], Path]
HUB = "https://index.docker.io/v1/"


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    def write(document: object) -> Logins:
        (tmp_path / "config.json").write_text(document if isinstance(document, str) else json.dumps(document))
        return Logins.of({"DOCKER_CONFIG": str(tmp_path)})

    return write


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Helper:
    """Puts a program on the PATH that notes what it is asked, and answers with a script's last words."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def write(name: str, script: str) -> Path:
        program = folder / f"docker-credential-{name}"
        program.write_text(f'#!/bin/sh\necho "$1 $(cat)" >> {tmp_path}/asked\n{script}\n')
        program.chmod(0o755)
        return tmp_path / "asked"

    return write


def test_a_missing_file_has_no_credentials(tmp_path: Path) -> None:
    assert Logins.of({"HOME": str(tmp_path)})("a.example") is None


def test_the_file_is_looked_for_in_the_home_directory(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": {"a.example": {"auth": packed("me:pw")}}}))

    found = Logins.of({"HOME": str(tmp_path)})("a.example")

    assert found == Credentials("me", "pw")


@pytest.mark.parametrize("key", ["a.example:5000", "https://a.example:5000", "https://a.example:5000/v1/"])
def test_a_login_is_found_under_the_names_that_docker_gives_it(docker: Docker, key: str) -> None:
    credentials = docker({"auths": {"other.example": {}, key: {"auth": packed("me:p:w")}}})

    assert credentials("a.example:5000") == Credentials("me", "p:w")
    assert credentials("a.example") is None


def test_a_login_for_a_part_of_a_registry_is_not_used_for_the_rest(docker: Docker) -> None:
    credentials = docker({"auths": {"a.example/team": {"auth": packed("me:pw")}}})

    assert credentials("a.example") is None


def test_docker_io_has_a_name_of_its_own(docker: Docker) -> None:
    credentials = docker({"auths": {HUB: {"auth": packed("me:pw")}}})

    assert credentials("docker.io") == Credentials("me", "pw")


def test_the_longest_name_of_a_repository_counts(docker: Docker) -> None:
    credentials = docker(
        {
            "auths": {
                "a.example": {"auth": packed("all:pw")},
                "a.example/team": {"auth": packed("team:pw")},
                "a.example/team/app": {"auth": packed("app:pw")},
                "docker.io/library": {"auth": packed("hub:pw")},
            }
        }
    )
    places = ["a.example/team/app", "a.example/team/other/deep", "a.example/teams", "a.example", "docker.io/library/x"]

    found = [credentials(place) for place in places]

    assert [one and one.username for one in found] == ["app", "team", "all", "all", "hub"]


class TestPlaces:
    """Where files of logins are looked for, and which counts more."""

    def write(self, path: Path, name: str, *, host: str = "a.example") -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"auths": {host: {"auth": packed(f"{name}:pw")}}}))
        return str(path)

    def test_docker_s_file_comes_before_those_of_the_containers_tools(self, tmp_path: Path) -> None:
        environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
        self.write(tmp_path / ".docker/config.json", "docker")
        self.write(tmp_path / "run/containers/auth.json", "run")
        self.write(tmp_path / ".config/containers/auth.json", "config", host="b.example")
        logins = Logins.of(environment)

        found = [logins(host) for host in ("a.example", "b.example", "c.example")]

        assert found == [Credentials("docker", "pw"), Credentials("config", "pw"), None]

    def test_without_a_directory_of_the_session_there_is_one_of_the_user(self) -> None:
        found = [str(file.path) for file in Logins.of({"HOME": "/home/me"}, user=1000).files]

        assert found == [
            "/home/me/.docker/config.json",
            "/run/containers/1000/auth.json",
            "/home/me/.config/containers/auth.json",
        ]

    @pytest.mark.parametrize("variable", ["REGISTRY_AUTH_FILE", "DOCKER_CONFIG"])
    def test_a_file_that_is_named_is_the_only_one(self, tmp_path: Path, variable: str) -> None:
        named = self.write(tmp_path / "named/config.json", "named", host="b.example")
        self.write(tmp_path / ".docker/config.json", "docker")
        value = named if variable == "REGISTRY_AUTH_FILE" else str(tmp_path / "named")

        logins = Logins.of({"HOME": str(tmp_path), variable: value})

        assert (logins("a.example"), logins("b.example")) == (None, Credentials("named", "pw"))

    def test_the_flag_comes_before_the_variables(self, tmp_path: Path) -> None:
        flag = self.write(tmp_path / "flag", "flag")
        variable = self.write(tmp_path / "variable", "variable")
        text = json.dumps({"auths": {"a.example": {"auth": packed("text:pw")}}})
        environment = {"REGISTRY_AUTH_FILE": variable, "DOCKER_AUTH_CONFIG": text}

        assert Logins.of(environment, flag)("a.example") == Credentials("flag", "pw")
        assert Logins.of(environment)("a.example") == Credentials("text", "pw")
        assert Logins.of({"REGISTRY_AUTH_FILE": variable})("a.example") == Credentials("variable", "pw")

    def test_what_the_variable_does_not_have_is_in_the_files(self, tmp_path: Path) -> None:
        self.write(tmp_path / ".docker/config.json", "docker")
        text = json.dumps({"auths": {"b.example": {"auth": packed("text:pw")}}})

        assert Logins.of({"HOME": str(tmp_path), "DOCKER_AUTH_CONFIG": text})("a.example") == Credentials(
            "docker", "pw"
        )

    def test_a_broken_variable_is_told_by_its_name(self) -> None:
        with pytest.raises(RegistryError) as caught:
            Logins.of({"DOCKER_AUTH_CONFIG": "c2VjcmV0"})("a.example")

        assert caught.value.message.startswith("cannot read the credentials in $DOCKER_AUTH_CONFIG: the variable is no")
        assert "c2VjcmV0" not in caught.value.message


def test_names_passwords_and_tokens_may_stand_alone(docker: Docker) -> None:
    credentials = docker(
        {
            "auths": {
                "a.example": {"username": "me", "password": "pw"},
                "b.example": {"identitytoken": "id"},
                "c.example": {"registrytoken": "reg"},
                "d.example": {},
            }
        }
    )

    found = [credentials(f"{letter}.example") for letter in "abcd"]

    assert found == [
        Credentials("me", "pw"),
        Credentials(identity_token="id"),
        Credentials(registry_token="reg"),
        None,
    ]


def test_secrets_are_not_shown() -> None:
    assert "pw" not in repr(Credentials("me", "pw", "pw", "pw"))


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("{", "the file is no JSON"),
        ({"auths": {"a.example": {"auth": "***"}}}, "'auth' of 'a.example' is no base64"),
        ({"auths": {"a.example": {"auth": packed("me")}}}, "'auth' of 'a.example' is no name and password"),
        ({"auths": []}, "'auths' is no object"),
        ({"auths": {"a.example": "hush-hush"}}, "'a.example' is no object"),
        ({"auths": {"a.example": {"password": ["hush-hush"]}}}, "'password' is no string"),
        ({"auths": {"a.example": {"identitytoken": ["hush-hush"]}}}, "'identitytoken' is no string"),
        ({"credsStore": "../../bin/x"}, "'../../bin/x' is no name of a helper program"),
        ({"credHelpers": {"a.example": 1}}, "'credHelpers' holds 'a.example': 1, not a string"),
    ],
)
def test_a_broken_file_is_told_with_its_remedy(docker: Docker, document: object, why: str) -> None:
    with pytest.raises(RegistryError) as caught:
        docker(document)("a.example")

    assert "cannot read the credentials in " in caught.value.message
    assert why in caught.value.message
    assert "hush-hush" not in caught.value.message
    assert "correct the file, or remove it and run stagemill login" in str(caught.value.hint)


def test_a_helper_is_asked_once_per_host(docker: Docker, helper: Helper) -> None:
    asked = helper("vault", """echo '{"ServerURL":"x","Username":"me","Secret":"pw"}'""")
    credentials = docker({"credHelpers": {"a.example": "vault"}})

    found = [credentials("a.example"), credentials("a.example"), credentials("b.example")]

    assert found == [Credentials("me", "pw"), Credentials("me", "pw"), None]
    assert asked.read_text() == "get a.example\n"


def test_a_store_is_asked_for_every_host_without_a_helper(docker: Docker, helper: Helper) -> None:
    asked = helper("desktop", """echo '{"Username":"me","Secret":"pw"}'""")
    credentials = docker({"credsStore": "desktop", "auths": {HUB: {}}})

    assert credentials("docker.io") == Credentials("me", "pw")
    assert asked.read_text() == f"get {HUB}\n"


def test_a_helper_may_give_a_token(docker: Docker, helper: Helper) -> None:
    helper("vault", """echo '{"Username":"<token>","Secret":"id"}'""")

    found = docker({"credHelpers": {"a.example": "vault"}})("a.example")

    assert found == Credentials(identity_token="id")


def test_what_a_helper_does_not_know_may_be_in_the_file(docker: Docker, helper: Helper) -> None:
    helper("vault", "echo credentials not found in native keychain; exit 1")

    found = docker({"credsStore": "vault", "auths": {"a.example": {"auth": packed("me:pw")}}})("a.example")

    assert found == Credentials("me", "pw")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo the vault is locked; exit 1", "did not give the credentials of a.example: the vault is locked"),
        ("exit 2", "did not give the credentials of a.example: no reason given"),
        ("echo nonsense", "the answer of docker-credential-vault is no JSON"),
    ],
)
def test_a_helper_that_fails_is_told(docker: Docker, helper: Helper, script: str, message: str) -> None:
    helper("vault", script)

    with pytest.raises(RegistryError) as caught:
        docker({"credHelpers": {"a.example": "vault"}})("a.example")

    assert message in caught.value.message
    assert caught.value.hint


def test_a_helper_that_is_not_there_is_named(docker: Docker) -> None:
    with pytest.raises(RegistryError) as caught:
        docker({"credsStore": "no-such-store"})("a.example")

    program = "docker-credential-no-such-store"
    assert caught.value.message == f"docker's config.json names {program}, which is not there"
    assert caught.value.hint == f"install {program}, or remove it from docker's config.json"
