"""Keeping logins in a file, and taking them out of it."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stagemill.errors import RegistryError
from stagemill.registry.credentials import HUB, Credentials
from stagemill.registry.login_file import LoginFile, place_of

ALICE = Credentials("alice", "pa:ss")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder/config.json"


def written(path: Path) -> Any:
    return json.loads(path.read_text())


def test_what_is_kept_is_found_again(path: Path) -> None:
    LoginFile(path).keep("a.example:5000", ALICE)

    assert LoginFile(path).find("a.example:5000") == ALICE
    assert LoginFile(path).find("a.example") is None


def test_the_file_looks_as_docker_writes_it_and_is_for_its_owner_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        LoginFile(path).keep("a.example", ALICE)
        LoginFile(path).keep("docker.io", Credentials("", "", identity_token="id"))
    finally:
        os.umask(before)

    assert written(path) == {"auths": {"a.example": {"auth": "YWxpY2U6cGE6c3M="}, HUB: {"identitytoken": "id"}}}
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(path.parent) == ["config.json"]


def test_a_file_that_others_could_read_is_for_its_owner_alone_afterwards(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(0o644)

    LoginFile(path).keep("a.example", ALICE)

    assert path.stat().st_mode & 0o777 == 0o600


def test_all_else_in_the_file_stays(path: Path) -> None:
    path.parent.mkdir()
    others = {
        "psFormat": "{{.ID}} ü",
        "auths": {"b.example": {"auth": "eDp5"}},
        "proxies": {"default": {"x": [1, None]}},
    }
    path.write_text(json.dumps(others))

    file = LoginFile(path)
    file.keep("a.example", ALICE)
    file.forget("a.example")

    assert written(path) == others
    assert list(written(path)) == list(others)


def test_a_link_to_the_file_stays_one(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    (tmp_path / "real").write_text("{}")
    path.symlink_to(tmp_path / "real")

    LoginFile(path).keep("a.example", ALICE)

    assert path.is_symlink()
    assert "a.example" in written(tmp_path / "real")["auths"]


def test_many_at_once_lose_nothing(path: Path) -> None:
    hosts = [f"{number}.example" for number in range(24)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda host: LoginFile(path).keep(host, ALICE), hosts))

    assert sorted(written(path)["auths"]) == sorted(hosts)


@pytest.mark.parametrize("name", ["a.example", "https://a.example", "https://a.example/v1/", "A.example"])
def test_a_login_goes_under_every_name_that_it_has(path: Path, name: str) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"auths": {name: {"auth": "eDp5"}, "a.example/team": {"auth": "eDp5"}}}))
    file = LoginFile(path)

    assert file.forget("a.example")
    assert not file.forget("a.example")
    assert list(written(path)["auths"]) == ["a.example/team"]


def test_a_login_for_a_part_of_a_registry_is_kept_by_its_name(path: Path) -> None:
    LoginFile(path).keep("a.example/team", ALICE)

    assert LoginFile(path).find("a.example/team/app") == ALICE
    assert LoginFile(path).find("a.example/other") is None
    assert LoginFile(path).places() == ("a.example/team",)


def test_a_damaged_file_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{")

    with pytest.raises(RegistryError):
        LoginFile(path).keep("a.example", ALICE)

    assert path.read_text() == "{"


def test_an_empty_file_is_one_without_logins(path: Path) -> None:
    path.parent.mkdir()
    path.touch()

    assert LoginFile(path).find("a.example") is None


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(RegistryError) as caught:
        LoginFile(tmp_path / "file/config.json").keep("a.example", ALICE)

    assert caught.value.message.startswith(f"cannot write the credentials to {tmp_path}/file/config.json: ")
    assert "--authfile" in str(caught.value.hint)
    assert "pa:ss" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (HUB, "docker.io"),
        ("index.docker.io", "docker.io"),
        ("https://registry-1.docker.io/v2/", "docker.io"),
        ("http://A.example:5000/", "a.example:5000"),
        ("a.example/team/", "a.example/team"),
    ],
)
def test_a_name_stands_for_a_place(name: str, place: str) -> None:
    assert place_of(name) == place
