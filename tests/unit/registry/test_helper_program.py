"""Programs that keep logins: what they are asked, and that no secret is in their arguments or in a message."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from stagemill.errors import RegistryError
from stagemill.registry.credentials import HUB, Credentials
from stagemill.registry.helper_program import HelperProgram
from stagemill.registry.login_file import LoginFile

ALICE = Credentials("alice", "hush-hush")
Install: TypeAlias = Callable[[str], Path]

KEEPER = """#!/usr/bin/python3
import json, pathlib, sys
vault = pathlib.Path(sys.argv[0]).with_suffix(".vault")
known = json.loads(vault.read_text()) if vault.exists() else {}
text = sys.stdin.read()
with vault.with_suffix(".calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "store":
    given = json.loads(text)
    known[given["ServerURL"]] = given
elif sys.argv[1] == "list":
    print(json.dumps({server: one["Username"] for server, one in known.items()}))
elif text not in known:
    print("credentials not found in native keychain")
    sys.exit(1)
elif sys.argv[1] == "get":
    print(json.dumps(known[text]))
else:
    del known[text]
vault.write_text(json.dumps(known))
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts `docker-credential-vault` on the PATH; where its vault is."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def write(script: str) -> Path:
        program = tmp_path / "docker-credential-vault"
        program.write_text(script)
        program.chmod(0o755)
        return program.with_suffix(".vault")

    return write


def config(tmp_path: Path, document: Any) -> LoginFile:
    (tmp_path / "config.json").write_text(json.dumps(document))
    return LoginFile(tmp_path / "config.json")


@pytest.mark.parametrize("given", [ALICE, Credentials(identity_token="id")])
def test_what_it_keeps_it_gives_again(install: Install, given: Credentials) -> None:
    install(KEEPER)
    vault = HelperProgram("vault")

    vault.store("a.example", given)

    assert (vault.get("a.example"), vault.get("b.example"), vault.servers()) == (given, None, ("a.example",))
    assert (vault.erase("a.example"), vault.erase("a.example"), vault.servers()) == (True, False, ())


def test_a_secret_is_in_none_of_its_arguments(install: Install) -> None:
    vault = install(KEEPER)

    HelperProgram("vault").store("a.example", ALICE)

    assert vault.with_suffix(".calls").read_text() == "store\n"
    assert json.loads(vault.read_text())["a.example"]["Secret"] == "hush-hush"


@pytest.mark.parametrize("verb", ["get", "store", "erase", "list"])
def test_where_it_fails_its_words_are_told_without_the_secret(install: Install, verb: str) -> None:
    install('#!/bin/sh\necho "no room for $(cat)" >&2; exit 1\n')
    vault = HelperProgram("vault")
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: vault.get("a.example"),
        "store": lambda: vault.store("a.example", ALICE),
        "erase": lambda: vault.erase("a.example"),
        "list": vault.servers,
    }

    with pytest.raises(RegistryError) as caught:
        calls[verb]()

    assert caught.value.message.startswith("docker-credential-vault did not ")
    assert "no room for " in caught.value.message
    assert "hush-hush" not in caught.value.message
    assert caught.value.hint == "install docker-credential-vault, or remove it from docker's config.json"


class TestFiles:
    """What a file of logins says of helper programs is done."""

    def test_a_store_keeps_the_secret_and_the_file_only_the_name(self, install: Install, tmp_path: Path) -> None:
        vault = install(KEEPER)
        file = config(tmp_path, {"credsStore": "vault"})

        helper = file.keep("docker.io", ALICE)

        assert helper == HelperProgram("vault")
        assert json.loads(file.path.read_text()) == {"credsStore": "vault", "auths": {HUB: {}}}
        assert json.loads(vault.read_text())[HUB]["Secret"] == "hush-hush"
        assert LoginFile(file.path).find("docker.io") == ALICE

    def test_a_helper_is_for_its_host_alone(self, install: Install, tmp_path: Path) -> None:
        vault = install(KEEPER)
        file = config(tmp_path, {"credHelpers": {"a.example": "vault"}})

        kept = [file.keep(host, ALICE) for host in ("a.example", "b.example")]

        assert kept == [HelperProgram("vault"), None]
        assert list(json.loads(vault.read_text())) == ["a.example"]

    def test_what_is_forgotten_is_in_neither(self, install: Install, tmp_path: Path) -> None:
        vault = install(KEEPER)
        file = config(tmp_path, {"credsStore": "vault"})
        file.keep("a.example", ALICE)

        assert (file.places(), file.forget("a.example"), file.forget("a.example")) == (("a.example",), True, False)
        assert json.loads(vault.read_text()) == {}
        assert json.loads(file.path.read_text()) == {"credsStore": "vault", "auths": {}}
