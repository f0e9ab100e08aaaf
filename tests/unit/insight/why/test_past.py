"""A build as its journal has it."""

from __future__ import annotations

import json

import pytest

from stagemill.graph.vertex import Selection
from stagemill.insight.why import past
from stagemill.insight.why.past import Input, Outcome, Past, PastStep

STEP = {
    "digest": "sha256:1",
    "op": {"kind": "run/3", "args": ["make"]},
    "inputs": [["sha256:0", None], ["sha256:2", {"patterns": ["/a"], "excludes": [], "parents": False}], 7],
    "name": "[linux/amd64 app 2/4] RUN make",
    "stage": "app",
    "line": 3,
}
DOCUMENT = {
    "file": "Dockerfile",
    "source": "FROM x\n",
    "ignore": ["*.log"],
    "stages": [{"title": "app", "line": 1, "args": ["V"], "values": {"V": "1"}}],
    "steps": [STEP],
}


def test_a_graph_has_its_steps_and_stages() -> None:
    graph = past.graph("name", json.dumps(DOCUMENT))

    step = graph.steps["sha256:1"]
    assert step.inputs == (Input("sha256:0"), Input("sha256:2", Selection(("/a",))))
    assert (step.kind, step.text, step.platform, step.is_step) == ("run", "RUN make", "linux/amd64", True)
    assert (graph.file, graph.ignore) == ("Dockerfile", ("*.log",))
    stage = graph.stage("app")
    assert stage
    assert (stage.args, stage.values) == (("V",), {"V": "1"})
    assert graph.stage("other") is None


def test_what_is_something_else_is_left_out() -> None:
    graph = past.graph("name", json.dumps({"steps": [{"inputs": 3, "line": "x"}], "stages": 1}))

    assert graph.steps == {"": PastStep("", {}, ())}
    with pytest.raises(ValueError, match="Expecting property"):
        past.graph("name", "{")


def test_names_of_other_steps_are_their_text() -> None:
    plain = PastStep("", {"kind": "http/1"}, (), "[context x] load y")
    assert (plain.text, plain.platform, plain.is_step) == ("[context x] load y", "", True)
    assert not PastStep("", {"kind": "base/1"}, (), "[1/2] FROM x").is_step


def test_an_account_says_what_became_of_each() -> None:
    value = past.account(json.dumps({"steps": {"a": ["ran", 1.5, ["k"], ""], "b": ["cached", 0, [], ""], "c": 3}}))

    assert past.outcomes(value) == {"a": Outcome("ran", 1.5, ("k",)), "b": Outcome("cached")}
    assert [past.Outcome(state).made for state in ("ran", "alike", "cached", "failed", "stopped")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert past.account("") == {}


def test_where_all_was_cached_every_step_was() -> None:
    graph = past.graph("name", json.dumps(DOCUMENT))
    whole = Past(1, 0.0, 0.0, "built", "", "", graph, {}, all_cached=True)

    assert whole.outcome("sha256:1") == Outcome("cached")
    assert whole.outcome("sha256:9") is None
