"""Images of several platforms on the command line: built, named, listed, inspected, saved, loaded."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from fakes.program import Call
from stagemill.oci import media_types
from stagemill.oci.platform import Platform

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

LOCAL = Platform.local()
OTHER = Platform("linux", "s390x")
BOTH = ("--platform", f"{OTHER},{LOCAL}")
DOCKERFILE = (
    "FROM scratch AS at-amd64\nCOPY one /\nFROM scratch AS at-s390x\nCOPY two /\nFROM at-$TARGETARCH\nLABEL title=app\n"
)


@pytest.fixture
def both(folder: Path, stagemill: Call) -> Call:
    """The program, whose store has the image `app` for another platform and this one."""
    (folder / "one").write_text("1")
    (folder / "two").write_text("2")
    (folder / "Dockerfile").write_text(DOCKERFILE.replace("amd64", LOCAL.architecture))
    said = stagemill("build", "-q", *BOTH, "-t", "app", ".")
    assert said.status == 0, said.err
    return stagemill


def inspected(program: Call, *arguments: str) -> dict[str, object]:
    said = program("inspect", *arguments)
    assert said.status == 0, said.err
    found: dict[str, object] = json.loads(said.out)[0]
    return found


def texts(data: bytes) -> dict[str, bytes]:
    """The files of an archive, by name."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {
            member.name: file.read() for member in archive if member.isfile() and (file := archive.extractfile(member))
        }


class TestBuild:
    def test_the_image_is_an_index_in_the_order_that_was_asked_for(self, both: Call, folder: Path) -> None:
        files = texts(both("build", "-q", *BOTH, "-t", "app:1", "-o", "type=oci,dest=-", ".").stdout)

        (named,) = json.loads(files["index.json"])["manifests"]
        assert named["mediaType"] == media_types.INDEX
        assert named["annotations"]["org.opencontainers.image.ref.name"] == "1"
        inner = json.loads(files[f"blobs/sha256/{named['digest'][7:]}"])
        assert [entry["platform"]["architecture"] for entry in inner["manifests"]] == ["s390x", LOCAL.architecture]
        for entry in inner["manifests"]:
            manifest = json.loads(files[f"blobs/sha256/{entry['digest'][7:]}"])
            config = json.loads(files[f"blobs/sha256/{manifest['config']['digest'][7:]}"])
            assert config["architecture"] == entry["platform"]["architecture"]
            assert all(f"blobs/sha256/{layer['digest'][7:]}" in files for layer in manifest["layers"])

    def test_quiet_iidfile_and_metadata_tell_the_digest_of_the_index(self, both: Call, folder: Path) -> None:
        said = both("build", "-q", *BOTH, "-t", "app", "--iidfile", "id", "--metadata-file", "meta", ".")

        digest = json.loads((folder / "meta").read_text())["containerimage.digest"]
        assert said.out == f"{digest}\n"
        assert (folder / "id").read_text() == digest == inspected(both, "app")["Id"]
        assert "containerimage.config.digest" not in json.loads((folder / "meta").read_text())

    def test_one_platform_is_an_index_where_that_is_asked_for(self, both: Call) -> None:
        both("build", "-q", "--build-arg", "BUILDKIT_MULTI_PLATFORM=1", "-t", "app", ".")

        assert len(inspected(both, "app")["Manifests"]) == 1  # type: ignore[arg-type]

    def test_files_lie_in_a_directory_for_each_platform(self, both: Call, folder: Path) -> None:
        assert both("build", *BOTH, "-o", "out", ".").status == 0
        data = both("build", *BOTH, "-o", "-", ".").stdout

        names = ["linux_s390x/two", f"linux_{LOCAL.architecture}/one"]
        found = [str(path.relative_to(folder / "out")) for path in (folder / "out").rglob("*") if path.is_file()]
        assert sorted(found) == sorted(texts(data)) == sorted(names)

    def test_or_all_in_one(self, both: Call, folder: Path) -> None:
        assert both("build", *BOTH, "-o", "type=local,dest=out,platform-split=false", ".").status == 0
        assert both("build", "-o", "type=local,dest=split,platform-split=true", ".").status == 0

        assert sorted(path.name for path in (folder / "out").iterdir()) == ["one", "two"]
        assert [path.name for path in (folder / "split").iterdir()] == [f"linux_{LOCAL.architecture}"]

    def test_docker_has_no_archives_of_several(self, both: Call) -> None:
        said = both("build", *BOTH, "-o", "type=docker,dest=app.tar", ".")

        assert said.status == 2
        assert "docker exporter does not currently support exporting manifest lists" in said.err

    def test_annotations_go_to_the_index_and_to_one_of_its_images(self, both: Call) -> None:
        both(
            "build", "-q", *BOTH, "-t", "app", "--annotation", "index:a=1", "--annotation",
            "manifest-descriptor[linux/s390x]:b=2", ".",
        )  # fmt: skip

        manifests = inspected(both, "app")["Manifests"]
        assert isinstance(manifests, list)
        first, second = manifests
        assert (first["annotations"], "annotations" in second) == ({"b": "2"}, False)
        (index,) = [
            document
            for name, data in texts(both("save", "--format", "oci", "app").stdout).items()
            if name.startswith("blobs/") and b'"manifests"' in data and (document := json.loads(data))
        ]
        assert index["annotations"] == {"a": "1"}

    def test_stages_that_are_kept_are_of_several_platforms_too(self, both: Call, folder: Path) -> None:
        (folder / "Dockerfile").write_text(
            "FROM app AS tools\nFROM --platform=$BUILDPLATFORM app AS here\nFROM scratch\nCOPY --from=tools / /\n"
            "COPY --from=here / /\n"
        )

        said = both("build", "-q", *BOTH, "-t", "new", "--save-stages", ".")

        assert said.status == 0, said.err
        found = {row["name"]: row["platforms"] for row in json.loads(both("images", "--json").out)}
        assert found["docker.io/library/new:tools"] == ["linux/s390x", str(LOCAL)]
        assert found["docker.io/library/new:here"] == [str(LOCAL)]

    @pytest.mark.parametrize("flags", [BOTH, ("--all-platforms",)])
    @pytest.mark.parametrize("command", [("size",), ("shell", "-c", "true")])
    def test_what_looks_at_one_refuses_several(
        self, both: Call, command: tuple[str, ...], flags: tuple[str, ...]
    ) -> None:
        said = both(*command, *flags, ".")

        assert (said.status, "only one platform can be looked at" in said.err) == (2, True)

    def test_the_plan_shows_a_stage_for_each_platform_that_has_another(self, both: Call, folder: Path) -> None:
        (folder / "Dockerfile").write_text(
            "FROM scratch AS data\nCOPY one /\nFROM scratch AS app\nARG TARGETARCH\nCOPY --from=data / /$TARGETARCH/\n"
        )

        report = json.loads(both("plan", "--format", "json", *BOTH, "--target", "app=name", ".").out)

        assert [stage["title"] for stage in report["stages"]] == ["data", "app for linux/s390x", f"app for {LOCAL}"]
        assert report["stages"][1]["names"] == ["docker.io/library/name:latest"]
        assert both("plan", "--format", "dot", *BOTH, ".").status == 0


class TestStore:
    def test_an_index_is_one_line_of_the_list(self, both: Call) -> None:
        (row,) = json.loads(both("images", "--json").out)

        assert row["platforms"] == ["linux/s390x", str(LOCAL)]
        assert row["id"] == row["digest"] == inspected(both, "app")["Id"]
        assert row["size"] > inspected(both, "--platform", "s390x", "app")["Size"]

    def test_the_image_of_this_machine_is_shown_unless_another_is_asked_for(self, both: Call) -> None:
        assert inspected(both, "app")["Architecture"] == LOCAL.architecture
        assert inspected(both, "--platform", "s390x", "app")["Architecture"] == "s390x"

    def test_a_platform_that_is_not_there_is_told(self, both: Call) -> None:
        said = both("inspect", "--platform", "linux/riscv64", "app")

        assert said.status == 1
        assert "error: app has no image for linux/riscv64 in the store" in said.err
        assert f"hint: it has linux/s390x, {LOCAL}: choose one with --platform" in said.err

    def test_another_name_is_the_same_index(self, both: Call) -> None:
        both("tag", "app", "other")

        assert inspected(both, "other")["Id"] == inspected(both, "app")["Id"]

    def test_one_of_its_images_can_be_named_by_its_digest(self, both: Call) -> None:
        manifests = inspected(both, "app")["Manifests"]
        assert isinstance(manifests, list)

        both("tag", manifests[0]["digest"], "big")

        found = inspected(both, "big")
        assert (found["Architecture"], "Manifests" in found) == ("s390x", False)

    def test_the_name_goes_away_as_any_other(self, both: Call) -> None:
        assert both("rmi", "app").status == 0
        assert json.loads(both("images", "--json").out) == []

    def test_it_is_whole(self, both: Call) -> None:
        assert "1 images: all whole" in both("store", "check").out


class TestArchives:
    @pytest.mark.parametrize("form", ["oci", "docker"])
    def test_what_is_saved_whole_is_loaded_whole(self, both: Call, form: str) -> None:
        before = inspected(both, "app")
        data = both("save", "--format", form, "app").stdout
        both("rmi", "app")

        assert both("load", stdin=data).out == "Loaded image: app:latest\n"

        assert inspected(both, "app") | {"Metadata": {}} == before | {"Metadata": {}}  # all but when it got its name

    def test_docker_s_part_has_this_machine_s_image(self, both: Call) -> None:
        files = texts(both("save", "app").stdout)

        (entry,) = json.loads(files["manifest.json"])
        assert json.loads(files[entry["Config"]])["architecture"] == LOCAL.architecture
        assert entry["RepoTags"] == ["app:latest"]

    def test_one_platform_is_saved_or_loaded_alone(self, both: Call) -> None:
        both("load", stdin=both("save", "--platform", "s390x", "app").stdout)
        assert "Manifests" not in inspected(both, "app")

        both("build", "-q", *BOTH, "-t", "app", ".")
        both("load", "--platform", "s390x", stdin=both("save", "app").stdout)
        assert (inspected(both, "app")["Architecture"], "Manifests" in inspected(both, "app")) == ("s390x", False)


class TestFrom:
    def test_a_base_of_several_platforms_gives_each_its_own(self, both: Call, folder: Path) -> None:
        (folder / "Dockerfile").write_text("FROM app\nCOPY one /more\n")

        assert both("build", *BOTH, "-o", "out", ".").status == 0

        found = sorted(str(path.relative_to(folder / "out")) for path in (folder / "out").rglob("*") if path.is_file())
        assert found == sorted(
            [
                "linux_s390x/two",
                "linux_s390x/more",
                f"linux_{LOCAL.architecture}/one",
                f"linux_{LOCAL.architecture}/more",
            ]
        )

    def test_so_does_one_in_a_layout(self, both: Call, folder: Path) -> None:
        both("build", "-q", *BOTH, "-o", "type=oci,dest=layout,tar=false,name=app:1", ".")
        (folder / "Dockerfile").write_text("FROM base\n")

        said = both("build", *BOTH, "--build-context", "base=oci-layout://layout:1", "-o", "out", ".")

        assert said.status == 0, said.err
        assert (folder / "out/linux_s390x/two").read_text() == "2"

    def test_all_platforms_are_those_that_the_bases_have(self, both: Call, folder: Path) -> None:
        both("build", "-q", *BOTH, "-o", "type=oci,dest=layout,tar=false,name=app:1", ".")
        (folder / "Dockerfile").write_text("FROM app\nFROM base\nCOPY --from=0 / /\n")

        said = both(
            "build", "-q", "--all-platforms", "--build-context", "base=oci-layout://layout:1", "-t", "every", "."
        )

        assert said.status == 0, said.err
        (row,) = [row for row in json.loads(both("images", "--json").out) if "every" in row["name"]]
        assert row["platforms"] == ["linux/s390x", str(LOCAL)]
