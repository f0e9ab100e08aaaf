"""Builds that were, looked at by their records: `stagemill size`, `N`, `N:STAGE` and `:STAGE`."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import pytest

from fakes.program import Call
from stagemill.cli.sizing.past import Spelled, spelled

FILE = """FROM scratch AS base
COPY a /a
FROM base AS build
COPY b /b
ENV API_TOKEN=open-sesame PLAIN=1
FROM scratch AS run
COPY --from=build /b /bin/
COPY a /tmp/a
LABEL x=1
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7", Spelled(7)),
        ("7:build", Spelled(7, "build")),
        (":build", Spelled(None, "build")),
        (":stage-0.x", Spelled(None, "stage-0.x")),
        ("07", None),
        ("0", None),
        ("", None),
        ("app:7", None),
        ("7:a/b", None),
        ("7@sha256", None),
        ("r:5000/app", None),
    ],
)
def test_a_number_is_a_build_and_a_colon_comes_before_a_stage(text: str, found: Spelled | None) -> None:
    assert spelled(text) == found


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
class TestRecords:
    @pytest.fixture
    def built(self, folder: Path, stagemill: Call) -> Call:
        """Build 1 is of `FILE`."""
        (folder / "a").write_bytes(os.urandom(5000))
        (folder / "b").write_bytes(os.urandom(7000))
        (folder / "Dockerfile").write_text(FILE)
        assert stagemill("build", "-q", ".").status == 0
        return stagemill

    def test_a_record_says_what_the_build_would_say(self, built: Call) -> None:
        now = self.document(built, "--progress=quiet", ".")
        remembered = self.document(built)

        assert (remembered.pop("build"), remembered.pop("lost")) == (1, [])
        assert (remembered["image"].pop("digest"), len(now["image"].pop("digest"))) == (None, 71)
        assert remembered == now

    def test_each_stage_is_an_image_of_its_own(self, built: Call) -> None:
        by_word, by_colon, by_number, by_flag = (
            self.document(built, *names) for names in (["build"], [":build"], ["1:build"], ["--build=1", "build"])
        )

        assert by_word == by_colon == by_number == by_flag
        assert [(stage["title"], stage["total"]) for stage in by_word["stages"]] == [("base", 5000), ("build", 12_000)]
        assert [(layer["stage"], layer["line"]) for layer in by_word["image"]["layers"]] == [("base", 2), ("build", 4)]

    def test_an_image_and_a_directory_come_before_a_stage(self, built: Call, folder: Path) -> None:
        (folder / "run").mkdir()
        (folder / "run" / "Dockerfile").write_text("FROM scratch AS within\nCOPY Dockerfile /\n")
        built("build", "-q", "-t", "build", "--target=base", ".")

        assert built("size", "build").out.startswith("build: 5.")
        assert "\nwithin: " in built("size", "--progress=quiet", "run").out
        assert "\nrun: " in built("size", "1:run").out

    def test_earlier_builds_stay_what_they_were(self, built: Call, folder: Path) -> None:
        (folder / "b").write_bytes(os.urandom(9000))
        built("build", "-q", ".")

        sizes = [self.document(built, number)["total"] for number in ("1", "2")]
        changed = json.loads(built("diff", "--json", "1", "2").out)

        assert sizes == [12_000, 14_000]
        assert [(each["path"], each["growth"]) for each in changed["files"]] == [("bin/b", 2000)]
        assert (changed["before"]["name"], changed["before"]["digest"]) == ("1", None)

    def test_a_stage_grows_from_what_it_was_in_the_build_before(self, built: Call, folder: Path) -> None:
        (folder / "b").write_bytes(os.urandom(9000))
        built("build", "-q", ".")

        over, held = (built("size", f"--max-growth={most}", ":build") for most in ("1kB", "3kB"))

        assert over.err.splitlines()[0] == "error: build is over its budget: growth"
        assert (held.status, held.out.splitlines()[-1].split()[-1]) == (0, "ok")

    def test_values_of_secrets_are_not_told_and_are_no_difference(self, built: Call) -> None:
        said = built("diff", ":base", ":build").out
        same = built("diff", "--progress=quiet", ":build", "target:build").out

        assert "  + config.Env.PLAIN  1" in said
        assert "  + config.Env.API_TOKEN  (hidden, " in said
        assert "open-sesame" not in said
        assert same == ":build and target:build have the same files, packages and config\n"

    def test_layers_that_were_pruned_are_named_with_what_to_do(self, built: Call, folder: Path) -> None:
        built("prune", "--all", "--force")

        said = built("size")

        assert (said.status, said.out) == (1, "")
        assert said.err.splitlines() == [
            "error: build 1 cannot be weighed: layers of run are not in the store any more",
            f"hint: build it again: stagemill size {folder}",
        ]

    def test_a_stage_that_is_lost_is_named_and_the_rest_is_told(self, built: Call, tmp_path: Path) -> None:
        built("build", "-q", ".")  # a build from the cache is known by the records of its steps
        records = sqlite3.connect(next((tmp_path / "store").glob("*.sqlite")))
        with records:
            assert records.execute("DELETE FROM records WHERE CAST(name AS TEXT) LIKE '%COPY b%'").rowcount > 0
            assert records.execute("DELETE FROM records WHERE CAST(name AS TEXT) LIKE '%[base%'").rowcount > 0
        records.close()

        said, found = built("size").out.splitlines(), self.document(built)

        assert found["lost"] == ["base", "build"]
        assert said[0].endswith("; not in the store any more, and not below: base, build")
        assert said[1] == "run 12.0 kB"
        assert [line.split()[0] for line in said if line.startswith(("base", "build ", "run "))] == [
            "build",
            "run",
            "run",
        ]

    def test_what_another_stage_begins_with_is_known_by_that(self, built: Call, tmp_path: Path) -> None:
        built("build", "-q", ".")
        whole = self.document(built)
        records = sqlite3.connect(next((tmp_path / "store").glob("*.sqlite")))
        with records:
            assert records.execute("DELETE FROM records WHERE CAST(name AS TEXT) LIKE '%[base%'").rowcount > 0
        records.close()

        assert self.document(built) == whole

    def test_what_was_made_again_since_then_is_not_taken_for_what_it_was(self, built: Call) -> None:
        built("build", "-q", ".")  # all of it is cached, and its row says no more than that
        built("build", "-q", "--no-cache", ".")

        first, second, last = (built("size", *names) for names in (["1"], ["2"], []))

        assert first.out.startswith("build 1 of run, ")
        assert second.err.splitlines() == [
            "error: run was made again after build 2, and what it was then is not kept",
            "hint: stagemill size shows the last build",
        ]
        assert last.out.startswith("build 3 of run, ")

    def test_two_builds_of_the_same_are_compared_by_what_each_of_them_made(self, built: Call, folder: Path) -> None:
        (folder / "a").chmod(0o600)
        built("build", "-q", ".")
        (folder / "a").chmod(0o644)
        built("build", "-q", "--no-cache", ".")

        found = json.loads(built("diff", "--json", "1", "3").out)
        other = json.loads(built("diff", "--json", "2", "3").out)

        assert (found["files"], [each["path"] for each in other["files"]]) == ([], ["tmp/a"])

    def test_a_build_that_failed_has_no_image_but_stages(self, built: Call, folder: Path) -> None:
        (folder / "Dockerfile").write_text(FILE + "COPY --from=build /missing /\n")
        assert built("build", "-q", ".").status == 1

        whole, stage = built("size"), built("size", ":build")

        assert whole.err.splitlines() == [
            "error: build 2 failed, and made no image",
            "hint: stagemill builds lists the others; a stage of it is 2:STAGE",
        ]
        assert stage.out.splitlines()[0].startswith("build in build 2 of run, ")

    def test_a_build_that_was_over_its_budget_can_be_looked_at(self, built: Call, folder: Path) -> None:
        (folder / "b").write_bytes(os.urandom(9000))
        assert "hint: stagemill size --by waste" in built("build", "-q", "--max-size=1B", ".").err

        listed = built("size", "--by=waste", "--format={{.Path}} {{.Bytes}}")

        assert (listed.status, listed.out) == (0, "/tmp/a 5000\n")
        assert self.document(built)["total"] == 14_000

    def test_of_several_targets_one_has_to_be_named(self, built: Call) -> None:
        built("build", "-q", "--target=base=a", "--target=run=b", ".")

        said, named = built("size"), built("size", "2:base")

        assert said.err.splitlines() == [
            "error: build 2 has several targets",
            "hint: name one of them: 2:base, 2:run",
        ]
        assert [line.split()[0] for line in named.out.splitlines()[1:3]] == ["base", "base:"]

    def test_of_several_platforms_one_can_be_chosen(self, built: Call) -> None:
        built("build", "-q", "--platform=linux/arm64,linux/riscv64", ".")

        first, chosen, missing = (
            built("diff", "--json", *platform, ":base", ":run")
            for platform in ([], ["--platform=linux/riscv64"], ["--platform=linux/s390x"])
        )

        assert (first.status, chosen.status) == (0, 0)
        assert "error: build 2 has no base for linux/s390x\nhint: it has linux/arm64, linux/riscv64" in missing.err

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("1:biuld", "build 1 has no stage biuld\nhint: did you mean build? it has base, build, run"),
            ("9", "there is no build 9\nhint: stagemill builds lists them; the 200 latest are kept"),
            ("123456", "there is no build 123456\nhint: stagemill builds lists them"),
        ],
    )
    def test_what_there_is_not_is_said(self, built: Call, name: str, message: str) -> None:
        said = built("size", name)

        assert (said.status, said.out) == (1, "")
        assert message in said.err

    def test_where_nothing_was_built_it_says_so(self, stagemill: Call) -> None:
        assert stagemill("size").err == (
            "error: nothing was built here yet\nhint: stagemill build . builds this directory\n"
        )

    def test_records_of_an_earlier_stagemill_are_told_from_none(self, built: Call, tmp_path: Path) -> None:
        store = sqlite3.connect(next((tmp_path / "store").glob("*.sqlite")))
        with store:
            ((graph, packed),) = store.execute("SELECT graph, document FROM graphs").fetchall()
            document = json.loads(zlib.decompress(packed))
            for stage in document["stages"]:
                del stage["made"]
            store.execute("UPDATE graphs SET document = ?", (zlib.compress(json.dumps(document).encode()),))
        store.close()

        assert graph.startswith("sha256:")
        assert built("size").err.splitlines()[0] == (
            "error: build 1 is of an earlier stagemill, which kept nothing to weigh it by"
        )

    def test_the_project_of_the_directory_has_its_budget(self, built: Call, folder: Path) -> None:
        (folder / "stagemill.toml").write_text('[size.stages]\nbuild = "11999B"\n')

        over = built("size")
        (folder / "stagemill.toml").write_text('[size.stages]\nbiuld = "12kB"\n')
        unknown = built("size")

        assert over.err.splitlines()[0] == "error: run is over its budget: stage build"
        assert unknown.err.splitlines()[:2] == [
            "error: --max-size biuld has no effect: no stage of build 1 has that name", "hint: did you mean build?",
        ]  # fmt: skip

    def document(self, call: Call, *arguments: str) -> dict[str, Any]:
        said = call("size", "--json", *arguments)
        assert said.status == 0, said.err
        found: dict[str, Any] = json.loads(said.out)
        return found
