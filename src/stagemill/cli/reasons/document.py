"""The same as JSON. The keys are part of the interface; docs/why.md has them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from stagemill.cli.reasons.reading import Answer
from stagemill.insight.why.causes import Cause
from stagemill.insight.why.explain import Explained


def document(answer: Answer, steps: Sequence[Explained]) -> str:
    build = answer.build
    whole = {
        "build": build.number,
        "title": build.title,
        "begun": round(build.begun, 3),
        "seconds": round(build.seconds, 3),
        "result": build.result,
        "steps": [
            {
                "id": one.step.digest,
                "line": one.step.line,
                "stage": one.step.stage,
                "text": one.step.text,
                "state": one.outcome.state,
                "seconds": one.outcome.seconds,
                "against": one.against,
                "cause": _cause(one.cause),
                "also": [_cause(cause) for cause in one.also],
            }
            for one in steps
        ],
        "advice": [asdict(one) for one in answer.advice],
    }
    return json.dumps(whole, indent=2)


def _cause(cause: Cause) -> dict[str, object]:
    return {
        "kind": str(cause.kind),
        "text": cause.text,
        "name": cause.name,
        "old": cause.old,
        "new": cause.new,
        "line": cause.line,
        "files": [{"path": change.path, "how": list(change.how)} for change in cause.files],
        "root": cause.root,
    }
