"""What a report knows of a build, as programs read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from fakes.pasts import keep
from stagemill.cli.reporting.document import report
from stagemill.errors import StagemillError, UsageError
from stagemill.insight.why.past import Past
from stagemill.store.store import Store


def document(store: Store, number: int | None = None, against: int | None = None) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", report(store, number, against).document)


def test_a_build_is_told_with_its_steps_their_times_and_the_critical_path(store: Store, past: Past) -> None:
    keep(store, past)

    found = document(store)

    assert found["build"] | {"begun": ""} == {
        "number": 1, "targets": ["web"], "context": "/app", "file": "Dockerfile", "begun": "", "seconds": 2.0,
        "result": "built", "ran": 2, "cached": 1,
    }  # fmt: skip
    steps = found["steps"]
    assert [(step["stage"], step["text"], step["state"], step["begun"], step["lane"]) for step in steps] == [
        ("deps", "RUN npm ci", "cached", None, None),
        ("web", "RUN make", "ran", 0.5, 0),
        ("web", "RUN test", "ran", 1.5, 0),
    ]
    assert found["lanes"] == 1
    assert found["critical_path"] == {"steps": [steps[1]["id"], steps[2]["id"]], "seconds": 3.0}
    assert [step["cause"]["kind"] if step["cause"] else None for step in steps] == [None, "never built", "never built"]


def test_steps_that_ran_at_the_same_time_have_a_lane_each(store: Store, past: Past) -> None:
    together = {key: replace(one, begun=0.5) if one.begun else one for key, one in past.outcomes.items()}
    keep(store, replace(past, outcomes=together))

    found = document(store)

    assert found["lanes"] == 2
    assert sorted(step["lane"] for step in found["steps"] if step["lane"] is not None) == [0, 1]


def test_of_a_build_that_did_not_write_down_when_steps_began_there_are_no_lanes(store: Store, past: Past) -> None:
    keep(store, replace(past, outcomes={key: replace(one, begun=None) for key, one in past.outcomes.items()}))

    found = document(store)

    assert (found["lanes"], found["build"]["ran"]) == (0, 2)


def test_the_last_build_of_the_same_place_is_what_it_is_compared_with(store: Store, past: Past) -> None:
    keep(store, replace(past, seconds=9.0))
    keep(store, replace(past, place="/other\0Dockerfile"))
    slower = {key: replace(one, seconds=one.seconds + 1) for key, one in past.outcomes.items()}
    keep(store, replace(past, outcomes=slower))

    against = document(store)["against"]

    assert (against["build"], against["seconds"]) == (1, 9.0)
    assert [(one["step"], one["before"]["seconds"], one["after"]["seconds"]) for one in against["steps"]] == [
        ("RUN make", 1.0, 2.0),
        ("RUN test", 2.0, 3.0),
    ]
    assert document(store, 3, 2)["against"]["build"] == 2
    assert document(store, 1)["against"] is None


def test_the_dockerfile_is_there_with_what_lint_finds_in_it(store: Store, past: Past) -> None:
    keep(store, past)

    found = document(store)

    assert found["dockerfile"] == past.graph.source
    assert ("ImageTagMissing", 1) in [(one["rule"], one["line"]) for one in found["findings"]]


def test_a_build_that_there_is_not_is_an_error(store: Store, past: Past) -> None:
    with pytest.raises(StagemillError, match="nothing was built here yet"):
        report(store, None, None)
    keep(store, past)
    with pytest.raises(StagemillError, match="there is no build 7"):
        report(store, 7, None)
    with pytest.raises(UsageError, match="--against 1 is not before build 1"):
        report(store, 1, 1)
