"""`stagemill prune`, and what a build does for --cache-max."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.program import Call
from fakes.room import on_disk, rows
from stagemill.cli.prune import parse
from stagemill.errors import UsageError
from stagemill.store.prune import Wish

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")


class TestFilters:
    def test_without_any_all_is_meant(self) -> None:
        assert parse([], keep=None, every=False, now=100.0) == Wish()

    def test_they_are_all_to_hold(self) -> None:
        wish = parse(["until=1h30m", "type=step", "name=npm", "name=ci"], keep="2g", every=True, now=10_000.0)

        assert wish == Wish(2 << 30, 4600.0, frozenset({"step"}), ("npm", "ci"), every=True)

    def test_buildkits_types_are_known(self) -> None:
        wish = parse(["type=regular", "type=exec.cachemount"], keep=None, every=False, now=0.0)

        assert wish.kinds == {"step", "mount"}

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            ("untill=1h", "invalid --filter 'untill=1h'", "did you mean until?"),
            ("until", "invalid --filter 'until'", "write until=24h"),
            ("until=soon", "invalid --filter 'until=soon': 'soon' is no time", "write until=24h or until=30m"),
            ("type=cake", "invalid --filter 'type=cake': unknown type 'cake'", "it is step, mount or image"),
        ],
    )
    def test_what_is_wrong_is_told(self, text: str, message: str, hint: str) -> None:
        with pytest.raises(UsageError) as caught:
            parse([text], keep=None, every=False, now=0.0)

        assert caught.value.message == message
        assert str(caught.value.hint).startswith(hint)

    def test_a_size_that_is_none_is_told(self) -> None:
        with pytest.raises(UsageError, match="invalid --keep-storage 'big': it is no size"):
            parse([], keep="big", every=False, now=0.0)


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
