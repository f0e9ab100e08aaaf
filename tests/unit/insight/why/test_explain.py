"""Why steps ran, told from builds that are drawn by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from fakes.pasts import Drawn, build, digest, ended
from stagemill.graph.vertex import Selection
from stagemill.insight.why.align import counterparts
from stagemill.insight.why.causes import Kind
from stagemill.insight.why.compare import Comparison
from stagemill.insight.why.explain import Explained, explain
from stagemill.insight.why.operations import of_operation
from stagemill.insight.why.past import Graph, Input, Outcome, Past, PastStage, PastStep
from stagemill.oci.document import Json

FACTS = "file\x00644\x00\x001\x00{}\x00\x00\x00\x00"


def notes(content: str) -> dict[str, str] | None:
    known = {digest(name): {"a": FACTS.format(name)} for name in ("one", "two")}
    return known.get(content)


def keys(past: Past, key: str) -> Sequence[str]:
    outcome = past.outcomes.get(key)
    return outcome.inputs if outcome else ()


def selected(_step: PastStep, _selection: Selection, _key: str) -> dict[str, str] | None:
    return None


def told(now: Past, *earlier: Past) -> dict[str, str]:
    return {one.step.text: f"{one.cause.kind}: {one.cause.text}" for one in explained(now, *earlier)}


def explained(now: Past, *earlier: Past) -> tuple[Explained, ...]:
    return explain(now, earlier, notes=notes, keys=keys, selected=selected)


def drawn(change: Callable[[Drawn], None] | None = None, *, content: str = "one", text: str = "RUN make") -> Graph:
    one = Drawn()
    one.base()
    one.copy("COPY a /", one.context(content))
    one.run(text)
    if change:
        change(one)
    return one.graph()


def test_a_file_and_what_stands_on_it() -> None:
    found = explained(build(2, drawn(content="two")), build(1, drawn()))

    assert [(one.cause.kind, one.cause.text) for one in found] == [
        (Kind.FILE, "a changed (content)"), (Kind.PARENT, "after line 3 (COPY a /: a changed (content))"),
    ]  # fmt: skip
    assert found[1].cause.root == found[0].step.digest
    assert [one.against for one in found] == [1, 1]


def test_files_that_nobody_remembers_are_files_all_the_same() -> None:
    assert (
        told(build(2, drawn(content="forgotten")), build(1, drawn()))["COPY a /"]
        == "file: files of the context changed"
    )


def test_words_of_an_instruction() -> None:
    assert told(build(2, drawn(text="RUN make all"), ran=[]), build(1, drawn())) == {}
    graph = drawn(text="RUN make all")

    assert told(build(2, graph, ran=[*graph.steps][-1:]), build(1, drawn())) == {
        "RUN make all": "instruction: RUN make {+all+}"
    }


def test_the_nearest_of_the_earlier_builds_tells() -> None:
    graph = drawn(text="RUN test")
    far = build(2, drawn(content="two", text="RUN other"))

    (*_, run) = explained(build(3, graph, ran=[*graph.steps][-1:]), far, build(1, drawn()))

    assert (run.against, run.cause.text, run.also) == (1, "RUN [-make-] {+test+}", ())


def test_what_was_made_before_was_pruned() -> None:
    assert set(told(build(2, drawn()), build(1, drawn())).values()) == {
        "pruned: pruned: what build 1 had is not in the store any more"
    }


def test_what_failed_or_was_stopped_is_made_now() -> None:
    failed = ended(build(1, drawn(), result="failed"), COPY="cached", RUN="failed")
    stopped = ended(build(1, drawn(), result="stopped"), COPY="cached", RUN="stopped")
    graph = drawn()
    now = build(2, graph, ran=[*graph.steps][-1:])

    assert told(now, failed) == {"RUN make": "unfinished: it failed in build 1"}
    assert told(now, stopped) == {"RUN make": "unfinished: build 1 stopped before it was done"}


def test_nothing_was_built_before() -> None:
    assert set(told(build(1, drawn())).values()) == {"never built: no step like it was built here"}


def test_who_asks_for_it_is_told_and_what_stands_on_that() -> None:
    graph = drawn()
    run = [*graph.steps][-1]

    assert set(told(replace(build(2, graph), no_cache=True), build(1, graph)).values()) == {"no-cache: --no-cache"}
    assert set(told(replace(build(2, graph), fresh=("app",)), build(1, graph)).values()) == {
        "no-cache: --no-cache-filter app"
    }
    copy = graph.steps[run].inputs[0].digest
    assert told(replace(build(2, graph), again=frozenset({copy})), build(1, graph)) == {
        "COPY a /": "no-cache: --rerun", "RUN make": "parent: after line 3 (COPY a /: --rerun)",
    }  # fmt: skip


def test_a_cache_of_another_machine_lacks_it_or_has_another() -> None:
    graph = drawn()
    now = replace(build(1, graph, ran=[*graph.steps][-1:]), imports=("registry.example/cache",))
    assert told(now) == {"RUN make": "not in the cache: never built here, and not in registry.example/cache"}

    like = json.dumps({"op": {**graph.steps[[*graph.steps][-1]].op, "env": [["V", {"tag": "12"}]]}})
    outcomes = {**now.outcomes, [*graph.steps][-1]: Outcome("ran", 1.0, (), like)}
    assert told(replace(now, outcomes=outcomes, graph=replace(graph, source="ENV V=1"))) == {
        "RUN make": "not in the cache: never built here, and registry.example/cache has another: ENV V is gone"
    }


def test_what_came_from_another_machine_and_was_not_kept() -> None:
    graph = drawn()
    before = replace(build(1, graph, ran=[]), imports=("there",))

    assert set(told(build(2, graph), before).values()) == {
        "not in the cache: build 1 had it from there, and it was not kept here"
    }


def test_a_base_that_moved_was_changed_or_is_for_another_platform() -> None:
    def on(**base: str) -> Past:
        one = Drawn()
        one.base(**base)
        one.run("RUN make")
        return build(1, one.graph())

    before = on()
    assert told(on(manifest="m2"), before) == {
        "RUN make": "base: busybox:latest moved from m1m1m1m1m1m1 to m2m2m2m2m2m2"
    }
    assert (
        told(on(manifest="m2", ref="alpine:3"), before)["RUN make"] == "base: the base was busybox:latest, is alpine:3"
    )
    assert told(on(platform="linux/arm64"), before)["RUN make"] == (
        "platform: the platform was linux/amd64, is linux/arm64"
    )


def test_a_stage_that_gave_the_same_is_no_cause() -> None:
    def graph(first: str, second: str) -> tuple[Graph, str, str]:
        one = Drawn("build")
        one.base()
        made = one.run(first)
        one.begin("app")
        one.base()
        one.copy("COPY /x /x", made)
        run = one.run(second)
        return one.graph(), made, run

    before, *_ = graph("RUN one", "RUN old")
    now, made, run = graph("RUN two", "RUN new")
    copy = now.steps[run].inputs[0].digest
    old = next(step for step in before.steps.values() if step.text == "COPY /x /x")
    same = ("key", "content")
    past = build(1, before)
    past = replace(past, outcomes={**past.outcomes, old.digest: Outcome("ran", 1.0, same)})
    current = build(2, now, ran=[made, run])
    current = replace(current, outcomes={**current.outcomes, copy: Outcome("alike", 0.0, same)})

    assert told(current, past) == {
        "RUN two": "instruction: RUN [-one-] {+two+}", "RUN new": "instruction: RUN [-old-] {+new+}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "ref", "facts", "text"),
    [
        ("http", "https://host/f", ({"content": "1"}, {"content": "2"}), "https://host/f has other content"),
        ("git", "https://host/r", ({"commit": "a" * 40}, {"commit": "b" * 40}), "https://host/r was at aaaaaaaaaaaa, is at bbbbbbbbbbbb"),
    ],
)  # fmt: skip
def test_what_is_fetched_may_be_another(
    kind: str, ref: str, facts: tuple[dict[str, str], dict[str, str]], text: str
) -> None:
    def graph(more: dict[str, str]) -> Graph:
        one = Drawn()
        one.base()
        one.copy("ADD x /", one.fetched(kind, ref, **more))
        return one.graph()

    assert told(build(2, graph(facts[1])), build(1, graph(facts[0]))) == {"ADD x /": f"download: {text}"}


def test_steps_go_with_those_of_their_stage_whatever_it_is_called() -> None:
    def graph(stage: str, *texts: str) -> Graph:
        one = Drawn(stage)
        one.base()
        for text in texts:
            one.run(text)
        return one.graph()

    before, now = graph("old", "RUN a", "RUN b", "RUN c"), graph("new", "RUN a", "RUN x", "RUN c", "RUN d")

    pairs = counterparts(now, before)

    assert {now.steps[one].text: before.steps[other].text for one, other in pairs.items() if now.steps[one].is_step} == {
        "RUN a": "RUN a", "RUN x": "RUN b", "RUN c": "RUN c",
    }  # fmt: skip


def test_many_steps_on_each_other_are_no_trouble() -> None:
    def graph(first: str) -> Graph:
        one = Drawn()
        one.base()
        for number in range(1500):
            one.run(first if number == 0 else f"RUN {number}")
        return one.graph()

    comparison = Comparison(
        build(2, graph("RUN x")), build(1, graph("RUN y")), notes=notes, keys=keys, selected=selected
    )

    assert {causes[0].kind for causes in comparison.causes.values() if causes} == {Kind.INSTRUCTION, Kind.PARENT}


@pytest.mark.parametrize(
    ("change", "causes"),
    [
        ({"env": [["V", "2"]]}, ["arg: ARG V was 1, is 2"]),
        ({"env": []}, ["arg: ARG V is gone, was 1"]),
        ({"env": [["V", "1"], ["E", ""]]}, ['env: ENV E is new, ""']),
        ({"env": [["V", {"tag": "1"}]]}, ["arg: ARG V has another value"]),
        ({"env": [["V", "1"], ["TARGETARCH", "arm64"]]}, ["platform: TARGETARCH is new, arm64"]),
        ({"env": [["V", "1"], ["BASE", "x"]]}, ["base: ENV BASE is new, x, which the base sets"]),
        ({"user": "me"}, ["instruction: USER was root, is me"]),
        ({"cwd": "/app"}, ["instruction: WORKDIR was /, is /app"]),
        ({"args": ["/bin/bash", "-c", "make"]}, ["instruction: SHELL was /bin/sh -c, is /bin/bash -c"]),
        ({"network": "none"}, ["flag: --network was not given, is none"]),
        ({"hosts": ["db"]}, ["flag: --add-host was not given, is db"]),
        ({"ulimits": [["nofile", 1, 2]]}, ["flag: --ulimit was not given, is nofile:1:2"]),
        ({"hostname": "h"}, ["arg: BUILDKIT_SANDBOX_HOSTNAME is new, h"]),
        ({"platform": "linux/arm64"}, ["platform: the platform was None, is linux/arm64"]),
        ({"mounts": [{"type": "host"}]}, ["flag: --volume says something else"]),
        ({"script": ["EOF", "x"]}, ["instruction: its heredoc was written anew"]),
    ],
)  # fmt: skip
def test_what_an_operation_says_otherwise(change: dict[str, Json], causes: list[str]) -> None:
    op: dict[str, Json] = {
        "kind": "run/3",
        "args": ["/bin/sh", "-c", "make"],
        "env": [["V", "1"]],
        "user": "",
        "cwd": "/",
    }
    stage = PastStage("app", 1, ("V",), {})
    graphs = tuple(Graph("", "Dockerfile", "ARG V\nENV E=\n", {}, (stage,)) for _ in range(2))
    now, then = (
        PastStep("x", facts, (Input("p"),), "[app 2/2] RUN make", "app", 2) for facts in ({**op, **change}, op)
    )

    found = list(of_operation(now, then, (graphs[0], graphs[1])))

    assert [f"{cause.kind}: {cause.text}" for cause in found] == causes
