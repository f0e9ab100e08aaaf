"""Projects of one stage, split for real: all of `tests/split/projects.toml` that is to be split in every run of the tests."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

HERE = Path(__file__).parents[1] / "split"
PROJECTS = tomllib.loads((HERE / "projects.toml").read_text())
PAGE = HERE.parents[1] / "docs" / "split.md"
RUNTIME = {
    "go-static": "scratch",
    "go-templates": "debian:bookworm-slim",
    "c-make": "debian:bookworm-slim",
    "c-sqlite": "debian:bookworm-slim",
    "node-npm": "node:22-slim",
    "node-places": "node:22-slim",
    "node-workspace": "node:22-slim",
    "site-node": "busybox",
    "python-pip": "python:3.11-slim",
}


@pytest.mark.parametrize("name", PROJECTS["always"])
def test_a_project_is_split_and_proven(
    name: str, tmp_path: Path, environment: dict[str, str], make_bases: Callable[..., None]
) -> None:
    folder = tmp_path / f"split-{name}"
    shutil.copytree(HERE / "projects" / name, folder)
    text = (folder / "Dockerfile").read_text()
    builder = text.split()[1]
    make_bases(builder, *({RUNTIME[name]} - {"scratch"}))
    example = Example(folder, environment)
    check = PROJECTS["built"][name]

    split = example.stagemill("split", "--progress=quiet", "--json", "--check", check, "-o", "Split", ".")

    assert split.status == 0, split.err
    found = json.loads(split.out)
    assert (found["builder"], found["runtime"]) == (builder, RUNTIME[name])
    assert found["percent"] >= 50
    assert found["checks"][0]["status"] == 0
    assert (folder / "Dockerfile").read_text() == text
    assert (folder / "Split").read_text() == found["dockerfile"]


@pytest.mark.parametrize(
    ("name", "bases", "said"),
    [
        ("go-modules", ["golang:1.23", "gcr.io/distroless/static:latest"], ["/app"]),
        ("node-plain", ["node:22", "node:22-slim"], ["node", "server.js", "--check"]),
        ("python-pip", ["python:3.11", "python:3.11-slim"], ["python", "app.py"]),
    ],
)
def test_a_project_that_was_begun_can_be_built(
    name: str,
    bases: list[str],
    said: list[str],
    tmp_path: Path,
    environment: dict[str, str],
    make_bases: Callable[..., None],
) -> None:
    folder = tmp_path / f"init-{name}"
    shutil.copytree(HERE / "projects" / name, folder)
    (folder / "Dockerfile").unlink()
    (folder / ".python-version").write_text("3.11\n")
    make_bases(*bases)
    example = Example(folder, {**environment, "APP_MODE": "x"})
    if name == "go-modules":
        assert example.stagemill("tag", "gcr.io/distroless/static:latest", "gcr.io/distroless/static:nonroot").status == 0

    assert (
        example.stagemill("init", *(["--run", "env APP_MODE=x python app.py"] if name == "python-pip" else [])).status
        == 0
    )
    example.build()

    assert example.run(*(["env", "APP_MODE=x"] if name == "python-pip" else []), *said)


def test_the_page_has_what_all_projects_came_to() -> None:
    rows = re.findall(r"^\| ([a-z0-9-]+) \|.*\| ([\d.]+) % \|$", PAGE.read_text(), re.MULTILINE)

    assert sorted(name for name, _ in rows) == sorted(PROJECTS["built"])
    assert len(rows) >= 20
    assert sorted(float(saved) for _, saved in rows)[len(rows) // 2] >= 50
