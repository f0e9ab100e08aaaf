"""`stagemill build` as a whole, where nothing runs: flags in, image out."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from fakes.program import Call

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

TEXT = 'FROM scratch AS a\nCOPY app /\nFROM scratch\nCOPY --from=a /app /bin/app\nCMD ["/bin/app"]\n'


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "app").write_text("binary")
    (folder / "Dockerfile").write_text(TEXT)
    return folder


@pytest.mark.usefixtures("project")
class TestBuild:
    def test_an_image_gets_its_names(self, stagemill: Call) -> None:
        said = stagemill("build", "-t", "app", "-t", "example.com/app:1", ".")

        assert (said.status, said.out) == (0, "")
        assert "naming to docker.io/library/app:latest" in said.err
        names = [image["name"] for image in json.loads(stagemill("images", "--json").out)]
        assert sorted(names) == ["docker.io/library/app:latest", "example.com/app:1"]

    def test_quiet_prints_the_id_alone(self, stagemill: Call) -> None:
        said = stagemill("build", "-q", "-t", "app", ".")

        assert said.err == ""
        assert said.out == json.loads(stagemill("inspect", "app").out)[0]["Id"] + "\n"

    def test_an_archive_goes_through_a_pipe(self, stagemill: Call) -> None:
        said = stagemill("build", "-o", "-", ".")

        with tarfile.open(fileobj=io.BytesIO(said.stdout)) as archive:
            assert archive.getnames() == ["bin", "bin/app"]

    def test_load_keeps_an_image_without_a_name(self, stagemill: Call) -> None:
        said = stagemill("build", "--load", ".")

        assert (said.status, "exporting to image" in said.err) == (0, True)
        assert [image["name"] for image in json.loads(stagemill("images", "--json").out)] == [None]

    @pytest.mark.parametrize("flags", [("-q",), ("--iidfile", "id"), ("--metadata-file", "meta.json")])
    def test_who_asks_for_the_digest_of_an_image_finds_it_in_the_store(
        self, stagemill: Call, flags: tuple[str, ...]
    ) -> None:
        stagemill("build", *flags, ".")

        assert stagemill("images", "-q", "-f", "dangling=true").out.count("\n") == 1

    @pytest.mark.parametrize("output", ["type=oci,dest=app.tar", "type=cacheonly", "type=oci,dest=-"])
    def test_an_image_that_goes_elsewhere_is_not_kept(self, stagemill: Call, output: str) -> None:
        said = stagemill("build", "-q", "-o", output, ".")

        assert (said.status, stagemill("images", "-q").out) == (0, "")

    def test_names_in_an_output_are_names_like_others(self, stagemill: Call) -> None:
        stagemill("build", "-o", "type=image,name=app", ".")

        assert stagemill("inspect", "app:latest").status == 0

    def test_labels_win_over_those_of_the_file(self, stagemill: Call) -> None:
        stagemill("build", "-t", "app", "--label", "a=1", ".")

        assert json.loads(stagemill("inspect", "app").out)[0]["Config"]["Labels"] == {"a": "1"}

    def test_without_a_place_for_the_result_it_says_where_it_is(self, stagemill: Call) -> None:
        said = stagemill("build", ".")

        assert said.status == 0
        assert "the result stays in the build cache" in said.err

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--iidfile", "none/id", "."), "--iidfile: there is no directory"),
            (("-o", "type=oci,dest=none/x", "."), "--output: there is no directory"),
            (("-t", "Bad Name", "."), "'Bad Name' is no image reference"),
            (("--push", "."), "what is pushed needs a name"),
            (("--host-ca=none.pem", "."), "--host-ca: there is no file none.pem"),
        ],
    )
    def test_what_is_wrong_is_told_before_anything_is_built(
        self, stagemill: Call, arguments: tuple[str, ...], message: str
    ) -> None:
        said = stagemill("build", *arguments)

        assert said.status in {1, 2}
        assert said.err.startswith("error: ")
        assert message in said.err
        assert "#1" not in said.err

    def test_the_linter_has_a_word_after_a_build_that_did_something(self, project: Path, stagemill: Call) -> None:
        (project / "Dockerfile").write_text(TEXT.replace("--from=a", "--from=0"))

        first, second = (stagemill("build", "-t", "app", ".") for _ in range(2))

        assert "2 warnings found (stagemill lint explains" in first.err
        assert " - index-from: COPY copies from stage 0 by its number (line " in first.err
        assert "stagemill lint explains" not in second.err
