"""The list of requests."""

from __future__ import annotations

import json

from stagemill.subrequests import describe


def test_it_is_a_table_for_people() -> None:
    assert describe.text().splitlines() == [
        "NAME                 VERSION DESCRIPTION",
        "outline              1.0.0   List all parameters current build target supports",
        "targets              1.0.0   List all targets current build supports",
        "lint                 1.0.0   Lint a Dockerfile",
        "subrequests.describe 1.0.0   List available subrequest types",
    ]


def test_it_has_buildkits_fields_for_programs() -> None:
    found = json.loads(describe.json())

    assert [one["name"] for one in found] == [
        "frontend.outline", "frontend.targets", "frontend.lint", "frontend.subrequests.describe",
    ]  # fmt: skip
    assert found[0] == {
        "name": "frontend.outline",
        "version": "1.0.0",
        "type": "rpc",
        "description": "List all parameters current build target supports",
        "opts": [{"name": "target", "description": "Target build stage"}],
        "inputs": None,
        "metadata": [{"name": "result.json", "description": ""}, {"name": "result.txt", "description": ""}],
        "refs": None,
    }
    assert (found[1]["opts"], found[3]["opts"]) == ([], None)
