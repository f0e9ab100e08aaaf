"""`stagemill images`: what the store has."""

from __future__ import annotations

import json
import os

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def torn(root: str) -> None:
    """Spoils every small blob of a store: manifests and configs."""
    blobs = os.path.join(root, "blobs/sha256")
    for name in os.listdir(blobs):
        with open(os.path.join(blobs, name), "r+b") as file:
            file.write(b"torn")


def test_a_table_has_a_row_for_each_name(app: Call) -> None:
    app("tag", "app", "registry.example:5000/team/app:1")

    head, *rows = app("images").out.splitlines()

    identity = json.loads(app("inspect", "app").out)[0]["Id"][7:19]
    assert head.split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert [row.split()[:3] for row in rows] == [
        ["app", "latest", identity],
        ["registry.example:5000/team/app", "1", identity],
    ]
    assert all("ago" in row and row.endswith(" B") for row in rows)


def test_quiet_prints_each_id_once(app: Call) -> None:
    app("tag", "app", "other")

    assert app("images", "-q").out == json.loads(app("inspect", "app").out)[0]["Id"] + "\n"


def test_json_has_sizes_in_bytes_and_times_in_seconds(app: Call) -> None:
    (found,) = json.loads(app("images", "--json").out)

    (image,) = json.loads(app("inspect", "app").out)
    assert found["name"] == "docker.io/library/app:latest"
    assert (found["id"], found["size"], found["digest"]) == (image["Id"], image["Size"], image["Descriptor"]["digest"])
    assert found["created"] > 1_700_000_000


def test_an_empty_store_has_nothing_to_show(stagemill: Call) -> None:
    assert stagemill("images", "-q").out == ""
    assert stagemill("images", "--json").out == "[]\n"
    assert stagemill("images").out == "REPOSITORY   TAG   IMAGE ID   CREATED   SIZE\n"


def test_a_torn_image_is_listed_as_one_and_has_no_id(app: Call) -> None:
    torn(os.environ["STAGEMILL_ROOT"])

    table, quiet = app("images"), app("images", "-q")

    assert table.out.splitlines()[1].split()[:3] == ["app", "latest", "<torn>"]
    assert quiet.out == ""
