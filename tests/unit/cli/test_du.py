"""`stagemill du`: what the store takes, and what for."""

from __future__ import annotations

import json
import os

import pytest

from fakes.program import Call
from fakes.room import on_disk, rows

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def test_every_step_is_in_it_and_the_total_is_the_disks(app: Call) -> None:
    found = rows(app)

    assert {"step", "image", "other"} <= {row["type"] for row in found}
    assert {"[1/3] COPY one /a", "[2/3] COPY one /b"} <= {row["name"] for row in found}
    # The database has a log and an index of it as long as du itself has it open.
    assert abs(sum(int(str(row["size"])) for row in found) - on_disk()) < 100_000


def test_people_get_a_table(app: Call) -> None:
    said = app("du")

    assert said.out.splitlines()[0].split() == ["TYPE", "SIZE", "SHARED", "LAST", "USED", "NAME"]
    assert "COPY one /a" in said.out
    assert said.out.rstrip().endswith("in total")


def test_only_what_is_meant_is_in_it(app: Call) -> None:
    (row,) = json.loads(app("du", "--json", "--filter", "description~=/b$").out)
    (below,) = json.loads(app("du", "--json", "--filter", "description~=/a$").out)

    assert (row["type"], row["name"], row["inuse"]) == ("step", "[2/3] COPY one /b", False)
    assert below["id"] in row["parents"]
    assert json.loads(app("du", "--json", "--filter", f"parents={below['id']}").out) == [row]
    assert app("du", "--filter", "mutable").out.splitlines()[1:] == ["", "0 B in total"]
    assert json.loads(app("du", "--json", "--filter", "until=1h").out) == []


def test_people_get_all_that_is_known_where_they_want_it(app: Call) -> None:
    said = app("du", "--verbose", "--filter", "type=step", "--filter", "name=/b")

    facts = dict(line.split(":", 1) for line in said.out.splitlines() if ":" in line)
    assert list(facts) == ["Name", "Type", "ID", "Parents", "Size", "Last used", "In use"]
    assert facts["Name"].strip() == "[2/3] COPY one /b"
    assert said.out.rstrip().endswith("in total")
