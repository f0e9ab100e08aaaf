"""`stagemill images`: what the store has."""

from __future__ import annotations

import json
import os
import re

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def torn(root: str) -> None:
    """Spoils every small blob of a store: manifests and configs."""
    blobs = os.path.join(root, "blobs/sha256")
    for name in os.listdir(blobs):
        with open(os.path.join(blobs, name), "r+b") as file:
            file.write(b"torn")


def identity(program: Call, name: str = "app") -> str:
    found: str = json.loads(program("inspect", name).out)[0]["Id"]
    return found


@pytest.fixture
def two(app: Call) -> Call:
    """The store has the image `app` with two names and a label, one that came after it and has none, and `old`."""
    app("build", "-q", "-t", "old", "--label", "age=1", "--build-arg", "SOURCE_DATE_EPOCH=1000000000", ".")
    app("tag", "app", "registry.example:5000/team/app:1")
    app("build", "-q", "--label", "nameless=1", ".")
    return app


def test_a_table_has_a_row_for_each_name_the_newest_image_first(two: Call) -> None:
    head, *rows = two("images").out.splitlines()

    assert head.split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert [row.split()[:2] for row in rows] == [
        ["app", "latest"],
        ["registry.example:5000/team/app", "1"],
        ["<none>", "<none>"],
        ["old", "latest"],
    ]
    assert {row.split()[2] for row in rows[:2]} == {identity(two)[7:19]}
    assert all("ago" in row and row.endswith("B") for row in rows)


def test_quiet_prints_each_id_once(app: Call) -> None:
    app("tag", "app", "other")

    assert app("images", "-q").out == identity(app)[7:19] + "\n"
    assert app("images", "-q", "--no-trunc").out == identity(app) + "\n"


def test_digests_have_a_column(app: Call) -> None:
    head, row = app("images", "--digests").out.splitlines()

    digest = json.loads(app("inspect", "app").out)[0]["Descriptor"]["digest"]
    assert head.split()[:3] == ["REPOSITORY", "TAG", "DIGEST"]
    assert row.split()[2] == digest


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("app",), ["app:latest"]),
        (("app:other",), []),
        (("registry.example:5000/*/*",), ["registry.example:5000/team/app:1"]),
        (("-f", "reference=o*"), ["old:latest"]),
        (("-f", "dangling=true"), ["<none>:<none>"]),
        (("-f", "dangling=true", "-f", "label=title"), ["<none>:<none>"]),
        (("-f", "label=age=1"), ["old:latest"]),
        (("-f", "before=app"), ["old:latest"]),
        (("-f", "since=old", "app"), ["app:latest"]),
        (("-f", "until=2002-01-01"), ["old:latest"]),
        (("-a", "--filter=dangling=false", "--filter=since=old"), ["app:latest", "registry.example:5000/team/app:1"]),
    ],
)
def test_some_images_only(two: Call, arguments: tuple[str, ...], expected: list[str]) -> None:
    said = two("images", "--format", "{{.Repository}}:{{.Tag}}", *arguments)

    assert (said.err, said.out.splitlines()) == ("", expected)


def test_a_template_knows_dockers_fields(app: Call) -> None:
    form = "{{.ID}}|{{.Repository}}|{{.Tag}}|{{.Digest}}|{{.Size}}|{{.CreatedSince}}|{{.CreatedAt}}|{{.Containers}}"

    fields = app("images", "--format", form).out.strip().split("|")

    image = json.loads(app("inspect", "app").out)[0]
    assert fields[:4] == [image["Id"][7:19], "app", "latest", image["Descriptor"]["digest"]]
    assert fields[4] == f"{image['Size']}B"
    assert re.fullmatch(r"(Less than a second|About a minute|\d+ (second|minute)s?) ago", fields[5])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \w+", fields[6])
    assert fields[7] == "N/A"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "{{.Ids}}"), "invalid --format, column 3: there is no field .Ids"),
        (("--format", "{{.ID"), "invalid --format, column 1: the action does not end"),
        (("-q", "--format", "{{.ID}}"), "--format and --quiet exclude each other"),
        (("--json", "--format", "{{.ID}}"), "--format and --json exclude each other"),
        (("-f", "labels=x"), "invalid --filter 'labels=x'"),
        (("--tree",), "--tree is not supported: it is an experiment of docker's"),
    ],
)
def test_wrong_usage_is_told(app: Call, arguments: tuple[str, ...], message: str) -> None:
    said = app("images", *arguments)

    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(f"error: {message}\n")
    assert "\nhint: " in said.err


def test_before_and_since_need_an_image_that_there_is(app: Call) -> None:
    said = app("images", "-f", "before=none")

    assert said.status == 1
    assert said.err.startswith("error: there is no image none in the store\n")


def test_json_has_sizes_in_bytes_and_times_in_seconds(app: Call) -> None:
    (found,) = json.loads(app("images", "--json").out)

    (image,) = json.loads(app("inspect", "app").out)
    assert found["name"] == "docker.io/library/app:latest"
    assert (found["id"], found["size"], found["digest"]) == (image["Id"], image["Size"], image["Descriptor"]["digest"])
    assert found["created"] > 1_700_000_000


def test_an_empty_store_has_nothing_to_show(stagemill: Call) -> None:
    assert stagemill("images", "-q").out == ""
    assert stagemill("images", "--json").out == "[]\n"
    assert stagemill("images").out == "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n"


def test_a_torn_image_is_listed_as_one_and_has_no_id(app: Call) -> None:
    torn(os.environ["STAGEMILL_ROOT"])

    table, quiet = app("images"), app("images", "-q")

    assert table.out.splitlines()[1].split()[:3] == ["app", "latest", "<torn>"]
    assert quiet.out == ""
