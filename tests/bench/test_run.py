"""The command line of the benchmark: what may be asked for, and one real row."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import builders
import workload
from fakes.figures import run_of, timed, yards
from results import Results
from run import chosen_builders, chosen_rows, chosen_scenarios

REPOSITORY = Path(__file__).parents[2]
LARGE = {"bigctx"}  # hundreds of megabytes
PATIENCE = 900  # seconds; against hanging only


def bench(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, REPOSITORY / "bench/run.py", *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_rows_and_scenarios_are_known_by_name() -> None:
    assert [row.name for row in chosen_rows("deep,bigfile+zstd")] == ["deep", "bigfile+zstd"]
    assert chosen_scenarios("warm,cold") == {"warm", "cold"}


def test_what_is_not_known_is_refused_with_what_is() -> None:
    known = builders.all_builders("/nowhere/stagemill")
    with pytest.raises(SystemExit, match="there is no row deeep; known: hello, node, parallel, bigctx, deep"):
        chosen_rows("hello,deeep")
    with pytest.raises(SystemExit, match="there is no scenario hot; known: cold, warm, edit"):
        chosen_scenarios("hot")
    with pytest.raises(SystemExit, match="there is no builder stagemill here; known: stagemill, buildah"):
        chosen_builders("stagemill", known)


@pytest.mark.parametrize(
    "work", [row for row in workload.ALL.values() if row.name not in LARGE], ids=lambda row: row.name
)
def test_a_row_has_its_files_and_an_edit_changes_its_context(work: workload.Workload, tmp_path: Path) -> None:
    context = workload.Context(work, tmp_path / "context")
    before = content(context.folder)

    if "edit" in work.scenarios:
        context.edit()

    assert before
    assert (content(context.folder) != before) == ("edit" in work.scenarios)
    assert work.dockerfile.read_text().startswith("FROM ")


def test_two_runs_are_compared_without_timing_anything(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(run_of(timed("mill", [2, 2]), yards("cp -a", [1, 1])).to_json())
    (tmp_path / "b.json").write_text(run_of(timed("mill", [1, 1]), yards("cp -a", [1, 1])).to_json())

    done = bench("--compare", tmp_path / "a.json", tmp_path / "b.json")

    assert (done.returncode, done.stderr) == (0, "")
    assert "-50 %" in done.stdout


def test_a_file_that_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")

    done = bench("--compare", tmp_path / "a.json", tmp_path / "a.json")

    assert done.returncode == 1
    assert done.stderr == f"cannot read {tmp_path}/a.json: these are no figures of a run: KeyError('format')\n"


@pytest.mark.root
def test_one_row_of_stagemill_is_measured_for_real(tmp_path: Path) -> None:
    if missing := [name for name in ("docker-registry", "skopeo", "busybox") if not shutil.which(name)]:
        pytest.skip(f"needs {', '.join(missing)}")
    arguments = ("--rows", "hello", "--builders", "stagemill", "--rounds", "1", "--patience", "0", "--own-fs", "0")

    done = bench(
        *arguments, "--workdir", tmp_path / "work", "--json", tmp_path / "it.json",
        STAGEMILL_BASES_CACHE=str(tmp_path / "bases"),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    results = Results.from_json((tmp_path / "it.json").read_text())
    assert results.notes == ()
    assert [(item.row, item.scenario, item.layers) for item in results.timed] == [
        ("hello", "cold", 2),
        ("hello", "warm", 2),
        ("hello", "edit", 2),
    ]
    assert all(item.size > 500_000 and item.sample.rss > 10_000_000 for item in results.timed)
    assert results.yardsticks == ("tar|gzip", "cp -a", "sha256sum", "python3")
    assert "hello  cold      stagemill" in done.stdout
