"""What stages weigh, and what of them the final image carries."""

from __future__ import annotations

from collections.abc import Mapping

from stagemill.digest import Digest
from stagemill.files.view import Entry
from stagemill.insight.size import Saving, SizeReport, StageSize, StepSize, WeighedLayer, WeighedStage, weigh
from stagemill.layer.index import IndexEntry, LayerIndex


def layer(
    text: str, files: Mapping[str, tuple[str, int]], *, copied_from: int | None = None, line: int = 0
) -> WeighedLayer:
    """A layer of files, each with its content in a word and its size."""
    entries = [
        IndexEntry(path, Entry("file", 0o644, 0, 0, size, 0), Digest.of(content.encode()))
        for path, (content, size) in files.items()
    ]
    root = IndexEntry("", Entry("dir", 0o755, 0, 0, 0, 0))
    return WeighedLayer(text, LayerIndex([root, *entries]), copied_from, line)


BASE = layer("", {"bin/sh": ("sh", 100)})
MAKE = layer("RUN make", {"app": ("app", 30), "app.o": ("object", 50)}, line=3)
TAKE = layer("COPY --from=builder /app /", {"app": ("app", 30)}, copied_from=0, line=6)
BUILDER = WeighedStage(0, "builder", "debian", (BASE, MAKE), inherited=1)


def carried(report: SizeReport) -> dict[str, list[int]]:
    """For each stage the bytes that the image carries of its steps."""
    return {stage.title: [step.carried for step in stage.steps] for stage in report.stages}


def test_a_report_says_what_each_step_adds_and_what_the_image_carries_of_it() -> None:
    runtime = WeighedStage(1, "runtime", "scratch", (TAKE,))

    report = weigh([BUILDER, runtime])

    assert report == SizeReport(
        stages=(
            StageSize("builder", "debian", 100, 80, 180, 30, (StepSize("RUN make", 3, 80, 180, 30),)),
            StageSize("runtime", "scratch", 0, 30, 30, 30, (StepSize("COPY --from=builder /app /", 6, 30, 30, 30),)),
        ),
        total=30,
        saving=Saving("builder", 180, "runtime", 30),
    )


def test_the_saving_is_a_part_of_the_heaviest_stage_that_files_come_from() -> None:
    small = WeighedStage(1, "small", "scratch", (layer("RUN x", {"x": ("x", 5)}),))
    target = WeighedStage(2, "target", "scratch", (TAKE, layer("COPY", {"x": ("x", 5)}, copied_from=1)))

    saving = weigh([BUILDER, small, target]).saving

    assert saving == Saving("builder", 180, "target", 35)
    assert saving.percent == -81


def test_a_target_that_copies_from_no_stage_saves_nothing() -> None:
    assert weigh([BUILDER]).saving is None
    assert weigh([BUILDER, WeighedStage(1, "t", "scratch", (layer("COPY . .", {"a": ("a", 1)}),))]).saving is None


def test_percent_may_be_a_loss_and_is_zero_for_an_empty_stage() -> None:
    assert Saving("a", 100, "b", 150).percent == 50
    assert Saving("a", 0, "b", 150).percent == 0


def test_the_target_carries_all_of_its_own_layers_and_of_the_stages_below() -> None:
    deps = WeighedStage(0, "deps", "debian", (BASE, MAKE), inherited=1)
    more = layer("RUN more", {"more": ("more", 7)})
    target = WeighedStage(1, "target", "deps", (BASE, MAKE, more), parent=0, inherited=2)

    report = weigh([deps, target])

    assert carried(report) == {"deps": [80], "target": [7]}
    assert [(stage.base, stage.own, stage.total, stage.carried) for stage in report.stages] == [
        (100, 80, 180, 180),
        (180, 7, 187, 187),
    ]


def test_a_file_is_traced_through_copies_of_copies() -> None:
    middle = WeighedStage(1, "middle", "scratch", (TAKE, layer("RUN y", {"y": ("y", 9)})))
    target = WeighedStage(2, "target", "scratch", (layer("COPY --from=middle", {"z": ("app", 30)}, copied_from=1),))

    assert carried(weigh([BUILDER, middle, target])) == {"builder": [30], "middle": [30, 0], "target": [30]}


def test_a_file_is_traced_to_the_stage_in_whose_own_layer_it_lies() -> None:
    child = WeighedStage(
        1, "child", "builder", (*BUILDER.layers, layer("RUN c", {"c": ("c", 2)})), parent=0, inherited=2
    )
    target = WeighedStage(2, "target", "scratch", (layer("COPY", {"a": ("app", 30), "c": ("c", 2)}, copied_from=1),))

    assert carried(weigh([BUILDER, child, target])) == {"builder": [30], "child": [2], "target": [32]}


def test_a_file_that_a_later_step_wrote_again_is_traced_to_that_step() -> None:
    again = layer("RUN again", {"app": ("app", 30)})
    stage = WeighedStage(0, "s", "debian", (BASE, MAKE, again), inherited=1)
    target = WeighedStage(1, "t", "scratch", (TAKE,))

    assert carried(weigh([stage, target]))["s"] == [0, 30]


def test_only_as_many_equal_files_are_traced_as_were_copied() -> None:
    twice = layer("COPY --from=builder", {"a": ("app", 30), "b": ("app", 30)}, copied_from=0)
    builder = WeighedStage(0, "builder", "x", (layer("RUN", {"1": ("app", 30), "2": ("app", 30)}),))
    middle = WeighedStage(1, "middle", "scratch", (twice,))
    target = WeighedStage(2, "target", "scratch", (layer("COPY", {"a": ("app", 30)}, copied_from=1),))

    assert carried(weigh([builder, middle, target])) == {"builder": [30], "middle": [30], "target": [30]}


def test_names_of_one_file_count_once() -> None:
    entry = Entry("file", 0o644, 0, 0, 40, 0, node=("l", 1))
    index = LayerIndex([IndexEntry("a", entry, Digest.of(b"x")), IndexEntry("b", entry, Digest.of(b"x"))])
    builder = WeighedStage(0, "builder", "scratch", (WeighedLayer("RUN", index),))
    target = WeighedStage(1, "target", "scratch", (WeighedLayer("COPY", index, 0),))

    report = weigh([builder, target])

    assert report.total == 40
    assert carried(report) == {"builder": [40], "target": [40]}


def test_what_was_copied_from_the_base_of_a_stage_belongs_to_no_step() -> None:
    target = WeighedStage(1, "t", "scratch", (layer("COPY", {"sh": ("sh", 100)}, copied_from=0),))

    report = weigh([BUILDER, target])

    assert carried(report) == {"builder": [0], "t": [100]}
    assert report.stages[0].carried == 100
