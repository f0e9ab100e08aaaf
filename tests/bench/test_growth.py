"""How builds grow: the points of a curve, what is read off them, and a real run at the smallest sizes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import curves
from drawing import straight
from figures import Growth, Point, slope
from growth import chosen, limits

REPOSITORY = Path(__file__).parents[2]
MACHINE = {"cores": "2"}


def point(size: int, cpu: float, *, scenario: str = "cold") -> Point:
    return Point("files", size, scenario, 2 * cpu, cpu, 50_000_000)


def test_a_slope_of_one_is_linear_two_quadratic_and_none_is_no_growth() -> None:
    assert slope(None, point(10, 1)) == ""
    assert slope(point(10, 1), point(100, 10)) == "1.00"
    assert slope(point(10, 1), point(100, 100)) == "2.00"
    assert slope(point(10, 1), point(100, 1)) == "0.00"


def test_the_table_has_a_line_for_each_point_from_the_smallest_size_up() -> None:
    growth = Growth(MACHINE, (point(100, 4), point(10, 0.4), point(10, 0.1, scenario="warm")))

    head, *lines = [line.split() for line in growth.table().splitlines()]

    assert head == ["curve", "size", "scenario", "wall", "s", "cpu", "s", "slope", "RSS", "MB"]
    assert lines == [
        ["files", "10", "cold", "0.80", "0.40", "50"],
        ["files", "100", "cold", "8.00", "4.00", "1.00", "50"],
        ["files", "10", "warm", "0.20", "0.10", "50"],
    ]


def test_the_steepest_line_is_that_of_the_scenario_that_takes_longest_in_the_end() -> None:
    lines = [point(10, 4), point(100, 5), point(10, 1, scenario="prune"), point(100, 9, scenario="prune")]

    assert Growth(MACHINE, tuple(lines)).steepest("files") == tuple(lines[2:])


def test_figures_come_back_from_json_and_nothing_else_does() -> None:
    growth = Growth(MACHINE, (point(10, 0.4), point(100, 4)))

    assert Growth.from_json(growth.to_json()) == growth
    for text in "{}", "[]", '{"format": 2}', '{"format": 1, "machine": {}, "points": [{"curve": "files"}]}':
        with pytest.raises(ValueError):
            Growth.from_json(text)


def test_the_straight_line_ends_at_the_last_point_and_has_slope_one() -> None:
    sizes, seconds = straight((point(10, 1), point(1000, 10)))

    assert (sizes[1], seconds[1]) == (1000, 20)
    assert seconds[0] / seconds[1] == sizes[0] / sizes[1]
    assert sizes[0] >= 10


def test_curves_and_limits_are_known_by_name() -> None:
    assert [curve.name for curve in chosen("steps,files")] == ["steps", "files"]
    assert limits("files=100000,megabytes=1000") == {"files": 100_000, "megabytes": 1000}
    assert limits("") == {}
    with pytest.raises(
        SystemExit, match="there is no curve file; known: files, steps, stages, megabytes, records, builds"
    ):
        chosen("file")
    for text in "files", "file=1", "files=", "files=many":
        with pytest.raises(SystemExit, match="--most takes CURVE=SIZE"):
            limits(text)


def test_there_are_six_curves_as_far_as_issue_6_asks_for() -> None:
    reach = {name: curve.sizes[-1] for name, curve in curves.ALL.items()}

    assert reach == {"files": 10**6, "steps": 500, "stages": 1000, "megabytes": 8000, "records": 10**5, "builds": 32}
    assert all(curve.quick[-1] < curve.sizes[-1] for curve in curves.ALL.values())


@pytest.mark.parametrize("name", ["files", "steps", "stages", "megabytes"])
def test_a_context_grows_with_its_size(name: str, tmp_path: Path) -> None:
    def made(size: int) -> tuple[int, int]:
        folder = tmp_path / str(size)
        folder.mkdir()
        curves.ALL[name].make(folder, folder / "store", size)
        files = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        return len(files), sum(files)

    small, large = made(2), made(20)

    assert large > small


def test_the_smallest_sizes_are_measured_on_real_builds(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("builds as root")
    small = "files=100,steps=1,stages=1,megabytes=1,records=10,builds=2"

    done = subprocess.run(
        [sys.executable, REPOSITORY / "bench/growth.py", "--quick", "--most", small, "--patience", "0",
         "--into", tmp_path / "out", "--workdir", tmp_path / "work"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip

    growth = Growth.from_json((tmp_path / "out/growth.json").read_text())
    assert [(curve, growth.scenarios(curve)) for curve in growth.curves] == [
        (name, tuple(curve.scenarios)) for name, curve in curves.ALL.items()
    ]
    assert [each.size for each in growth.line("builds", "warm")] == [1, 2]
    assert all(each.cpu > 0 and each.rss > 0 for each in growth.points), done.stderr
    assert list((tmp_path / "work").iterdir()) == []
