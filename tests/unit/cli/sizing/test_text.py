"""What people read of sizes: stages, and an image."""

from __future__ import annotations

import json

from fakes.layered import image
from stagemill.cli.progress.text import cells
from stagemill.cli.sizing import text
from stagemill.insight.size import Saving, SizeReport, StageSize, StepSize

BUILDER = StageSize(
    "builder", "golang:1.23", 400_000_000, 141_000_000, 541_000_000, 12_345_678,
    (StepSize("RUN go build  \\\n  -o /app .", 4, 141_000_000, 541_000_000, 12_345_678),),
)  # fmt: skip
RUNTIME = StageSize(
    "stage-1", "scratch", 0, 12_345_678, 12_345_678, 12_345_678,
    (StepSize("COPY --from=builder /app /app", 6, 12_345_678, 12_345_678, 12_345_678),),
)  # fmt: skip
REPORT = SizeReport((BUILDER, RUNTIME), 12_345_678, Saving("builder", 541_000_000, "stage-1", 12_345_678))
ALONE = SizeReport((RUNTIME,), 12_345_678, None)


NOISE = b"".join(bytes([n * n % 251, n % 256]) for n in range(5000))


def test_the_table_has_a_row_for_each_stage_its_base_and_its_steps() -> None:
    assert text.stages(REPORT).splitlines() == [
        "STAGE / STEP                          OWN     TOTAL   CARRIED",
        "builder                            141 MB    541 MB   12.3 MB",
        "  FROM golang:1.23                 400 MB    400 MB",
        "  RUN go build \\ -o /app .         141 MB    541 MB   12.3 MB",
        "stage-1                           12.3 MB   12.3 MB   12.3 MB",
        "  COPY --from=builder /app /app   12.3 MB   12.3 MB   12.3 MB",
    ]


def test_the_saving_is_against_the_heaviest_stage_that_files_come_from() -> None:
    grown = SizeReport((RUNTIME,), 0, Saving("a", 100, "b", 150))

    assert text.saving(REPORT) == "builder 541 MB → stage-1 12.3 MB, −98 %"
    assert text.saving(grown) == "a 100 B → b 150 B, +50 %"
    assert text.saving(ALONE) == "stage-1 12.3 MB; it copies from no other stage"


def test_long_instructions_are_cut() -> None:
    step = StepSize("RUN " + "x" * 200, 1, 0, 0, 0)
    report = SizeReport((StageSize("a", "scratch", 0, 0, 0, 0, (step,)),), 0, None)

    line = text.stages(report).splitlines()[2]

    assert line.startswith("  RUN xxx")
    assert len(line.split()[1]) == 54
    assert line.split()[1].endswith("…")


def test_waste_of_one_kind_from_one_step_is_a_line_with_where_most_of_it_is() -> None:
    size = image(
        {"usr/include/a.h": NOISE, "usr/include/b.h": b"1", "opt/x/include/c.h": b"22", "var/include/d.h": b"3"},
        {".wh.usr": b"", "tmp/one": NOISE},
    )

    lines = text.of_image(size, top=10).splitlines()

    assert lines[0] == "app: 41.0 kB to pull, 10.0 kB on disk; 24.6 kB of what is pulled is waste (60 %)"
    assert (
        lines[-4:]
        == [
            "PULLED   FILES   WASTE                      WHERE",
            "11.8 kB       2   deleted later              /usr/include: RUN step 0 → RUN step 1",
            "10.8 kB       1   temporary file             /tmp/one: RUN step 1",
            "2.05 kB       2   header or static library   /opt/x/include, /var/include: RUN step 0",
        ]
        or lines[-4:]
    )


def test_each_kind_of_waste_that_is_shown_has_an_advice() -> None:
    size = image({"a": NOISE, "tmp/b": b"1", "tmp/c": b"2"}, {".wh.a": b""})

    lines = text.of_image(size, top=10).splitlines()

    assert [line.partition("   ")[0] for line in lines[-3:]] == ["WASTE", "deleted later", "temporary file"]
    assert "RUN --mount=type=tmpfs,target=/tmp" in lines[-1]
    assert "temporary file" not in text.of_image(size, top=1).partition("WHAT HELPS")[2]


def test_no_more_rows_than_are_asked_for_and_how_to_see_them() -> None:
    size = image({f"d{number}/x": b"1" for number in range(5)})

    out = text.of_image(size, top=2)

    assert out.count("/d") == 2
    assert "and 3 more: --by directory" in out


ORDERS = "\x1b[2J\u202egnp\t\x07\x9b"


def test_packages_and_steps_are_no_orders_either() -> None:
    package = json.dumps({"name": f"p{ORDERS}", "version": f"1{ORDERS}"}).encode()
    size = image({"node_modules/p/package.json": package}, name=f"app{ORDERS}")
    step = StepSize(f"RUN {ORDERS}", 1, 0, 0, 0)
    report = SizeReport((StageSize("a", f"base{ORDERS}", 1, 0, 0, 0, (step,)),), 0, None)

    out = text.of_build(report, size, top=10)

    assert [
        character for character in ORDERS if character in out.replace("\n", "") and not character.isprintable()
    ] == []
    assert "p\ufffd[2J\ufffdgnp\ufffd\ufffd\ufffd" in out


def test_a_narrow_terminal_gets_columns_that_are_cut_and_not_wrapped() -> None:
    report = text.of_image(image({"tmp/資料/一": NOISE, "usr/include/a.h": NOISE}), top=10)

    narrow = text.fitted(report, 40)

    assert text.fitted(report, None) == report
    assert len(narrow.splitlines()) == len(report.splitlines())
    assert max(map(cells, narrow.splitlines())) == 40
    assert [line for line in narrow.splitlines() if line.endswith("…")]


def test_names_that_are_orders_to_a_terminal_are_shown_harmless() -> None:
    size = image({"tmp/\x1b[31mred": b"1", "a\nb/x": b"2"})

    out = text.of_image(size, top=10)

    assert "\x1b" not in out
    assert all("/" in line or not line.startswith("b") for line in out.splitlines())
