"""What a picture knows of itself: columns, the critical path, figures in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stagemill.insight.picture.picture import Arrow, Box, Picture, Row, Tone, Way, amount, took


def row(text: str, *, slow: bool = False, seconds: float | None = None, size: int | None = None) -> Row:
    return Row(f"sha256:{text}", 3, text, Tone.RAN, "ran", seconds, size, slow)


def picture() -> Picture:
    """`web` has files of `build` and of `tool`; `build` begins from `deps`."""
    boxes = (
        Box("deps", "node:22", (row("RUN npm ci", slow=True),)),
        Box("build", "deps", (row("COPY . ."), row("RUN make", slow=True))),
        Box("tool", "golang:1.25", ()),
        Box(
            "web", "scratch", (row("COPY --from=build /a /a", slow=True), row("COPY --from=tool /b /b")), role="target"
        ),
    )
    arrows = (
        Arrow("deps", "build", -1, Way.FROM), Arrow("build", "web", 0, Way.READS), Arrow("tool", "web", 1, Way.READS),
    )  # fmt: skip
    return Picture("build 1 of web", boxes, arrows)


def test_a_stage_stands_to_the_right_of_all_that_it_waits_for() -> None:
    assert picture().depths() == {"deps": 0, "build": 1, "tool": 0, "web": 2}


def test_stages_of_one_name_may_wait_for_each_other_in_a_circle() -> None:
    given = picture()
    circle = replace(given, arrows=(*given.arrows, Arrow("web", "deps", 0, Way.READS)))

    assert circle.depths() == {"deps": 0, "build": 1, "tool": 0, "web": 2}


def test_the_critical_path_is_in_the_order_of_the_file() -> None:
    assert [one.text for one in picture().slow] == ["RUN npm ci", "RUN make", "COPY --from=build /a /a"]


def test_the_facts_of_a_step_are_those_that_are_known() -> None:
    assert row("RUN a").facts == "ran"
    assert row("RUN a", seconds=3.21, size=1_400_000).facts == "ran, 3.2 s, 1.4 MB"
    assert row("RUN a \\\n  && b").short == "RUN a \\ && b"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (99.0, "99 s"), (150.0, "2 min")]
)
def test_times_have_two_digits_or_three(seconds: float, text: str) -> None:
    assert took(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (52_400_000, "52 MB"), (3 * 10**15, "3000 TB")]
)
def test_amounts_are_in_decimal_units(count: int, text: str) -> None:
    assert amount(count) == text
