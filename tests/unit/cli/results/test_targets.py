"""Several targets of one command line: their names, their places, and what only one can have."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from fakes.program import Call
from stagemill.cli.given.output_flags import Output
from stagemill.cli.results.outputs import Wishes
from stagemill.cli.results.targets import Delivery, Target, parse, spread
from stagemill.errors import UsageError

APP = "docker.io/library/app:latest"
TWO = (Target("a"), Target("b"))


class TestParse:
    def test_without_any_it_is_the_last_stage(self) -> None:
        assert parse(()) == (Target(),)

    def test_a_stage_may_have_names(self) -> None:
        assert parse(("a=app", "b", "A=localhost:5000/x:1", "a=app")) == (
            Target("a", (APP, "localhost:5000/x:1")),
            Target("b"),
        )

    @pytest.mark.parametrize(("text", "lacks"), [("=app", "stage"), ("a=", "name of the image"), ("=", "stage")])
    def test_half_of_a_pair_is_wrong_usage(self, text: str, lacks: str) -> None:
        with pytest.raises(UsageError) as caught:
            parse((text,))

        assert caught.value.message == f"invalid --target {text!r}: it has no {lacks}"
        assert caught.value.hint == "write --target STAGE=NAME[:TAG]"

    def test_a_name_is_a_reference(self) -> None:
        with pytest.raises(UsageError, match="is no image reference"):
            parse(("a=Bad Name",))


class TestSpread:
    def refused(self, wishes: Wishes) -> tuple[str, str | None]:
        with pytest.raises(UsageError) as caught:
            spread(TWO, wishes)
        return caught.value.message, caught.value.hint

    def test_one_target_has_all_that_was_given(self) -> None:
        wishes = Wishes(tags=("x",), outputs=(Output("local", "out"),), iidfile="id", metadata_file="meta")

        (found,) = spread((Target("a", (APP,)),), wishes)

        assert found.tags == ("x", APP)
        assert (found.outputs, found.iidfile, found.metadata_file) == (wishes.outputs, "id", "meta")
        assert (found.digests, found.title) == (False, "")

    def test_each_of_several_has_its_own_names(self) -> None:
        found = spread((Target("a", ("x",)), Target("B", ("y",))), Wishes())

        assert [(one.tags, one.title) for one in found] == [(("x",), "a"), (("y",), "b")]

    def test_a_tag_belongs_to_one(self) -> None:
        assert self.refused(Wishes(tags=(APP,))) == (
            "-t names one image, and there are 2 targets",
            "give each its own name: --target a=NAME --target b=NAME",
        )

    def test_so_does_a_name_in_an_output(self) -> None:
        assert self.refused(Wishes(outputs=(Output("image", names=(APP,)),)))[0] == (
            "--output name= names one image, and there are 2 targets"
        )

    def test_so_does_standard_output(self) -> None:
        assert self.refused(Wishes(outputs=(Output("tar", "-"),))) == (
            "standard output takes one result, and there are 2 targets",
            "use dest=out/{target}.tar",
        )

    @pytest.mark.parametrize("kind", ["oci", "docker", "tar"])
    def test_a_file_needs_a_place_for_the_stage(self, kind: str) -> None:
        assert self.refused(Wishes(outputs=(Output(kind, "out/app.tar"),))) == (
            "--output out/app.tar takes one result, and there are 2 targets",
            "say where the name of the stage goes: dest=out/app-{target}.tar",
        )

    def test_the_name_of_the_stage_takes_its_place(self) -> None:
        wishes = Wishes(outputs=(Output("oci", "{target}.tar"), Output("local", "x/{target}/y")), iidfile="{target}.id")

        found = spread(TWO, wishes)

        assert [[output.dest for output in one.outputs] for one in found] == [["a.tar", "x/a/y"], ["b.tar", "x/b/y"]]
        assert [(one.iidfile, one.digests) for one in found] == [("a.id", False), ("b.id", False)]

    def test_a_directory_gets_one_for_each(self) -> None:
        wishes = Wishes(outputs=(Output("local", "out"), Output("oci", "layout/", tar=False), Output("cacheonly")))

        found = spread(TWO, wishes)

        assert [[output.dest for output in one.outputs] for one in found] == [
            ["out/a", "layout/a", ""],
            ["out/b", "layout/b", ""],
        ]

    def test_a_file_of_digests_is_written_once_for_all(self) -> None:
        found = spread(TWO, Wishes(metadata_file="meta"))

        assert [(one.metadata_file, one.digests, one.wants_image) for one in found] == [(None, True, True)] * 2

    def test_its_place_is_looked_at_before_anything_is_built(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="there is no directory"):
            Delivery.of(TWO, Wishes(metadata_file=str(tmp_path / "none/meta")), io.BytesIO())


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
class TestBuild:
    TEXT = "FROM scratch AS base\nCOPY app /\nFROM base AS a\nCOPY app /a\nFROM base AS b\nCOPY app /b\n"

    @pytest.fixture(autouse=True)
    def project(self, folder: Path) -> Path:
        (folder / "app").write_text("binary")
        (folder / "Dockerfile").write_text(self.TEXT)
        return folder

    def test_each_target_is_an_image_and_shared_steps_are_one(self, stagemill: Call) -> None:
        said = stagemill("build", "--target", "a=a:1", "--target", "b=b:1", "--target", "a=a:2", ".")

        assert said.status == 0, said.err
        assert said.err.count("COPY app /\n") == 1
        assert [line.partition("] ")[2] for line in said.err.splitlines() if "naming" in line] == [
            f"naming to docker.io/library/{name}" for name in ("a:1", "a:2", "b:1")
        ]
        layers = [json.loads(stagemill("inspect", name).out)[0]["RootFS"]["Layers"] for name in ("a:1", "b:1")]
        assert (layers[0][0], layers[0][1:] == layers[1][1:]) == (layers[1][0], False)

    def test_files_and_digests_are_each_targets_own(self, stagemill: Call, project: Path) -> None:
        said = stagemill(
            "build", "--target=a=app", "--target=b", "-o", "out", "-o", "type=oci,dest={target}.tar",
            "--metadata-file", "meta", ".",
        )  # fmt: skip

        assert said.status == 0, said.err
        assert sorted(str(path.relative_to(project / "out")) for path in (project / "out").rglob("*")) == [
            "a", "a/a", "a/app", "b", "b/app", "b/b",
        ]  # fmt: skip
        assert [(project / f"{name}.tar").exists() for name in "ab"] == [True, True]
        meta = json.loads((project / "meta").read_text())
        assert (sorted(meta), meta["a"]["image.name"], "image.name" in meta["b"]) == (["a", "b"], APP, False)

    def test_ids_are_json_by_target_or_a_line_each(self, stagemill: Call, project: Path) -> None:
        said = stagemill("build", "-q", "--target", "a", "--target", "b", "--iidfile", "ids", ".")

        ids = json.loads((project / "ids").read_text())
        assert said.out.splitlines() == [ids["a"], ids["b"]]

    def test_a_target_that_nobody_gets_is_told(self, stagemill: Call) -> None:
        said = stagemill("build", "--target", "a=app", "--target", "b", ".")

        assert "the result of b stays in the build cache, since nobody asked for it" in said.err
        assert "--target b=NAME" in said.err

    def test_other_commands_take_one(self, stagemill: Call) -> None:
        assert stagemill("size", "--target", "a", "--target", "b", ".").out.splitlines()[1].startswith("b: ")
        assert "target stage 'a=app' could not be found" in stagemill("size", "--target", "a=app", ".").err

    def test_also_builds_what_is_in_no_image(self, stagemill: Call) -> None:
        said = stagemill("build", "--target", "a=app", "--also", "b", ".")

        assert "[b 1/1] COPY app /b" in said.err
        assert len(json.loads(stagemill("inspect", "app").out)[0]["RootFS"]["Layers"]) == 2

    def test_all_stages_are_every_one(self, stagemill: Call, project: Path) -> None:
        (project / "Dockerfile").write_text(self.TEXT + "FROM scratch\nCOPY app /last\n")

        assert "[b 1/1] COPY app /b" not in stagemill("build", ".").err
        assert "[b 1/1] COPY app /b" in stagemill("build", "--all-stages", ".").err
