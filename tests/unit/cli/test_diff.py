"""`stagemill diff`: files, packages and config of two sides."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.program import Call


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
class TestCommand:
    @pytest.fixture
    def changed(self, app: Call, folder: Path) -> Call:
        """The store has `app` and `new`."""
        (folder / "p").write_text('{"name": "p", "version": "1.0.0"}')
        (folder / "Dockerfile").write_text(
            "FROM scratch AS base\nCOPY one /a\nFROM base\nCOPY p /node_modules/p/package.json\nENV A=2\nUSER 7\n"
        )
        assert app("build", "-q", "-t", "new", ".").status == 0
        return app

    def test_it_tells_config_packages_and_files(self, changed: Call) -> None:
        lines = changed("diff", "app", "new").out.splitlines()

        assert lines[0].endswith("files: 3 added, 1 removed, 0 changed")
        assert lines[1:] == [
            "", "config:",
            '  − config.Cmd  ["/a"]', "  ~ config.Env.A  1 → 2", "  − config.Labels.title  app", "  + config.User  7",
            "", "packages:", "  + npm p 1.0.0",
            "", "files:", "  − /b  −1 B", "  + /node_modules", "  + /node_modules/p", "  + /node_modules/p/package.json  +33 B",
        ]  # fmt: skip

    def test_json_has_everything(self, changed: Call) -> None:
        found = json.loads(changed("diff", "--json", "app", "new").out)

        assert (found["before"]["name"], found["after"]["name"]) == ("app", "new")
        assert found["packages"] == [
            {"kind": "npm", "name": "p", "change": "added", "before": [], "after": ["1.0.0"], "growth": 33}
        ]
        assert [each["path"] for each in found["files"] if each["change"] == "removed"] == ["b"]
        assert {"key": "config.User", "before": None, "after": "7"} in found["config"]

    def test_equal_ones_have_no_difference_and_the_status_says_so(self, changed: Call) -> None:
        same, other = (changed("diff", "--exit-code", "app", name) for name in ("app", "new"))

        assert (same.status, same.out) == (0, "app and app have the same files, packages and config\n")
        assert other.status == 1
        assert changed("diff", "app", "new").status == 0

    def test_a_side_may_be_a_stage_a_path_or_an_archive(self, changed: Call, folder: Path) -> None:
        changed("build", "-q", "-o", "type=oci,dest=new.tar", ".")
        (folder / "new.tar").rename(folder.parent / "new.tar")

        built = changed("diff", "--progress=quiet", "new", ".").out
        stage = changed("diff", "--progress=quiet", "target:base", ".").out
        archive = changed("diff", "new", f"oci-archive:{folder.parent / 'new.tar'}").out

        assert built == "new and . have the same files, packages and config\n"
        assert "+ /node_modules/p/package.json" in stage
        assert "have the same files, packages and config" in archive

    def test_parts_can_be_cut_short(self, changed: Call) -> None:
        out = changed("diff", "--top=1", "app", "new").out

        assert "and 3 more: --top 4" in out
        assert "  − /b" in out
        assert "node_modules" not in out

    def test_a_missing_side_is_named(self, changed: Call) -> None:
        said = changed("diff", "app", "newer")

        assert (said.status, said.out) == (1, "")
        assert "there is no image newer in the store" in said.err

    def test_flags_of_a_build_are_refused_where_nothing_is_built(self, changed: Call) -> None:
        said = changed("diff", "--no-cache", "app", "1")

        assert (said.status, said.err.splitlines()[0]) == (
            2, "error: --no-cache is for what is built, and app and 1 are made already",
        )  # fmt: skip
        assert changed("diff", "--progress=quiet", "--no-cache", "app", ".").status == 0
