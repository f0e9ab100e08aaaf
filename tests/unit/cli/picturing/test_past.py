"""The picture of a build that was: which stage a step belongs to, what reads what, and what took longest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.pasts import Drawn, build
from stagemill.cli.picturing.past import drawn, slowest
from stagemill.cli.picturing.text import text
from stagemill.cli.reporting.sizes import Sizes
from stagemill.insight.picture.picture import Arrow, Picture, Way
from stagemill.insight.why.past import Outcome, Past, PastStage
from stagemill.store.store import Store


@pytest.fixture
def sizes(tmp_path: Path) -> Iterator[Sizes]:
    with Store.open(tmp_path / "store") as store:
        yield Sizes(store)


def past() -> Past:
    """`web` copies from `build` and from `tool`; `empty` has no step and `web` begins from it."""
    one = Drawn("build")
    one.base()
    made = one.run("RUN make")
    one.begin("tool")
    one.base("m2", "golang")
    tool = one.run("RUN go build")
    one.begin("web")
    one.base("m3", "alpine")
    one.copy("COPY --from=build /a /a", made)
    one.copy("COPY --from=tool /b /b", tool)
    stages = [
        PastStage("build", 1, (), {}, "busybox"),
        PastStage("tool", 3, (), {}, "golang"),
        PastStage("empty", 5, (), {}, "alpine"),
        PastStage("web", 6, (), {}, "empty"),
    ]
    return replace(build(7, one.graph(stages=stages)), title="web")


def test_stages_are_in_the_order_of_the_file_with_what_they_read(sizes: Sizes) -> None:
    picture = drawn(past(), sizes)

    assert [(box.title, box.base, len(box.rows), box.role) for box in picture.boxes] == [
        ("build", "busybox", 1, ""), ("tool", "golang", 1, ""), ("empty", "alpine", 0, ""), ("web", "empty", 2, "target"),
    ]  # fmt: skip
    assert set(picture.arrows) == {
        Arrow("build", "web", 0, Way.READS), Arrow("tool", "web", 1, Way.READS), Arrow("empty", "web", -1, Way.FROM),
    }  # fmt: skip


def test_a_stage_that_begins_from_another_does_not_read_it_twice(sizes: Sizes) -> None:
    one = Drawn("a")
    one.base()
    below = one.run("RUN a")
    one.begin("b")
    one.last = below
    one.run("RUN b")
    graph = one.graph(stages=[PastStage("a", 1, (), {}, "busybox"), PastStage("b", 3, (), {}, "a")])

    assert drawn(build(1, graph), sizes).arrows == (Arrow("a", "b", -1, Way.FROM),)


def test_a_step_that_two_stages_share_is_in_one_and_the_other_waits_for_its_row(sizes: Sizes) -> None:
    one = Drawn("a")
    one.base()
    shared = one.run("RUN shared")
    one.run("RUN a")
    one.begin("b")
    one.last = shared
    one.run("RUN b")
    stages = [PastStage("a", 1, (), {}, "busybox"), PastStage("b", 3, (), {}, "busybox")]

    picture = drawn(build(1, one.graph(stages=stages)), sizes)

    assert [[row.text for row in box.rows] for box in picture.boxes] == [["RUN shared", "RUN a"], ["RUN b"]]
    assert picture.arrows == (Arrow("a", "b", 0, Way.READS, begin=0),)


def test_the_longest_way_is_that_of_what_ran(sizes: Sizes) -> None:
    given = past()
    times = {"RUN make": 3.0, "RUN go build": 4.0, "COPY --from=build /a /a": 0.1, "COPY --from=tool /b /b": 0.1}
    outcomes = {
        key: Outcome("cached" if step.text == "RUN go build" else "ran", times[step.text])
        for key, step in given.graph.steps.items()
        if step.text in times
    }
    given = replace(given, outcomes=outcomes)

    assert [given.graph.steps[step.id].text for step in slowest(given)] == [
        "RUN make", "COPY --from=build /a /a", "COPY --from=tool /b /b",
    ]  # fmt: skip
    assert [row.text for row in drawn(given, sizes).slow] == [given.graph.steps[one.id].text for one in slowest(given)]
    assert slowest(replace(given, outcomes={}, all_cached=True)) == ()


def test_a_stage_of_two_platforms_is_two_boxes(sizes: Sizes) -> None:
    one = Drawn("linux/amd64 app")
    one.base()
    one.run("RUN a")
    one.begin("linux/arm64 app")
    one.base("m2")
    one.run("RUN a")
    steps = {key: replace(step, stage="app" if step.stage else "", line=2) for key, step in one.steps.items()}
    given = build(1, replace(one.graph(stages=[PastStage("app", 1, (), {}, "busybox")]), steps=steps))

    assert [(box.title, box.base) for box in drawn(given, sizes).boxes] == [
        ("app for linux/amd64", "busybox"), ("app for linux/arm64", "busybox"),
    ]  # fmt: skip


def test_on_a_terminal_each_step_has_a_mark_its_line_and_what_it_reads(sizes: Sizes) -> None:
    lines = text(drawn(past(), sizes)).splitlines()

    assert [" ".join(line.split()) for line in lines] == [
        "build 7 of web",
        "", "build FROM busybox", "┃ ● 3 RUN make 1.0 s",
        "", "tool FROM golang", "└ ● 5 RUN go build 1.0 s",
        "", "empty FROM alpine",
        "", "web (target) FROM empty", "┃ ● 7 COPY --from=build /a /a 1.0 s ← build", "┃ ● 8 COPY --from=tool /b /b 1.0 s ← tool",
        "", "critical path (┃): 3 steps, 3.0 s",
        "", "○ cached ● ran ✗ failed · not needed",
    ]  # fmt: skip


def test_a_terminal_gets_no_control_characters() -> None:
    assert text(Picture("build \x1b[31mred", (), ())).startswith("build red\n")


def test_a_step_that_two_stages_have_is_drawn_in_both_and_counts_once(sizes: Sizes) -> None:
    one = Drawn("web")
    one.base()
    shared = one.run("RUN same")
    one.copy("COPY --from=tool /a /a", shared)
    one.begin("tool")
    one.last = shared
    one.run("RUN more")
    stages = [
        PastStage("tool", 1, (), {}, "busybox", shared=((shared, 2),)),
        PastStage("web", 6, (), {}, "$BASE", parent="tool"),
    ]

    picture = drawn(replace(build(7, one.graph(stages=stages)), title="web"), sizes)

    tool, web = picture.boxes
    assert [(row.line, row.short) for row in tool.rows] == [(2, "RUN same"), (5, "RUN more")]
    assert web.rows[0].id == tool.rows[0].id == shared
    assert web.base == "tool"
    assert set(picture.arrows) == {Arrow("tool", "web", -1, Way.FROM)}
    assert sum(row.slow for box in picture.boxes for row in box.rows) == 3
    assert [row.short for row in picture.slow] == ["RUN same", "COPY --from=tool /a /a"]


def test_on_a_narrow_terminal_instructions_are_cut_until_lines_fit(sizes: Sizes) -> None:
    one = Drawn("build")
    one.base()
    made = one.run(f"RUN make {'very ' * 20}")
    one.begin("web")
    one.base("m3", "alpine")
    one.copy(f"COPY --from=build /{'long' * 20} /a", made)
    stages = [PastStage("build", 1, (), {}, "busybox"), PastStage("web", 6, (), {}, "alpine")]
    picture = drawn(replace(build(7, one.graph(stages=stages)), title="web"), sizes)

    whole, narrow, least = (text(picture, columns=columns).splitlines() for columns in (None, 60, 10))

    assert max(len(line) for line in whole[1:-1]) == 9 + 52 + 17 + len("  ← build")
    assert max(map(len, narrow)) == 60
    assert "← build" in narrow[6]
    assert "RUN make very very very…" in least[3]
