"""The colours of the live tree."""

from __future__ import annotations

import pytest

from stagemill.cli.progress.colours import Palette


def sgr(style: str, **environ: str) -> str:
    return Palette.of(environ).sgr("x", style)


def test_styles_have_the_colours_of_their_names() -> None:
    assert [sgr(style) for style in ("red", "bold", "dim", "warning", "")] == [
        "\x1b[31mx\x1b[0m", "\x1b[1mx\x1b[0m", "\x1b[2mx\x1b[0m", "x", "x",
    ]  # fmt: skip
    assert [Palette.of({}).rich(style) for style in ("red", "bold", "warning", "")] == ["red", "bold", "", ""]


@pytest.mark.parametrize(
    ("given", "style", "code", "rich"),
    [
        ("run=light-blue", "green", "94", "bright_blue"),
        ("run=blue", "cyan", "34", "blue"),
        ("cancel=magenta", "yellow", "35", "magenta"),
        ("cancel=red:error=1,20,255", "red", "38;2;1;20;255", "rgb(1,20,255)"),
        ("WARNING=YELLOW", "warning", "33", "yellow"),
    ],
)
def test_buildkit_colors_gives_others(given: str, style: str, code: str, rich: str) -> None:
    palette = Palette.of({"BUILDKIT_COLORS": given})

    assert (palette.sgr("x", style), palette.rich(style)) == (f"\x1b[{code}mx\x1b[0m", rich)
    assert palette.mistakes == ()


@pytest.mark.parametrize("wrong", ["run", "run=pink", "run=1,2", "run=1,2,256", "done=red"])
def test_what_nobody_understands_is_left_out_and_said(wrong: str) -> None:
    palette = Palette.of({"BUILDKIT_COLORS": f"{wrong}:error=blue"})

    assert palette.sgr("x", "red") == "\x1b[34mx\x1b[0m"
    assert palette.sgr("x", "green") == "\x1b[32mx\x1b[0m"
    assert [text.partition("\n")[0] for text in palette.mistakes] == [f"BUILDKIT_COLORS: {wrong!r} is left out"]


def test_no_color_wins() -> None:
    assert sgr("red", NO_COLOR="1", BUILDKIT_COLORS="error=blue") == "x"
    assert not Palette.of({"NO_COLOR": "1"}).coloured
