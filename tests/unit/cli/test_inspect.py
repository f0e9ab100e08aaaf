"""`stagemill inspect`: images as JSON."""

from __future__ import annotations

import json
import os

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def test_an_image_has_the_keys_of_docker_inspect(app: Call) -> None:
    (found,) = json.loads(app("inspect", "app").out)

    assert found["RepoTags"] == ["app:latest"]
    assert found["Config"]["Cmd"] == ["/a"]
    assert found["Config"]["Env"] == ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1"]
    assert found["Config"]["Labels"] == {"title": "app"}
    assert (found["Os"], len(found["RootFS"]["Layers"])) == ("linux", 2)
    assert found["Id"].startswith("sha256:")
    assert found["Size"] > 0


def test_several_come_in_the_order_in_which_they_were_named(app: Call) -> None:
    app("tag", "app", "other")

    found = json.loads(app("inspect", "other", "app").out)

    assert [image["RepoTags"] for image in found] == [["other:latest"], ["app:latest"]]


def test_where_one_is_missing_nothing_is_printed(app: Call) -> None:
    said = app("inspect", "app", "app:latst")

    assert (said.status, said.out) == (1, "")
    assert said.err == "error: there is no image app:latst in the store\nhint: did you mean app:latest?\n"
