"""`document`: all that a page says of a build, as one value of JSON. The keys are part of the interface; docs/report.md has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from stagemill import __version__
from stagemill.cli.picturing.past import drawn, slowest
from stagemill.cli.reasons.reading import Answer, History
from stagemill.cli.reporting.changes import changes
from stagemill.cli.reporting.findings import findings
from stagemill.cli.reporting.lanes import lanes
from stagemill.cli.reporting.logs import Outputs
from stagemill.cli.reporting.sizes import Sizes
from stagemill.insight.picture.picture import Box, Picture, Row
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.past import Past
from stagemill.oci.document import Json, whole
from stagemill.store.builds import KEPT
from stagemill.store.store import Store
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """What a page is made of."""

    document: Mapping[str, Json]
    picture: Picture


def report(store: Store, number: int | None, against: int | None) -> Report:
    """Of a build by its number, the last one for None, beside the one before it in the same place, or another one.

    Raises StagemillError for a build that there is not, UsageError for one that is not earlier.
    """
    history = History(store)
    answer = history.answer(number, against)
    past, sizes = answer.build, Sizes(store)
    before = _before(history, store, past, against)
    picture = drawn(past, sizes)
    document: dict[str, Json] = {
        "stagemill": __version__,
        "build": _build(past),
        "critical_path": {
            "steps": [step.id for step in slowest(past)],
            "seconds": round(sum(step.seconds or 0.0 for step in slowest(past)), 3),
        },
        "lanes": max(_lanes(past).values(), default=-1) + 1,
        "steps": list(_steps(picture, answer, Outputs(store))),
        "advice": [asdict(one) for one in answer.advice],
        "sizes": _sizes(picture, sizes),
        "findings": list(findings(past.graph)),
        "against": changes(past, before, sizes) if before else None,
        "dockerfile": whole(past.graph.source),
    }
    return Report(document, picture)


def _before(history: History, store: Store, past: Past, against: int | None) -> Past | None:
    if against is not None:
        return history.past(history.row(against))
    rows = store.builds.of_place(past.place, KEPT, before=past.number)
    return next((found for row in rows if (found := history.past(row)).graph.steps), None)


def _build(past: Past) -> Json:
    context, _, file = past.place.partition("\0")
    states = [outcome.state for step in past.graph.steps if (outcome := past.outcome(step))]
    cached = len([step for step in past.graph.steps.values() if step.is_step]) if past.all_cached else 0
    return {
        "number": past.number,
        "targets": [whole(title) for title in past.title.split()],
        "context": whole(context),
        "file": whole(file),
        "begun": datetime.fromtimestamp(past.begun, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "seconds": round(past.seconds, 3),
        "result": past.result,
        "ran": 0 if past.all_cached else sum(state not in {"cached", "alike"} for state in states),
        "cached": cached or sum(state in {"cached", "alike"} for state in states),
    }


def _lanes(past: Past) -> dict[str, int]:
    spans = [
        (digest, outcome.begun, outcome.begun + outcome.seconds)
        for digest, outcome in past.outcomes.items()
        if outcome.begun is not None and outcome.state not in {"cached", "alike"}
    ]
    return lanes(spans)


def _steps(picture: Picture, answer: Answer, outputs: Outputs) -> Iterator[Json]:
    reasons = {one.step.digest: one for one in answer.steps}
    places = _lanes(answer.build)
    told: set[str] = set()
    for box in picture.boxes:
        for row in box.rows:
            outcome = answer.build.outcome(row.id)
            lane = None if row.id in told else places.get(row.id)  # several stages may have it
            told.add(row.id)
            output = outputs.of(answer.build.graph.steps[row.id])
            yield {
                **_row(box, row),
                "state": outcome.state if outcome else "",
                "begun": outcome.begun if outcome and lane is not None else None,
                "lane": lane,
                **_cause(reasons.get(row.id)),
                "log": {"text": output.text, "cut": output.cut} if output else None,
            }


def _row(box: Box, row: Row) -> dict[str, Json]:
    return {
        "id": row.id,
        "stage": whole(box.title),
        "line": row.line,
        "text": whole(row.text),
        "tone": str(row.tone),
        "word": row.word,
        "seconds": row.seconds,
        "size": row.size,
        "critical": row.slow,
    }


def _cause(found: Explained | None) -> dict[str, Json]:
    if found is None:
        return {"cause": None, "also": []}
    cause = found.cause
    files: list[Json] = [f"{whole(change.path)}: {', '.join(change.how)}" for change in cause.files]
    return {
        "cause": {"kind": str(cause.kind), "text": whole(cause.text), "root": cause.root, "files": files},
        "also": [whole(other.text) for other in found.also],
    }


def _sizes(picture: Picture, sizes: Sizes) -> Json:
    """By stage, step and directory: bytes of files that each step added."""
    stages: list[Json] = []
    for box in picture.boxes:
        steps: list[Json] = [
            {"name": whole(row.short), "id": row.id, "size": row.size, "children": list(sizes.files(row.id))}
            for row in box.rows
            if row.size
        ]
        base = sizes.below(box.rows[0].id) if box.rows else None
        if base and not any(arrow.target == box.title and arrow.row == -1 for arrow in picture.arrows):
            steps.insert(0, {"name": f"FROM {whole(box.base)}", "size": base, "children": []})
        if steps:
            stages.append({"name": whole(box.title), "target": bool(box.role), "children": steps})
    return stages
