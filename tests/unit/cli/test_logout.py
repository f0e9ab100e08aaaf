"""`stagemill logout`: what was kept is forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.program import Call

LOGIN = {"auth": "YWxpY2U6c2VjcmV0"}


@pytest.fixture
def path(folder: Path, tmp_path: Path) -> Path:
    del folder
    file = tmp_path / ".docker/config.json"
    file.parent.mkdir()
    names = ["https://index.docker.io/v1/", "a.example:5000", "b.example/team"]
    file.write_text(json.dumps({"auths": dict.fromkeys(names, LOGIN), "psFormat": "x"}))
    return file


def written(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize(
    ("arguments", "place", "gone"),
    [
        ((), "docker.io", "https://index.docker.io/v1/"),
        (("a.example:5000",), "a.example:5000", "a.example:5000"),
        (("https://a.example:5000/v2/",), "a.example:5000", "a.example:5000"),
        (("b.example/team",), "b.example/team", "b.example/team"),
    ],
)
def test_a_login_is_taken_out_of_the_file(
    stagemill: Call, path: Path, arguments: tuple[str, ...], place: str, gone: str
) -> None:
    before = written(path)

    said = stagemill("logout", *arguments)

    assert (said.status, said.out, said.err) == (0, f"Removing login credentials for {place}\n", "")
    del before["auths"][gone]
    assert written(path) == before


def test_where_there_is_none_nothing_is_changed(stagemill: Call, path: Path) -> None:
    before = path.read_text()

    said = stagemill("logout", "b.example")

    assert (said.status, said.out) == (0, "Not logged in to b.example\n")
    assert path.read_text() == before


def test_all_are_forgotten_wherever_they_are(
    stagemill: Call, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    other = tmp_path / "run/containers/auth.json"
    other.parent.mkdir(parents=True)
    other.write_text(json.dumps({"auths": {"c.example": LOGIN, "docker.io": LOGIN}}))

    said = stagemill("logout", "--all")

    places = ("docker.io", "a.example:5000", "b.example/team", "c.example")
    assert said.out == "".join(f"Removing login credentials for {place}\n" for place in places)
    assert written(path) == {"auths": {}, "psFormat": "x"}
    assert written(other) == {"auths": {}}


def test_a_file_that_is_named_is_the_only_one(stagemill: Call, path: Path, tmp_path: Path) -> None:
    named = tmp_path / "named.json"
    named.write_text(json.dumps({"auths": {"a.example:5000": LOGIN}}))
    before = path.read_text()

    stagemill("logout", "--authfile", str(named), "a.example:5000")

    assert written(named) == {"auths": {}}
    assert path.read_text() == before


def test_what_a_variable_has_still_counts(stagemill: Call, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", path.read_text())

    assert stagemill("logout").err == "note: DOCKER_AUTH_CONFIG still has a login for docker.io\n"


def test_one_and_all_is_no_wish(stagemill: Call) -> None:
    said = stagemill("logout", "--all", "a.example")

    assert said.status == 2
    assert "error: --all is for all registries, and HOST for one" in said.err
