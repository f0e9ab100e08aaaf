"""The pipelines of docs/ci.md, their scripts as they stand there, on a registry of this machine that wants a login."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from fakes import pipelines
from fakes.distribution import running
from fakes.mill import Mill

pytestmark = pytest.mark.root

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
DOCKERFILE = """\
FROM --platform=$BUILDPLATFORM {host}/base/tools:1 AS build
COPY package-lock.json .
RUN --mount=type=cache,id=npm,target=/cache cat /cache/kept || echo kept > /cache/kept; echo built > /built
FROM build AS test
RUN grep built /built
FROM {host}/base/tools:1 AS app
COPY --from=build /built /built
"""
BASE = 'FROM scratch\nADD tree.tar /\nCMD ["sh"]\n'


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path / "registry", auth=True) as name:
        yield name


@pytest.fixture
def runner(base: Mill, new_mill: Callable[[str], Mill], host: str, tmp_path: Path) -> Callable[[str], Mill]:
    """Runners with an empty store each, and one checkout of a project whose base is in the registry."""
    first = replace(new_mill("first"), settings={"DOCKER_CONFIG": str(tmp_path / "login")})
    (login,) = (line for line in pipelines.lines(page("GitHub Actions")) if "stagemill login" in line)
    assert "Login Succeeded" in run(first, login.replace("-u ci", "-u alice"), host, TOKEN="secret")
    first.write({"tree.tar": (base.folder / "tree.tar").read_bytes(), "Dockerfile": BASE})
    first.ok("build", "-q", "--platform", "linux/amd64,linux/arm64", "--push", "-t", f"{host}/base/tools:1", ".")
    (first.folder / "tree.tar").unlink()
    first.write(
        {"Dockerfile": DOCKERFILE.format(host=host), "package-lock.json": "{}", ".dockerignore": ".stagemill-cache\n"}
    )
    first.ok("lock", "--platform", "linux/amd64,linux/arm64", ".")
    return lambda name: replace(first, root=tmp_path / name)


def run(mill: Mill, script: str, host: str, **variables: str) -> str:
    """What a script says, where `stagemill` is ours and the registry of the page is this one."""
    programs = mill.folder.parent / "bin"
    programs.mkdir(exist_ok=True)
    program = programs / "stagemill"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m stagemill "$@"\n')
    program.chmod(0o755)
    environment = {**mill.environment, **variables, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-e", "-c", script.replace("registry.example", host)],
        cwd=mill.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def page(name: str) -> str:
    """The part of the page about one system."""
    return pipelines.section(PAGE.read_text(), name)


def gitlab() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The pipeline with a cache in the registry, and the one with a directory."""
    first, second = map(yaml.safe_load, pipelines.blocks(page("GitLab CI"), "yaml"))
    return first, second


def counts(said: str) -> tuple[int, ...]:
    """How many steps were imported, used, run and exported."""
    found = re.search(r"cache: (\d+) steps imported, (\d+) used, (\d+) run, (\d+) exported", said)
    assert found, said
    return tuple(map(int, found.groups()))


def test_a_pipeline_with_a_registry_runs_no_step_the_second_time(
    runner: Callable[[str], Mill], host: str, skopeo: str, tmp_path: Path
) -> None:
    pipeline, _ = gitlab()
    variables = {
        **{name: value.replace("registry.example", host) for name, value in pipeline["variables"].items()},
        "CI_JOB_URL": "https://ci.example/1",
        "CI_COMMIT_SHORT_SHA": "c0ffee",
    }

    def jobs(mill: Mill) -> list[str]:
        scripts = ["\n".join(pipeline[job]["script"]) for job in ("check", "test", "image")]
        return [run(mill, script, host, **{**variables, "STAGEMILL_ROOT": str(mill.root)}) for script in scripts]

    check, test, _ = jobs(runner("one"))
    mill = runner("two")
    _, again, last = jobs(mill)

    assert "stagemill.lock is what is needed" in check
    assert "the cache" in test
    assert " is left out: " in test  # nobody has written it yet
    assert "RUN grep built /built" in test
    assert counts(again)[2] == counts(last)[2] == 0
    assert counts(again)[1] > 0
    raw = subprocess.run(
        [skopeo, "inspect", "--raw", "--tls-verify=false", "--creds=alice:secret", f"docker://{host}/team/app:c0ffee"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    architectures = [each["platform"]["architecture"] for each in json.loads(raw)["manifests"]]
    assert architectures == ["amd64", "arm64", "unknown", "unknown"]
    assert json.loads((mill.folder / "image.json").read_text())["containerimage.digest"]


def test_a_pipeline_with_a_directory_finds_its_steps_and_what_they_kept(
    runner: Callable[[str], Mill], host: str
) -> None:
    _, pipeline = gitlab()
    script = "\n".join(pipeline["build"]["script"])

    first = run(runner("one"), script, host)
    again = run(runner("two"), script, host)
    mill = runner("three")
    mill.write({"package-lock.json": "{ }"})
    mill.ok("lock", ".")
    edited = run(mill, script, host)

    assert counts(first)[2] > 0
    assert counts(again)[2] == 0
    assert re.search(r"^#\d+ [\d.]+ kept$", edited, re.MULTILINE)  # the cache mount came along
