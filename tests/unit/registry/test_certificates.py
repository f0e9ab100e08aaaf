"""Directories of certificates, named by hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.errors import StagemillError
from stagemill.registry.certificates import NONE, CertificateDirectories, Certificates, KeyPair

HOST = "a.example:5000"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "certs.d" / HOST
    made.mkdir(parents=True)
    return made


def test_authorities_and_pairs_are_found_by_their_endings(directory: Path) -> None:
    for name in ("b.crt", "a.crt", "me.cert", "me.key", "readme.txt"):
        (directory / name).touch()

    find = CertificateDirectories([directory.parent])

    pair = KeyPair(directory / "me.cert", directory / "me.key")
    assert find(HOST) == Certificates((directory / "a.crt", directory / "b.crt"), (pair,))
    assert find("a.example") == NONE


@pytest.mark.parametrize(("alone", "missing"), [("me.cert", "me.key"), ("me.key", "me.cert")])
def test_one_half_of_a_pair_is_told(directory: Path, alone: str, missing: str) -> None:
    (directory / alone).touch()

    with pytest.raises(StagemillError) as caught:
        CertificateDirectories([directory.parent])(HOST)

    assert caught.value.message == f"{directory / alone} has no {missing} beside it"
    assert "NAME.crt" in str(caught.value.hint)


def test_they_are_looked_for_where_docker_and_the_containers_tools_do(tmp_path: Path) -> None:
    places = [tmp_path / ".config/containers/certs.d", tmp_path / ".docker/certs.d"]
    for place in places:
        (place / HOST).mkdir(parents=True)
        (place / HOST / "ca.crt").touch()

    find = CertificateDirectories.of({"HOME": str(tmp_path)})

    assert find(HOST).cas == tuple(place / HOST / "ca.crt" for place in places)


def test_a_directory_that_is_named_is_for_every_host_and_the_only_one(directory: Path, tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.mkdir()
    (named / "ca.crt").touch()
    (directory / "other.crt").touch()

    find = CertificateDirectories.of({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}, str(named))

    assert find(HOST) == find("b.example") == Certificates((named / "ca.crt",))


def test_one_that_is_named_and_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StagemillError) as caught:
        CertificateDirectories.of({}, str(tmp_path / "none"))(HOST)

    assert (caught.value.message, caught.value.hint) == (f"there is no directory {tmp_path}/none", "correct --cert-dir")
