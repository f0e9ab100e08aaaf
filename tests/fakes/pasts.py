"""`Drawn`: graphs of builds that are drawn by hand, for tests of what tells why steps ran."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from stagemill.digest import Digest
from stagemill.graph.vertex import Selection
from stagemill.insight.why.past import Graph, Input, Outcome, Past, PastStage, PastStep
from stagemill.oci.document import Json
from stagemill.store.builds import BuildRow
from stagemill.store.store import Store


def digest(*words: object) -> str:
    return Digest.of(repr(words).encode())


@dataclass
class Drawn:
    """Adds a line at a time to a stage; each stands on the one before."""

    stage: str = "app"
    steps: dict[str, PastStep] = field(default_factory=dict)
    last: str = ""
    line: int = 1

    def base(self, manifest: str = "m1", ref: str = "busybox:latest", platform: str = "linux/amd64") -> str:
        op: dict[str, Json] = {"kind": "base/1", "manifest": f"sha256:{manifest * 12}", "platform": platform}
        self.last = self._add(op, (), f"[{self.stage} 1/9] FROM {ref}", ref=ref)
        return self.last

    def run(self, text: str, *mounts: str, **more: Json) -> str:
        op: dict[str, Json] = {
            "kind": "run/3", "args": ["/bin/sh", "-c", text.removeprefix("RUN ")], "env": [], "user": "", "cwd": "/", **more,
        }  # fmt: skip
        self.last = self._add(
            op, (Input(self.last), *(Input(one, Selection(("x",))) for one in mounts)), self._name(text)
        )
        return self.last

    def copy(self, text: str, source: str, **more: Json) -> str:
        op: dict[str, Json] = {
            "kind": "copy/2",
            "sources": text.split()[1:-1],
            "destination": text.rsplit(maxsplit=1)[-1],
            **more,
        }
        edge = Input(source, None if self.steps[source].kind == "context" else Selection(tuple(text.split()[1:-1])))
        self.last = self._add(op, (Input(self.last), edge), self._name(text))
        return self.last

    def context(self, content: str) -> str:
        return self._add({"kind": "context/1", "name": "context", "content": digest(content)}, (), "")

    def fetched(self, kind: str, ref: str, **more: Json) -> str:
        return self._add({"kind": f"{kind}/1", **more}, (), "", ref=ref)

    def begin(self, stage: str) -> None:
        self.stage, self.last = stage, ""

    def _name(self, text: str) -> str:
        return f"[{self.stage} 2/9] {text}"

    def _add(self, op: Mapping[str, Json], inputs: tuple[Input, ...], name: str, ref: str = "") -> str:
        self.line += bool(name)
        key = digest(sorted(op.items(), key=str), inputs)
        self.steps[key] = PastStep(key, op, inputs, name, self.stage if name else "", self.line if name else 0, ref)
        return key

    def graph(self, *, source: str = "", ignore: tuple[str, ...] = (), stages: Sequence[PastStage] = ()) -> Graph:
        return Graph(digest(tuple(self.steps)), "Dockerfile", source, dict(self.steps), tuple(stages), ignore)


def build(number: int, graph: Graph, *, ran: Sequence[str] | None = None, result: str = "built") -> Past:
    """A build in which some steps ran (all unless they are given), and the others were cached."""
    known = [step.digest for step in graph.steps.values() if step.is_step]
    outcomes = {key: Outcome("ran" if ran is None or key in ran else "cached", 1.0) for key in known}
    return Past(number, 1000.0, 2.0, result, "/app\0Dockerfile", "app", graph, outcomes)


def ended(past: Past, **states: str) -> Past:
    """The same, where the steps that begin with a word ended otherwise."""
    outcomes = {
        key: replace(
            outcome,
            state=next((state for word, state in states.items() if word in past.graph.steps[key].text), outcome.state),
        )
        for key, outcome in past.outcomes.items()
    }
    return replace(past, outcomes=outcomes)


def keep(store: Store, past: Past) -> int:
    """Writes a build down as its journal would have; returns its number."""
    graph = past.graph
    whole = {
        "file": graph.file,
        "source": graph.source,
        "ignore": graph.ignore,
        "globals": dict(graph.globals),
        "stages": [{**asdict(stage), "values": dict(stage.values)} for stage in graph.stages],
        "steps": [
            {
                **asdict(step),
                "inputs": [[one.digest, one.selects.canonical() if one.selects else None] for one in step.inputs],
            }
            for step in graph.steps.values()
        ],
    }
    steps = {key: [one.state, one.seconds, list(one.inputs), one.like, one.begun] for key, one in past.outcomes.items()}
    store.builds.keep(Digest(graph.name), json.dumps(whole))
    row = BuildRow(past.begun, past.place, past.title, past.seconds, past.result, graph=graph.name)
    return store.builds.add(replace(row, account=json.dumps({"steps": steps})))
