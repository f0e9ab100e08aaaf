"""`stagemill prune`, and what a build does for --cache-max."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from fakes.program import Call
from fakes.room import on_disk, rows
from stagemill.cli.prune import parse
from stagemill.errors import UsageError
from stagemill.store.filters import Filter
from stagemill.store.prune import Wish

AGO = r"(less than a second|1 second|\d+ seconds|about a minute|\d+ minutes) ago"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")


class TestFlags:
    def test_without_any_all_is_meant(self) -> None:
        assert parse([], {}, every=False, now=100.0) == Wish()

    def test_each_says_what_may_go(self) -> None:
        sizes = {"keep": "2g", "free": "1m", "reserved": "3"}

        wish = parse(["until=1h", "type=step"], sizes, every=True, now=10_000.0)

        assert wish == Wish(2 << 30, 1 << 20, 3, 6400.0, (Filter("type", "=", "step"),), every=True)

    @pytest.mark.parametrize(
        ("name", "flag"), [("keep", "--max-used-space"), ("free", "--min-free-space"), ("reserved", "--reserved-space")]
    )
    def test_a_size_that_is_none_is_told(self, name: str, flag: str) -> None:
        with pytest.raises(UsageError, match=f"invalid {flag} 'big': it is no size"):
            parse([], {name: "big"}, every=False, now=0.0)


@pytest.mark.root
@needs_root
class TestPrune:
    def test_all_goes_but_the_images(self, app: Call) -> None:
        right = app("save", "app").stdout

        said = app("prune", "--force", "--all")

        assert said.status == 0
        assert "removed [1/3] COPY one /a" in said.out
        assert "are free now; the store takes" in said.out
        assert [row for row in rows(app) if row["type"] == "step"] == []
        assert app("save", "app").stdout == right
        assert app("store", "check").out.rstrip().endswith("all whole")

    def test_the_steps_of_a_named_image_stay(self, app: Call, folder: Path) -> None:
        (folder / "one").write_text("2")
        app("build", "-q", ".")  # nobody names it

        said = app("prune", "-f")

        assert [line.split()[1] for line in said.out.splitlines() if line.startswith("removed ")] == [
            "[1/3]",
            "[2/3]",
            "image",
        ]
        assert len([row for row in rows(app) if row["type"] == "step"]) == 2

    def test_what_is_young_stays(self, app: Call) -> None:
        assert "removed" not in app("prune", "--all", "--filter", "until=1h").out

    def test_a_whole_cache_is_not_removed_by_mistake(self, app: Call) -> None:
        said = app("prune")

        assert said.status == 2
        assert "error: prune removes the whole cache\nhint: say so with --force" in said.err
        assert len([row for row in rows(app) if row["type"] == "step"]) == 2

    def test_room_is_made(self, app: Call, folder: Path) -> None:
        (folder / "one").write_bytes(os.urandom(3_000_000))
        app("build", "-q", ".")

        before = on_disk()

        said = app("prune", "--all", "--keep-storage", str(before - 1_000_000))

        assert "removed " in said.out
        assert on_disk() <= before - 900_000

    def test_room_on_the_disk_is_made_but_not_below_what_is_reserved(self, app: Call) -> None:
        said = app("prune", "--all", "--min-free-space", "1000000g", "--reserved-space", "500g")
        assert "removed " not in said.out

        said = app("prune", "--all", "--min-free-space", "1000000g")
        assert said.out.count("removed ") == 2

    def test_what_is_said_to_stay_in_any_case_stays(self, app: Call) -> None:
        assert "removed " not in app("prune", "--all", "--reserved-space", "1g").out
        assert app("prune", "--all", "--reserved-space", "1").out.count("removed ") == 2

    def test_what_goes_is_told_in_full_where_that_is_wanted(self, app: Call) -> None:
        said = app("prune", "--force", "--all", "--verbose")

        lines = sorted(line for line in said.out.splitlines() if line.startswith("removed "))
        assert lines[0].startswith("removed [1/3] COPY one /a (step, sha256:")
        assert lines[1].startswith("removed [2/3] COPY one /b (step, sha256:")
        assert all(re.search(rf" kB, used {AGO}\)$", line) for line in lines)

    def test_filters_say_what_goes(self, app: Call) -> None:
        assert "removed" not in app("prune", "--all", "--filter", "mutable").out
        assert app("prune", "--all", "--filter", "description~=/b$").out.count("removed ") == 1


@pytest.mark.root
@needs_root
class TestCacheMax:
    def build(self, app: Call, folder: Path, *flags: str) -> str:
        (folder / "one").write_bytes(os.urandom(2_000_000))
        said = app("build", "--progress=plain", *flags, ".")
        assert said.status == 0, said.err
        return said.err

    def test_the_store_never_takes_more_after_a_build(self, app: Call, folder: Path) -> None:
        app("rmi", "app")
        told = ""
        for _ in range(4):
            told = self.build(app, folder, "--cache-max", "7m")

            assert on_disk() <= 7 << 20

        assert "were pruned, and the store takes" in told
        assert "CACHED" in app("build", "--progress=plain", ".").err  # the latest is still there

    def test_the_configuration_may_say_it(self, app: Call, folder: Path) -> None:
        app("rmi", "app")
        config = Path(os.environ["STAGEMILL_CONFIG"])
        config.write_text(config.read_text() + '\n[cache]\nmax = "7m"\n')

        for _ in range(3):
            self.build(app, folder)

        assert on_disk() <= 7 << 20

    def test_without_a_word_nothing_is_pruned(self, app: Call, folder: Path) -> None:
        for _ in range(3):
            self.build(app, folder)

        assert on_disk() > 10_000_000

    @pytest.mark.parametrize("flag", ["--cache-max=big", "--cache-max=-1"])
    def test_a_size_that_is_none_is_told(self, app: Call, flag: str) -> None:
        said = app("build", flag, ".")

        assert said.status == 2
        assert "invalid --cache-max" in said.err
