"""Where a finished build goes."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.workshop import Workshop
from stagemill import events
from stagemill.build import Built
from stagemill.cli.given.output_flags import Output
from stagemill.cli.results.outputs import NO_OUTPUT, Wishes, check, deliver
from stagemill.errors import UsageError
from stagemill.store.store import Store

NAME = "docker.io/library/app:latest"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


class TestWishes:
    @pytest.mark.parametrize(
        ("wishes", "expected"),
        [
            (Wishes(), False),
            (Wishes(tags=(NAME,)), True),
            (Wishes(iidfile="x"), True),
            (Wishes(metadata_file="x"), True),
            (Wishes(quiet=True), True),
            (Wishes(outputs=(Output("oci", "x"),)), True),
            (Wishes(outputs=(Output("docker", "x"),)), True),
            (Wishes(outputs=(Output("image"),)), True),
            (Wishes(outputs=(Output("local", "x"),)), False),
            (Wishes(outputs=(Output("tar", "x"),), quiet=True), False),
            (Wishes(outputs=(Output("tar", "x"), Output("oci", "y"))), True),
            (Wishes(outputs=(Output("cacheonly"),)), False),
        ],
    )
    def test_an_image_is_packed_only_if_somebody_wants_it(self, wishes: Wishes, expected: bool) -> None:
        assert wishes.wants_image is expected


class TestCheck:
    def refused(self, wishes: Wishes, stdout: io.BytesIO | None = None) -> tuple[str, str | None]:
        with pytest.raises(UsageError) as caught:
            check(wishes, stdout or io.BytesIO())
        return caught.value.message, caught.value.hint

    def test_one_thing_goes_to_standard_output(self) -> None:
        found = self.refused(Wishes(outputs=(Output("tar", "-"), Output("oci", "-"))))

        assert found == ("only one --output can go to standard output", "give the others a file with dest=FILE")

    def test_a_terminal_gets_no_archive(self) -> None:
        found = self.refused(Wishes(outputs=(Output("tar", "-"),)), Terminal())

        assert found == ("refusing to write an archive to the terminal", "redirect it to a file, or use dest=FILE")

    @pytest.mark.parametrize("kind", ["tar", "local"])
    def test_files_alone_have_no_image_id(self, kind: str, tmp_path: Path) -> None:
        message, _ = self.refused(Wishes(outputs=(Output(kind, str(tmp_path / "out")),), iidfile="id"))

        assert message == "--iidfile needs an image, and --output type=local and type=tar make none"

    @pytest.mark.parametrize("kind", ["oci", "docker", "tar"])
    def test_an_archive_is_no_directory(self, kind: str, tmp_path: Path) -> None:
        found = self.refused(Wishes(outputs=(Output(kind, str(tmp_path)),)))

        assert found == (f"--output: {tmp_path} is a directory", "name a file in it")

    @pytest.mark.parametrize("output", [Output("local", "file"), Output("oci", "file", tar=False)])
    def test_a_directory_is_no_file(self, output: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "file").touch()

        found = self.refused(Wishes(outputs=(output,)))

        assert found == (f"--output: {tmp_path}/file is no directory", "name another one, or remove it")

    @pytest.mark.parametrize(
        ("flag", "wishes"),
        [
            ("--output", Wishes(outputs=(Output("oci", "none/x"),))),
            ("--iidfile", Wishes(iidfile="none/x")),
            ("--metadata-file", Wishes(metadata_file="none/x")),
        ],
    )
    def test_the_directory_of_a_file_is_there_before_anything_is_built(
        self, flag: str, wishes: Wishes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)

        found = self.refused(wishes)

        assert found == (f"{flag}: there is no directory {tmp_path}/none", f"make it first: mkdir -p {tmp_path}/none")

    def test_what_can_be_delivered_passes(self, tmp_path: Path) -> None:
        outputs = (
            Output("oci", str(tmp_path / "a.tar")),
            Output("oci", str(tmp_path / "layout"), tar=False),
            Output("local", str(tmp_path / "new/dir")),
            Output("local", str(tmp_path)),
            Output("tar", "-"),
            Output("docker"),
            Output("image"),
        )

        check(Wishes(tags=(NAME,), outputs=outputs, metadata_file=str(tmp_path / "meta")), io.BytesIO())
        check(Wishes(iidfile=os.devnull), Terminal())


@needs_root
@pytest.mark.root
class TestDeliver:
    @pytest.fixture
    def workshop(self, tmp_path: Path) -> Iterator[Workshop]:
        with Store.open(tmp_path / "store") as store:
            yield Workshop(tmp_path, store)

    @pytest.fixture
    def built(self, workshop: Workshop) -> Built:
        built = workshop.build("FROM scratch\nCOPY app /app\n", files={"app": "binary"})
        workshop.heard.clear()
        return built

    def given(self, built: Built, wishes: Wishes) -> bytes:
        """What went to standard output."""
        out = io.BytesIO()
        deliver([built], wishes, listener=built.services.listener, stdout=out)
        return out.getvalue()

    def test_where_nobody_wants_anything_it_is_said(self, workshop: Workshop, built: Built) -> None:
        assert self.given(built, Wishes()) == b""

        assert [event.text for event in workshop.events(events.Notice)] == [NO_OUTPUT]
        assert workshop.events(events.Started) == []

    def test_a_tag_is_a_name_in_the_store(self, workshop: Workshop, built: Built) -> None:
        self.given(built, Wishes(tags=(NAME, "example.com/a:1")))

        found = {name: descriptor for name, descriptor, _ in workshop.store.images.all()}
        assert found == dict.fromkeys((NAME, "example.com/a:1"), built.image().descriptor)
        assert [event.name for event in workshop.events(events.Started)] == [
            "exporting to image", f"naming to {NAME}", "naming to example.com/a:1",
        ]  # fmt: skip

    @pytest.mark.parametrize(("kind", "file"), [("oci", "index.json"), ("docker", "manifest.json"), ("tar", "app")])
    def test_an_archive_is_written_to_a_file(self, built: Built, tmp_path: Path, kind: str, file: str) -> None:
        self.given(built, Wishes(outputs=(Output(kind, str(tmp_path / "out.tar")),)))

        with tarfile.open(tmp_path / "out.tar") as archive:
            assert file in archive.getnames()
        assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []

    def test_an_archive_for_a_pipe_is_the_same_and_alone(self, built: Built, tmp_path: Path) -> None:
        self.given(built, Wishes(outputs=(Output("oci", str(tmp_path / "out.tar")),)))

        piped = self.given(built, Wishes(outputs=(Output("oci", "-"),), quiet=True))

        assert piped == (tmp_path / "out.tar").read_bytes()

    def test_directories_are_a_layout_or_the_files(self, built: Built, tmp_path: Path) -> None:
        outputs = (Output("oci", str(tmp_path / "layout"), tar=False), Output("local", str(tmp_path / "files")))

        self.given(built, Wishes(outputs=outputs))

        assert (tmp_path / "layout/oci-layout").exists()
        assert (tmp_path / "files/app").read_text() == "binary"

    def test_quiet_prints_the_id(self, built: Built) -> None:
        assert self.given(built, Wishes(quiet=True)) == f"{built.image().manifest.config.digest}\n".encode()

    def test_files_with_digests_are_written(self, built: Built, tmp_path: Path) -> None:
        image = built.image()

        self.given(built, Wishes(tags=(NAME,), iidfile=str(tmp_path / "id"), metadata_file=str(tmp_path / "meta")))

        assert (tmp_path / "id").read_text() == image.manifest.config.digest
        document = json.loads((tmp_path / "meta").read_text())
        assert document["containerimage.config.digest"] == image.manifest.config.digest
        assert document["containerimage.digest"] == image.digest
        assert document["image.name"] == NAME

    def test_only_the_cache_is_enough(self, workshop: Workshop, built: Built) -> None:
        self.given(built, Wishes(outputs=(Output("cacheonly"),)))

        assert (workshop.heard, workshop.store.images.all()) == ([], [])

    def test_an_export_that_fails_is_reported_and_leaves_no_half_file(
        self, workshop: Workshop, built: Built, tmp_path: Path
    ) -> None:
        with pytest.raises(UsageError):
            self.given(built, Wishes(outputs=(Output("tar", str(tmp_path / "none/out.tar")),)))

        assert len(workshop.events(events.Failed)) == 1
