"""`stagemill inspect`: images as JSON."""

from __future__ import annotations

import json
import os

import pytest

from fakes.program import Call
from stagemill.oci.platform import Platform

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
    app("build", "-q", "-t", "other", "--label", "title=other", ".")

    found = json.loads(app("inspect", "other", "app").out)

    assert [image["Config"]["Labels"]["title"] for image in found] == ["other", "app"]


def test_an_image_has_all_of_its_names(app: Call) -> None:
    app("tag", "app", "registry.example/team/app:1")

    (found,) = json.loads(app("inspect", "app").out)

    digest = found["Descriptor"]["digest"]
    assert found["RepoTags"] == ["app:latest", "registry.example/team/app:1"]
    assert found["RepoDigests"] == [f"app@{digest}", f"registry.example/team/app@{digest}"]


@pytest.mark.parametrize("prefix", [12, 19, 71])
def test_an_image_without_a_name_is_found_by_its_id(app: Call, prefix: int) -> None:
    identity = app("build", "-q", "--label", "x=y", ".").out.strip()

    (found,) = json.loads(app("inspect", identity[:prefix]).out)

    assert (found["Id"], found["RepoTags"], found["Config"]["Labels"]["x"]) == (identity, [], "y")


def test_a_template_makes_a_line_of_each_image(app: Call) -> None:
    app("build", "-q", "-t", "other", "--label", "title=other", ".")

    said = app("inspect", "-f", "{{index .RepoTags 0}} {{.Config.Labels.title}}{{.Config.User}}", "app", "other")

    assert said.out == "app:latest app\nother:latest other\n"


def test_json_in_one_line(app: Call) -> None:
    said = app("inspect", "--format=json", "app")

    assert said.out.count("\n") == 1
    assert json.loads(said.out) == json.loads(app("inspect", "app").out)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("-f", "{{.Nope}}", "app"), 2, "invalid --format, column 3: there is no field .Nope"),
        (("-f", "{{.Id", "app"), 2, "invalid --format, column 1: the action does not end"),
        (("--type", "container", "app"), 2, "--type container is not supported: there are images only"),
        (("--platform", "linux/s390x", "app"), 1, "app has no image for linux/s390x in the store"),
    ],
)
def test_what_cannot_be_is_told(app: Call, arguments: tuple[str, ...], status: int, message: str) -> None:
    said = app("inspect", *arguments)

    assert said.status == status
    assert said.err.startswith(f"error: {message}")


def test_an_error_in_a_template_shows_its_place(app: Call) -> None:
    said = app("inspect", "-f", "{{.Os}} {{.Nope}}", "app")

    assert " --> --format:1\n1 | {{.Os}} {{.Nope}}\n  |           ^^^^^\n" in said.err


def test_flags_that_ask_for_what_is_there_anyway_change_nothing(app: Call) -> None:
    plain = app("inspect", "app").out

    assert app("inspect", "-s", "--type=image", "--platform", str(Platform.local()), "app").out == plain


def test_what_is_there_is_shown_where_another_is_missing(app: Call) -> None:
    said = app("inspect", "app:latst", "app")

    assert (said.status, [image["RepoTags"] for image in json.loads(said.out)]) == (1, [["app:latest"]])
    assert said.err == "error: there is no image app:latst in the store\nhint: did you mean app:latest?\n"
