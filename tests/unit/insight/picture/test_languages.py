"""Pictures in the languages of others: what is in them, and that no name of a build can be more than a name."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from stagemill.insight.picture.dot import dot
from stagemill.insight.picture.mermaid import mermaid
from stagemill.insight.picture.picture import Arrow, Box, Picture, Row, Tone, Way
from stagemill.insight.picture.svg import ROW, WIDTH, layout, svg

HOSTILE = '</title><script>alert(1)</script>"]; click a "x" \x1b[31m\u202e & \\'


def picture(name: str = "build", text: str = "RUN make") -> Picture:
    boxes = (
        Box(name, name, (Row("1", 2, text, Tone.CACHED, "cached"), Row("2", 3, text, Tone.RAN, "ran", 2.0, 900, slow=True))),
        Box("web", "scratch", (Row("3", 5, "COPY --from=x /a /a", Tone.FAILED, "failed"),), role="target"),
    )  # fmt: skip
    arrows = (Arrow(name, "web", 0, Way.READS), Arrow(name, "web", -1, Way.AFTER))
    return Picture(f"build 1 of {name}", boxes, arrows, skipped=((f"{name}-not", "nobody needs it"),))


def shapes(text: str) -> list[ET.Element]:
    return list(ET.fromstring(text).iter())


def texts(text: str) -> list[str]:
    return [one.text or "" for one in shapes(text) if one.tag.endswith("}text")]


class TestSvg:
    def test_a_box_has_its_title_its_base_and_a_row_for_each_step_with_its_figures(self) -> None:
        assert texts(svg(picture())) == [
            "build", "FROM build", "RUN make", "", "RUN make", "2.0 s · 900 B",
            "web (target)", "FROM scratch", "COPY --from=x /a /a", "", "build-not", "nobody needs it",
        ]  # fmt: skip

    def test_what_became_of_a_step_is_its_class(self) -> None:
        rows = [one.get("class", "") for one in shapes(svg(picture())) if one.tag.endswith("}g")]

        assert rows == ["row cached", "row ran slow", "row failed"]

    def test_an_arrow_ends_at_the_row_that_reads(self) -> None:
        spots = layout(picture())
        reads, after = [one for one in shapes(svg(picture())) if "arrow" in one.get("class", "")]

        assert (reads.get("class"), after.get("class")) == ("arrow reads", "arrow after")
        assert (reads.get("d") or "").endswith(f" {spots['web'].x - 1} {spots['web'].row(0)}")
        assert spots["web"].x - spots["build"].x > WIDTH
        assert spots["build"].row(1) - spots["build"].row(0) == ROW

    def test_an_arrow_may_begin_at_another_row_than_the_last(self) -> None:
        given = picture()
        first = Picture("", given.boxes, (Arrow("build", "web", 0, Way.READS, begin=0),))
        spot = layout(first)["build"]

        (arrow,) = [one for one in shapes(svg(first)) if "arrow" in one.get("class", "")]

        assert (arrow.get("d") or "").startswith(f"M{spot.x + WIDTH} {spot.row(0)}C")
        assert '"step build 0" -> "step web 0"' in dot(first)
        assert "s0r0 -.-> s1r0" in mermaid(first)

    def test_an_arrow_passes_below_what_stands_between_its_ends(self) -> None:
        row = Row("1", 2, "RUN x", Tone.CACHED, "cached")
        boxes = tuple(Box(name, "", (row,) * count) for name, count in (("a", 1), ("b", 5), ("c", 2)))
        given = Picture(
            "", boxes, (Arrow("a", "b", -1, Way.FROM), Arrow("b", "c", 0, Way.READS), Arrow("a", "c", 1, Way.READS))
        )
        spots = layout(given)

        ways = [one.get("d") or "" for one in shapes(svg(given)) if "arrow" in one.get("class", "")]

        low = spots["b"].y + spots["b"].height + 14
        assert [f" {low}H" in way for way in ways] == [False, False, True]
        assert ways[2].endswith(f" {spots['c'].x - 1} {spots['c'].row(1)}")

    def test_boxes_of_a_column_do_not_overlap(self) -> None:
        given = picture()
        spots = layout(Picture("", given.boxes, ()))

        assert spots["build"].x == spots["web"].x
        assert spots["web"].y >= spots["build"].y + spots["build"].height

    def test_names_are_text_and_nothing_else(self) -> None:
        found = svg(picture(HOSTILE, f"RUN {HOSTILE}"))

        assert {one.tag.partition("}")[2] for one in shapes(found)} == {
            "svg", "title", "style", "defs", "marker", "path", "rect", "text", "g",
        }  # fmt: skip
        assert not re.search("[\x1b\u202e]|<script", found)
        assert texts(found)[0].startswith("</title><script>alert(1)</script>")

    def test_within_a_page_it_brings_no_style_of_its_own(self) -> None:
        assert "<style>" in svg(picture())
        assert "<style>" not in svg(picture(), alone=False)

    def test_a_build_of_nothing_is_a_picture_too(self) -> None:
        assert texts(svg(Picture("nothing", (), ()))) == []


def test_graphviz_reads_clusters_rows_and_arrows() -> None:
    lines = dot(picture()).splitlines()

    assert '    label="web (target)";' in lines
    assert '    "step build 1" [label="RUN make\\nran, 2.0 s, 900 B", fillcolor="#f7d0c0", penwidth=3];' in lines
    assert '  "step build 1" -> "step web 0" [style=dashed];' in lines
    assert '  "step build 1" -> "from web" [style=dotted, label=after];' in lines
    assert '  "skipped build-not" [label="build-not\\nnobody needs it", style=dashed, fontcolor=gray];' in lines


def test_names_for_graphviz_are_strings() -> None:
    """Nothing is outside of quotes but its own words."""
    found = dot(picture(HOSTILE, HOSTILE))
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", found)
    assert not re.search("[\x1b\u202e]", found)

    assert "script" not in bare
    assert bare.count("{") == bare.count("}") == 3


def test_mermaid_reads_subgraphs_rows_and_arrows() -> None:
    lines = mermaid(picture()).splitlines()

    assert lines[0] == "flowchart LR"
    assert '  subgraph s1["web #40;target#41;"]' in lines
    assert '    s0r1["RUN make<br>ran, 2.0 s, 900 B"]:::ran' in lines
    assert "  s0r1 -.-> s1r0" in lines
    assert "  s0r1 -. after .-> s1f" in lines
    assert "  style s0r1 stroke-width:3px" in lines


def test_names_for_mermaid_have_no_character_that_means_anything() -> None:
    found = mermaid(picture(HOSTILE, HOSTILE))
    names = re.findall(r'"([^"]*)"', found)
    assert not re.search("#(27|8238);", found)

    assert len(names) == 8
    assert not [name for name in names if re.search(r"[<>\[\]{}()\\`]", name.replace("<br>", ""))]
