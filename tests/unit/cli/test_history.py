"""`stagemill history`: the instructions that made an image."""

from __future__ import annotations

import json
import os
from datetime import datetime

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def test_the_last_instruction_comes_first(app: Call) -> None:
    head, *rows = app("history", "app").out.splitlines()

    assert head.split() == ["IMAGE", "CREATED", "CREATED", "BY", "SIZE", "COMMENT"]
    assert [row.split()[0] for row in rows] == [
        json.loads(app("inspect", "app").out)[0]["Id"][7:19],
        *["<missing>"] * 5,
    ]
    assert [row.split("ago")[1].split()[0] for row in rows] == [
        "LABEL", "CMD", "WORKDIR", "ENV", "COPY", "COPY",
    ]  # fmt: skip
    assert "LABEL title=app" in rows[0]
    assert "COPY one /a" in rows[-1]


def test_sizes_are_those_of_the_layers(app: Call) -> None:
    rows = json.loads(app("history", "--json", "app").out)

    sizes = [row["size"] for row in rows]
    (image,) = json.loads(app("inspect", "app").out)
    assert sum(sizes) == image["Size"]
    assert [row["size"] == 0 for row in rows] == [row["empty_layer"] for row in rows]


def test_long_instructions_are_cut_unless_they_are_wanted_whole(app: Call) -> None:
    app("build", "-q", "-t", "long", "--label", "a=b", "-f", "-", ".", stdin=b"FROM scratch\nLABEL text=" + b"x" * 200)

    cut, whole = app("history", "long").out, app("history", "--no-trunc", "long").out

    assert "x" * 200 not in cut
    assert "…" in cut
    assert "x" * 200 in whole


def test_quiet_prints_ids_alone(app: Call) -> None:
    identity = json.loads(app("inspect", "app").out)[0]["Id"]

    assert app("history", "-q", "app").out.splitlines() == [identity[7:19], *["<missing>"] * 5]
    assert app("history", "-q", "--no-trunc", "app").out.splitlines()[0] == identity


@pytest.mark.parametrize("flag", ["-H=false", "--human=false", "-H=0"])
def test_sizes_and_times_can_be_exact(app: Call, flag: str) -> None:
    head, *rows = app("history", flag, "app").out.splitlines()

    sizes = [row["size"] for row in json.loads(app("history", "--json", "app").out)]
    assert head.split()[:3] == ["IMAGE", "CREATED", "AT"]
    assert [int(row.split()[-2]) for row in rows] == sizes
    assert all(datetime.fromisoformat(row.split()[1]).tzinfo for row in rows)


@pytest.mark.parametrize("flag", ["-H", "--human", "--human=true", "-H=1"])
def test_for_people_is_what_is_done_anyway(app: Call, flag: str) -> None:
    assert app("history", flag, "app").out.splitlines()[0] == app("history", "app").out.splitlines()[0]


def test_a_template_knows_dockers_fields(app: Call) -> None:
    form = "{{.ID}}|{{.CreatedSince}}|{{.CreatedAt}}|{{.CreatedBy}}|{{.Size}}|{{.Comment}}"

    fields = app("history", "--format", form, "app").out.splitlines()[0].split("|")

    assert (fields[0], fields[3:]) == (
        json.loads(app("inspect", "app").out)[0]["Id"][7:19],
        ["LABEL title=app", "0B", "buildkit.dockerfile.v0"],
    )
    assert fields[1].endswith("ago")
    assert datetime.fromisoformat(fields[2]).tzinfo


def test_json_is_a_line_for_each_instruction(app: Call) -> None:
    rows = [json.loads(line) for line in app("history", "--format", "json", "app").out.splitlines()]

    assert [row["CreatedBy"].split()[0] for row in rows] == ["LABEL", "CMD", "WORKDIR", "ENV", "COPY", "COPY"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--human=maybe",), "invalid --human 'maybe'"),
        (("-q", "--format", "{{.ID}}"), "--format and --quiet exclude each other"),
        (("--format", "{{.Id}}"), "invalid --format, column 3: there is no field .Id"),
    ],
)
def test_wrong_usage_is_told(app: Call, arguments: tuple[str, ...], message: str) -> None:
    said = app("history", *arguments, "app")

    assert said.status == 2
    assert said.err.startswith(f"error: {message}\n")


def test_an_image_that_is_not_there_is_told(app: Call) -> None:
    assert app("history", "none").status == 1
