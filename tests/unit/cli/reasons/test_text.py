"""What people and programs read of why steps ran."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from fakes.pasts import Drawn, build
from stagemill.cli.reasons.document import document
from stagemill.cli.reasons.reading import Answer
from stagemill.cli.reasons.text import text
from stagemill.insight.why.advising.saving import Advice
from stagemill.insight.why.causes import Cause, FileChange, Kind
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.past import Outcome


def answer() -> Answer:
    one = Drawn()
    one.base()
    one.run("RUN make\x1b[31m")
    one.run("RUN test")
    past = build(7, one.graph())
    first, second = [step for step in past.graph.steps.values() if step.is_step]
    cause = Cause(Kind.FILE, "a changed (mode)", files=(FileChange("a", ("mode",)),))
    return Answer(
        past,
        (
            Explained(first, Outcome("ran", 3.25), cause, (Cause(Kind.ENV, "ENV A is new, 1", "A", None, "1"),), 6),
            Explained(second, Outcome("failed"), Cause(Kind.PARENT, "after line 3", root=first.digest)),
        ),
        (Advice("move it", 3, 1, 3.25),),
    )


def test_people_read_a_line_for_each_step_and_the_advice() -> None:
    given = answer()

    lines = text(given, given.steps, now=1060.0).splitlines()

    assert lines[:2] == ["build 7 of app, about a minute ago: 2 of 2 steps ran", ""]
    assert [re.split(" {2,}", line.strip()) for line in lines[2:5]] == [
        ["LINE", "STEP", "TOOK", "WHY"],
        ["3", "[app 2/9] RUN make", "3.2 s", "a changed (mode) (and ENV A is new, 1)"],
        ["4", "[app 2/9] RUN test", "failed", "after line 3"],
    ]
    assert lines[5:] == ["", "advice: move it"]


def test_what_was_compared_and_how_it_ended_is_in_the_heading() -> None:
    given = answer()
    failed = replace(given, build=replace(given.build, result="failed"), against=3, advice=())

    (head, *_) = text(failed, failed.steps, now=1060.0).splitlines()

    assert head == "build 7 of app, about a minute ago: failed, 2 of 2 steps ran, compared with build 3"
    nothing = replace(failed, steps=(), against=None)
    assert text(nothing, (), now=1060.0) == "build 7 of app, about a minute ago: failed, before any step ran"


def test_programs_read_all_of_it() -> None:
    given = answer()

    whole = json.loads(document(given, given.steps[:1]))

    assert (whole["build"], whole["result"], len(whole["steps"])) == (7, "built", 1)
    (step,) = whole["steps"]
    assert step["cause"] == {
        "kind": "file", "text": "a changed (mode)", "name": "", "old": None, "new": None, "line": 0,
        "files": [{"path": "a", "how": ["mode"]}], "root": "",
    }  # fmt: skip
    assert [(one["kind"], one["new"]) for one in step["also"]] == [("env", "1")]
    assert whole["advice"] == [{"text": "move it", "line": 3, "steps": 1, "seconds": 3.25}]
