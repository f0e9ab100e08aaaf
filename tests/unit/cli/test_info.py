"""`stagemill info`."""

from __future__ import annotations

import json
import os

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="others would enter a user namespace")]


def test_it_says_where_things_are(app: Call) -> None:
    said = app("info")

    found = dict(line.split(":", 1) for line in said.out.splitlines())
    assert found["Store"].strip() == os.environ["STAGEMILL_ROOT"]
    assert found["Configuration"].strip() == os.environ["STAGEMILL_CONFIG"]
    assert found["Images"].strip() == "1"
    assert found["Builds as"].strip() == "root"
    assert found["Logins"].strip() == f"{os.environ['HOME']}/.docker/config.json"


def test_a_template_knows_dockers_fields(app: Call) -> None:
    form = "{{.DockerRootDir}} {{.Images}} {{.Containers}} {{.OSType}} {{.NCPU}} {{.SecurityOptions}}"

    said = app("info", "--format", form)

    assert said.out == (
        f"{os.environ['STAGEMILL_ROOT']} 1 0 linux {len(os.sched_getaffinity(0))} [name=seccomp,profile=builtin]\n"
    )


def test_json_has_all(stagemill: Call) -> None:
    found = json.loads(stagemill("info", "-f", "json").out)

    assert (found["Images"], found["Rootless"]) == (0, False)
    assert found["CgroupVersion"] in {"1", "2", "none"}


def test_the_directory_of_logins_is_where_docker_looks(stagemill: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", "/logins")

    assert stagemill("info", "-f", "{{.LoginsFile}}").out == "/logins/config.json\n"
