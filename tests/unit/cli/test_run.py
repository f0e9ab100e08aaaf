"""`stagemill run`: what its flags mean, and where images come from. The processes themselves are in integration."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.blobs import make_image
from fakes.registry import FakeRegistry
from stagemill.cli.environment import Workplace
from stagemill.cli.main import run
from stagemill.cli.run import bind, image_of
from stagemill.errors import NotFoundError, UsageError
from stagemill.execute.base import read_image
from stagemill.execute.importing import import_image
from stagemill.oci.platform import Platform
from stagemill.sandbox.process import Bind
from stagemill.store.store import Store


class TestBind:
    @pytest.mark.parametrize(
        ("rest", "target", "read_only"),
        [(":/src", "/src", False), (":/src:rw", "/src", False), (":/src:ro", "/src", True), (":/", "/", False)],
    )
    def test_a_volume_is_a_path_here_and_one_inside(
        self, tmp_path: Path, rest: str, target: str, read_only: bool
    ) -> None:
        assert bind(f"{tmp_path}{rest}") == Bind(tmp_path, target, read_only=read_only)

    def test_a_relative_source_is_from_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "src").mkdir()
        monkeypatch.chdir(tmp_path)

        assert bind("./src:/src").source == tmp_path / "src"
        assert bind("src:/src").source == tmp_path / "src"

    def test_a_file_will_do(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        assert bind(f"{tmp_path}/file:/etc/file:ro").source == tmp_path / "file"

    @pytest.mark.parametrize("text", ["", "/src", "/tmp:src", "/tmp:/src:no", "/tmp:/src:ro:z", "/tmp:", "/tmp:/src:"])
    def test_what_is_none_is_wrong_usage(self, text: str) -> None:
        with pytest.raises(UsageError) as caught:
            bind(text)

        assert caught.value.message == f"invalid --volume {text!r}"
        assert caught.value.hint == "write -v /path/here:/path/inside, or …:ro"

    def test_a_source_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            bind(f"{tmp_path}/none:/src")

        assert caught.value.message == f"invalid --volume '{tmp_path}/none:/src': there is no {tmp_path}/none"


class TestUsage:
    def test_a_terminal_is_needed_for_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["run", "-t", "app"]) == 2
        assert "error: -t needs a terminal, and standard input is none\nhint: leave out -t" in capsys.readouterr().err

    @pytest.mark.parametrize("flag", ["-d", "--detach", "-p"])
    def test_a_flag_of_docker_run_that_there_is_not_is_wrong_usage(
        self, flag: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["run", flag, "app"]) == 2
        assert f"No such option '{flag}'" in capsys.readouterr().err

    def test_a_volume_is_checked_before_anything_is_done(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["run", "-v", "nonsense", "app"]) == 2
        assert "invalid --volume 'nonsense'" in capsys.readouterr().err


class TestImage:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[Workplace]:
        with Store.open(tmp_path / "store") as store:
            opened = Workplace(store, tmp_path / "config.toml", {"HOME": str(tmp_path)})
            yield opened
            opened.hang_up()

    @pytest.fixture
    def registry(self) -> Iterator[FakeRegistry]:
        with FakeRegistry() as running:
            yield running

    def test_one_of_the_store_is_taken(self, place: Workplace, registry: FakeRegistry) -> None:
        image = make_image(registry.blobs, {"a": b"1"})
        import_image(place.store, image, registry.blobs)
        place.store.images.set("docker.io/library/app:latest", image.descriptor, 1)

        assert image_of("app", place) == image
        assert registry.requests == []

    def test_one_that_is_not_there_is_fetched_whole_and_keeps_its_name(
        self, place: Workplace, registry: FakeRegistry, capsys: pytest.CaptureFixture[str]
    ) -> None:
        image = make_image(registry.blobs, {"a": b"1"}, {"b": b"2"}, platform=Platform.local())
        registry.push("team/app", "1", image)
        name = f"{registry.host}/team/app:1"

        assert image_of(name, place) == image

        descriptor = place.store.images.get(name)
        assert descriptor is not None
        assert read_image(place.store, descriptor.digest) == image
        assert all(place.store.blobs.has(layer) for layer in image.manifest.layers)
        assert f"pull {name}" in capsys.readouterr().err

    def test_one_that_nobody_has_is_told_as_missing_here(self, place: Workplace, registry: FakeRegistry) -> None:
        with pytest.raises(NotFoundError) as caught:
            image_of(f"{registry.host}/team/none", place)

        assert caught.value.message == f"there is no image {registry.host}/team/none in the store"
        assert caught.value.hint == "stagemill images lists what there is; stagemill pull fetches more"


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="others would enter a user namespace")
@pytest.mark.usefixtures("folder")
def test_a_variable_without_a_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "-e", "=x", "app"]) == 2
    assert "invalid --env '=x': it has no name" in capsys.readouterr().err
