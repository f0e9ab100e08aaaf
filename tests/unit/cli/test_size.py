"""`stagemill size`: what it looks at, in which form, and the status of a budget."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.program import Call

NOISE = b"".join(bytes([n * n % 251, n % 256]) for n in range(5000))


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
class TestCommand:
    def test_it_weighs_what_it_builds(self, folder: Path, stagemill: Call) -> None:
        (folder / "app").write_bytes(b"x" * 1000)
        (folder / "tool").write_bytes(b"x" * 5000 + b"y")
        (folder / "Dockerfile").write_text(
            "FROM scratch AS base\nCOPY tool /\nFROM base AS build\nCOPY app /\n"
            "FROM scratch AS unused\nCOPY tool /\nFROM scratch\nCOPY --from=build /app /bin/\n"
        )

        said = stagemill("size", "--json", ".")

        found = json.loads(said.out)
        assert said.status == 0
        assert [(stage["title"], stage["total"], stage["carried"]) for stage in found["stages"]] == [
            ("base", 5001, 0), ("build", 6001, 1000), ("stage-3", 1000, 1000),
        ]  # fmt: skip
        assert [step["line"] for stage in found["stages"] for step in stage["steps"]] == [2, 4, 8]
        assert found["stages"][1]["base_name"] == "base"
        assert (found["total"], found["saving"]["percent"]) == (1000, -83)

    def test_progress_does_not_mix_with_the_table(self, folder: Path, stagemill: Call) -> None:
        (folder / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")

        said = stagemill("size", ".")

        assert said.out.startswith("stage-0 31 B; it copies from no other stage\n")
        assert "DIRECTORY" not in said.out
        assert said.err.startswith("#1 ")

    def test_without_an_argument_it_is_the_last_build_and_nothing_runs(self, folder: Path, stagemill: Call) -> None:
        (folder / "Dockerfile").write_text("FROM scratch AS here\nCOPY Dockerfile /\n")
        stagemill("build", "-q", ".")
        (folder / "Dockerfile").write_text("FROM scratch AS later\nCOPY Dockerfile /\n")

        said = stagemill("size")

        assert said.out.splitlines()[0].startswith("build 1 of here, ")
        assert said.out.splitlines()[2].startswith("here: ")
        assert said.err == ""
        assert len(stagemill("builds", "-q").out.split()) == 1

    def test_a_name_is_an_image_and_a_path_is_built(self, app: Call, folder: Path) -> None:
        (folder / "app").mkdir()
        (folder / "app" / "Dockerfile").write_text("FROM scratch AS built\nCOPY Dockerfile /\n")
        (folder / "other").mkdir()
        (folder / "other" / "Dockerfile").write_text("FROM scratch AS other-one\nCOPY Dockerfile /\n")

        image, path, folder_alone = (app("size", "--progress=quiet", name).out for name in ("app", "./app", "other"))

        assert image.startswith("app: ")
        assert path.splitlines()[1].startswith("built: ")
        assert folder_alone.splitlines()[1].startswith("other-one: ")

    def test_what_is_neither_is_an_image_that_is_missing(self, app: Call) -> None:
        said = app("size", "ap")

        assert said.status == 1
        assert "there is no image ap in the store\nhint: did you mean app:latest?" in said.err

    def test_an_image_is_told_answer_first(self, app: Call) -> None:
        lines = app("size", "app").out.splitlines()

        assert lines[0].endswith("2 B on disk; no waste was found")
        assert lines[2].split() == ["PULLED", "ON", "DISK", "WASTE", "STEP"]
        assert [line.split("   ")[-1].strip() for line in lines[3:5]] == ["COPY one /a", "COPY one /b"]

    def test_waste_is_told_with_its_steps(self, folder: Path, stagemill: Call) -> None:
        (folder / "noise").write_bytes(NOISE)
        (folder / "Dockerfile").write_text("FROM scratch AS s\nCOPY noise /a\nCOPY noise /tmp/b\nCOPY noise /c\n")

        out = stagemill("size", "--progress=quiet", ".").out
        stagemill("build", "-q", "-t", "app", ".")
        listed = stagemill("size", "--by=waste", "--format={{.Kind}}|{{.Path}}|{{.Step}}|{{.Because}}", "app").out

        assert "copy of another file   /c: s:4 COPY noise /c" in out
        assert "temporary file         /tmp/b: s:3 COPY noise /tmp/b" in out
        assert sorted(listed.splitlines()) == [
            "copy of another file|/c|COPY noise /c|/a",
            "temporary file|/tmp/b|COPY noise /tmp/b|",
        ]

    def test_a_lock_that_stayed_in_a_stage_tells_what_is_for_development(self, folder: Path, stagemill: Call) -> None:
        for name in "needed", "tester":
            (folder / name).write_text(json.dumps({"name": name, "version": "1.0.0"}))
        (folder / "package.json").write_text('{"dependencies": {"needed": "1"}, "devDependencies": {"tester": "1"}}')
        (folder / "yarn.lock").write_text("needed@1:\n  version 1.0.0\n\ntester@1:\n  version 1.0.0\n")
        (folder / "Dockerfile").write_text(
            "FROM scratch AS deps\nCOPY package.json yarn.lock /app/\n"
            "COPY needed /app/node_modules/needed/package.json\nCOPY tester /app/node_modules/tester/package.json\n"
            "FROM scratch\nCOPY --from=deps /app/node_modules /app/node_modules\n"
        )

        found = json.loads(stagemill("size", "--json", "--progress=quiet", ".").out)["image"]["waste"]["entries"]

        assert [(each["kind"], each["path"], each["because"]) for each in found] == [
            ("development dependency", "app/node_modules/tester/package.json", "app/yarn.lock")
        ]

    @pytest.mark.parametrize(
        ("by", "row"),
        [
            ("step", {"Layer": 1, "Step": "COPY one /b", "Bytes": 1}),
            ("directory", {"Directory": "/d", "Files": 1}),
            ("file", {"Path": "/b", "Bytes": 1, "TarBytes": 2048}),
            ("duplicate", None),
            ("package", {"Package": "p", "Kind": "npm", "Version": "1.0.0"}),
        ],
    )
    def test_views_are_lists_of_one_kind(self, app: Call, folder: Path, by: str, row: dict[str, object] | None) -> None:
        (folder / "one").write_text("1")
        (folder / "p").write_text('{"name": "p", "version": "1.0.0"}')
        (folder / "Dockerfile").write_text(
            "FROM scratch\nCOPY one /a\nCOPY one /b\nCOPY p /d/node_modules/p/package.json\n"
        )
        app("build", "-q", "-t", "app", ".")

        table, rows = app("size", f"--by={by}", "app").out, app("size", f"--by={by}", "--format=json", "app").out
        found = [json.loads(line) for line in rows.splitlines()]

        assert len(table.splitlines()) == 1 + len(found)
        assert [each for each in found if row and row.items() <= each.items()] or row is None
        assert app("size", f"--by={by}", "--top=1", "--format={{.Bytes}}", "app").out.count("\n") == min(1, len(found))

    def test_stages_are_listed_where_something_is_built(self, folder: Path, stagemill: Call) -> None:
        (folder / "Dockerfile").write_text("FROM scratch AS a\nCOPY Dockerfile /\nFROM a AS b\nCOPY Dockerfile /x\n")

        listed = stagemill(
            "size", "--progress=quiet", "--by=stage", "--format={{.Stage}} {{.Base}} {{.TotalBytes}}", "."
        )
        stagemill("build", "-q", "-t", "app", ".")
        refused = stagemill("size", "--by=stage", "app")

        size = (folder / "Dockerfile").stat().st_size
        assert listed.out.splitlines() == [f"a scratch {size}", f"b a {2 * size}"]
        assert (refused.status, refused.err.splitlines()[0]) == (2, "error: app is an image, and has no stages")

    def test_directories_are_as_deep_as_is_asked(self, folder: Path, stagemill: Call) -> None:
        (folder / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /a/b/c/d\n")
        stagemill("build", "-q", "-t", "app", ".")

        def listed(*flags: str) -> list[str]:
            return stagemill("size", "--by=directory", "--format={{.Directory}}", *flags, "app").out.split()

        assert listed() == ["/a", "/a/b"]
        assert listed("--depth=3") == ["/a", "/a/b", "/a/b/c"]

    def test_a_budget_that_holds_is_told_and_one_that_does_not_fails(self, app: Call) -> None:
        holds = app("size", "--max-size=10kB", "--max-waste=0%", "app")
        fails = app("size", "--max-size=100B", "--json", "app")

        assert holds.status == 0
        assert [line.split()[-1] for line in holds.out.splitlines()[-2:]] == ["ok", "ok"]
        assert (fails.status, fails.err.splitlines()[0]) == (1, "error: app is over its budget: size")
        (line,) = json.loads(fails.out)["budget"]
        assert (line["what"], line["most"], line["holds"]) == ("size", 100, False)

    def test_growth_is_against_another_image(self, app: Call, folder: Path) -> None:
        (folder / "noise").write_bytes(NOISE)
        (folder / "Dockerfile").write_text("FROM scratch\nCOPY noise /a\n")
        app("build", "-q", "-t", "grown", ".")

        small, large = (app("size", f"--max-growth={most}", "--against=app", "grown").status for most in ("1%", "1MB"))

        assert (small, large) == (1, 0)
        assert "--max-growth needs an image to compare with" in app("size", "--max-growth=1%", "grown").err

    def test_growth_of_what_is_built_is_against_the_build_before(self, app: Call, folder: Path) -> None:
        (folder / "noise").write_bytes(NOISE)
        (folder / "Dockerfile").write_text("FROM scratch\nCOPY noise /a\n")

        of_path = app("size", "--progress=quiet", "--max-growth=5kB", ".")
        of_record = app("size", "--max-growth=5kB")
        named = app("size", "--max-growth=5kB", "--against=2", "1")
        oldest = app("size", "--max-growth=5kB", "1")

        assert of_path.err.splitlines()[0] == "error: stage-0 is over its budget: growth"
        assert of_record.err.splitlines()[0] == "error: stage-0 is over its budget: growth"
        assert (named.status, named.out.splitlines()[-1].split()[-1]) == (0, "ok")
        assert oldest.out.splitlines()[-1] == "there is no image before stage-0 that its growth could be measured from"

    def test_stages_have_budgets_on_the_command_line_and_in_the_project(self, folder: Path, stagemill: Call) -> None:
        (folder / "noise").write_bytes(NOISE)
        (folder / "Dockerfile").write_text("FROM scratch AS a\nCOPY noise /a\nFROM scratch AS b\nCOPY --from=a a /\n")
        (folder / "stagemill.toml").write_text('[size]\nmax-size = "1MB"\n[size.stages]\na = "9kB"\n')

        of_project = stagemill("size", "--progress=quiet", ".")
        of_both = stagemill("size", "--progress=quiet", "--max-size=a=11kB", "--max-size=b=1kB", ".")
        unknown = stagemill("size", "--progress=quiet", "--max-size=aa=11kB", ".")

        assert of_project.err.splitlines()[0] == "error: b is over its budget: stage a"
        assert of_both.err.splitlines()[0] == "error: b is over its budget: stage b"
        assert unknown.err.splitlines()[:2] == [
            "error: --max-size aa has no effect: no stage of Dockerfile has that name", "hint: did you mean a?",
        ]  # fmt: skip

    def test_two_are_compared_by_what_grew(self, app: Call, folder: Path) -> None:
        (folder / "noise").write_bytes(NOISE)
        (folder / "Dockerfile").write_text("FROM scratch\nCOPY one /a\nCOPY noise /d/e\n")

        text = app("size", "--progress=quiet", "--diff", "app", ".").out
        found = json.loads(app("size", "--progress=quiet", "--json", "--diff", "app", ".").out)

        assert text.splitlines()[0].startswith("app → .: ")
        assert "+10.0 kB   /d/e" in text
        assert [(each["path"], each["growth"]) for each in found["files"]] == [("b", -1), ("d", 0), ("d/e", 10_000)]

    @pytest.mark.parametrize(
        ("flags", "what"),
        [
            (["--json", "--by=file", "app"], "--json and --by exclude each other"),
            (["--json", "--format={{.Path}}", "app"], "--json and --format exclude each other"),
            (["--diff", "app", "app", "--by=file"], "--by and --diff exclude each other"),
            (["--diff", "app", "app", "--max-size=3"], "--max-size and --diff exclude each other"),
            (["--diff", "app", "app", "app"], "--diff has its two sides; what is app?"),
            (["--max-size=a=3", "app"], "app is an image, and has no stages that could have a budget"),
            (["--target=a", "app"], "--target is for what is built, and app is made already"),
            (["--build-arg=A=1"], "--build-arg is for what is built, and the last build is made already"),
            (
                ["--diff", "app", "1", "--build-arg=A=1"],
                "--build-arg is for what is built, and app and 1 are made already",
            ),
            (["--build=1", "./app"], "./app is no stage of build 1"),
            (["--diff", "app", "app", "--build=1"], "--diff has its two sides; what is 1?"),
        ],
    )
    def test_what_would_have_no_effect_is_refused(self, app: Call, flags: list[str], what: str) -> None:
        said = app("size", *flags)

        assert (said.status, said.out) == (2, "")
        assert what in said.err
