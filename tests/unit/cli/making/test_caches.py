"""--cache-from and --cache-to, from the command line to the last line that is printed."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.program import Call, Said
from fakes.registry import FakeRegistry, status
from stagemill.cache.marks import INLINE

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

DOCKERFILE = "FROM scratch AS a\nCOPY one /a\nCOPY two /b\nFROM scratch AS last\nCOPY --from=a /b /b\n"


@pytest.fixture
def build(folder: Path, stagemill: Call) -> Callable[..., Said]:
    """Builds with some flags; each time with an empty store."""
    (folder / "Dockerfile").write_text(DOCKERFILE)
    for name in ("one", "two"):
        (folder / name).write_text(name)

    def building(*flags: str) -> Said:
        shutil.rmtree(os.environ["STAGEMILL_ROOT"], ignore_errors=True)
        return stagemill("build", "--progress=plain", *flags, ".")

    return building


Build = Callable[..., Said]


def summary(said: Said) -> str:
    (line,) = [line for line in said.err.splitlines() if "cache: " in line]
    return re.sub(r"[0-9.]+k?B", "N", line.partition("cache: ")[2])


class TestDirectory:
    def test_a_build_begins_from_what_another_left(self, build: Build, folder: Path) -> None:
        first = build("-o", "type=oci,dest=first.tar", "--cache-to", "type=local,dest=cache")
        second = build("-o", "type=oci,dest=second.tar", "--cache-from", "type=local,src=cache")

        assert (first.status, second.status) == (0, 0)
        assert summary(first) == "0 steps imported, 0 used, 3 run, 3 exported; N received, N sent"
        assert summary(second) == "3 steps imported, 3 used, 0 run, 0 exported; N received, N sent"
        assert (folder / "first.tar").read_bytes() == (folder / "second.tar").read_bytes()

    def test_it_may_be_read_and_written_in_one_build(self, build: Build, folder: Path) -> None:
        both = ("--cache-from", "type=local,src=cache", "--cache-to", "type=local,dest=cache,mode=max")
        first = build(*both)
        (folder / "one").write_text("new")
        second = build(*both)

        assert "the cache cache is left out: there is no cache in cache" in first.err
        assert summary(second) == "3 steps imported, 1 used, 2 run, 3 exported; N received, N sent"

    def test_with_min_the_steps_of_other_stages_are_not_in_it(self, build: Build) -> None:
        said = build("--cache-to", "type=local,dest=cache,mode=min")

        assert summary(said) == "0 steps imported, 0 used, 3 run, 1 exported; N received, N sent"

    def test_without_an_output_nothing_is_fetched(self, build: Build) -> None:
        build("--cache-to", "type=local,dest=cache")

        said = build("--cache-from", "type=local,src=cache")

        assert summary(said).startswith("3 steps imported, 3 used, 0 run")
        assert "fetching" not in said.err

    def test_a_cache_that_cannot_be_read_stops_nothing(self, build: Build, folder: Path) -> None:
        (folder / "index.json").write_text("{")

        said = build("--cache-from", "type=local,src=.", "--cache-from", "type=local,src=nowhere")

        assert said.status == 0
        assert "the cache . is left out: index.json is no index of an image layout" in said.err
        assert "the cache nowhere is left out: there is no cache in nowhere" in said.err
        assert summary(said) == "0 steps imported, 0 used, 3 run, 0 exported; N received, N sent"

    def test_a_cache_that_cannot_be_written_is_an_error(self, build: Build, folder: Path) -> None:
        said = build("-t", "app", "--cache-to", "type=local,dest=one")

        assert said.status == 1
        assert "error: cannot write one: not a directory" in said.err
        assert "hint: check its permissions and the room on its disk" in said.err

    def test_unless_that_does_not_matter(self, build: Build, folder: Path) -> None:
        said = build("-t", "app", "--cache-to", "type=local,dest=one,ignore-error=true")

        assert said.status == 0
        assert "the cache was not written to one: cannot write one: not a directory" in said.err
        assert summary(said) == "0 steps imported, 0 used, 3 run, 0 exported; N received, N sent"

    def test_several_targets_have_one_cache(self, build: Build) -> None:
        said = build("--target", "a", "--target", "last", "--cache-to", "type=local,dest=cache,mode=min")

        assert summary(said).startswith("0 steps imported, 0 used, 3 run, 3 exported")

    def test_a_wrong_flag_is_told_before_anything_is_done(self, build: Build) -> None:
        said = build("--cache-to", "type=local,dst=cache")

        assert said.status == 2
        assert "unknown key 'dst' of type=local" in said.err
        assert "did you mean dest?" in said.err
        assert not os.path.exists(os.environ["STAGEMILL_ROOT"])


def documents(folder: Path) -> list[dict[str, Any]]:
    """The manifests that a directory's index names."""
    entries = json.loads((folder / "index.json").read_text())["manifests"]
    return [json.loads((folder / "blobs/sha256" / entry["digest"][7:]).read_text()) for entry in entries]


class TestOptions:
    def test_a_directory_has_several_by_tag(self, build: Build) -> None:
        build("--target", "a", "--cache-to", "type=local,dest=cache,tag=a")
        build("--cache-to", "type=local,dest=cache")

        said = build("--cache-from", "type=local,src=cache,tag=a")
        other = build("--cache-from", "type=local,src=cache,tag=b")

        assert summary(said).startswith("2 steps imported, 2 used, 1 run")
        assert "cache has no cache with the tag b" in other.err
        assert "hint: its tags are: a, latest" in other.err

    def test_an_older_cache_is_found_by_its_digest_where_it_was_kept(self, build: Build, folder: Path) -> None:
        build("--cache-to", "type=local,dest=cache")
        old = json.loads((folder / "cache/index.json").read_text())["manifests"][0]["digest"]
        (folder / "two").write_text("new")
        build("--cache-to", "type=local,dest=cache,reset=false")
        (folder / "two").write_text("two")

        kept = build("--cache-from", f"type=local,src=cache,digest={old}")
        build("--cache-to", "type=local,dest=cache")
        gone = build("--cache-from", f"type=local,src=cache,digest=sha256:{'0' * 64}")

        assert summary(kept).startswith("3 steps imported, 3 used, 0 run")
        assert f"cache has no blob sha256:{'0' * 64}" in gone.err

    @pytest.mark.parametrize(
        ("options", "kind"),
        [
            ("compression=zstd", "tar+zstd"),
            ("compression=zstd,compression-level=15", "tar+zstd"),
            ("compression-level=9", "tar+gzip"),
            ("compression=uncompressed", "layer.v1.tar"),
        ],
    )
    def test_layers_are_compressed_as_asked(self, build: Build, folder: Path, options: str, kind: str) -> None:
        build("--cache-to", f"type=local,dest=cache,{options}")

        (document,) = documents(folder / "cache")
        assert all(layer["mediaType"].endswith(kind) for layer in document["layers"])
        assert "0 run" in build("-t", "app", "--cache-from", "type=local,src=cache").err

    def test_layers_of_another_cache_are_compressed_anew_where_that_is_forced(self, build: Build, folder: Path) -> None:
        build("--cache-to", "type=local,dest=first")
        build("--cache-from", "type=local,src=first", "--cache-to", "type=local,dest=kept,compression=zstd")
        build(
            "--cache-from", "type=local,src=first",
            "--cache-to", "type=local,dest=forced,compression=zstd,force-compression=true",
        )  # fmt: skip

        found = {
            name: {layer["mediaType"].rpartition("+")[2] for layer in documents(folder / name)[0]["layers"]}
            for name in ("kept", "forced")
        }
        assert found == {"kept": {"gzip"}, "forced": {"zstd"}}

    @pytest.mark.parametrize(
        ("options", "kind"),
        [
            ("image-manifest=true,oci-mediatypes=true", "application/vnd.oci.image.manifest.v1+json"),
            ("image-manifest=false", "application/vnd.oci.image.index.v1+json"),
            ("oci-mediatypes=false", "application/vnd.docker.distribution.manifest.v2+json"),
        ],
    )
    def test_the_form_of_its_document_can_be_chosen(self, build: Build, folder: Path, options: str, kind: str) -> None:
        build("--cache-to", f"type=local,dest=cache,{options}")

        (document,) = documents(folder / "cache")
        assert document["mediaType"] == kind
        assert "3 used, 0 run" in build("--cache-from", "type=local,src=cache").err


class TestInline:
    @pytest.mark.parametrize("how", [("--cache-to", "type=inline"), ("--build-arg", "BUILDKIT_INLINE_CACHE=1")])
    def test_an_image_is_its_own_cache(self, build: Build, folder: Path, how: tuple[str, ...]) -> None:
        first = build("-o", "type=oci,dest=layout,tar=false,name=app:1", *how)
        second = build(
            "-o", "type=oci,dest=second,tar=false,name=app:1", "--cache-from", "type=local,src=layout,tag=1", *how
        )

        assert (first.status, second.status) == (0, 0)
        assert summary(second).startswith("1 step imported, 1 used, 0 run, 0 exported")
        assert (folder / "layout/index.json").read_bytes() == (folder / "second/index.json").read_bytes()
        assert any(INLINE in path.read_text("latin-1") for path in (folder / "layout/blobs/sha256").iterdir())

    def test_the_argument_alone_says_nothing_of_caches(self, build: Build) -> None:
        said = build("--build-arg", "BUILDKIT_INLINE_CACHE=1")

        assert "cache: " not in said.err


class TestRegistry:
    def test_a_build_begins_from_what_another_left(self, build: Build) -> None:
        with FakeRegistry() as registry:
            name = f"{registry.host}/team/cache:main"

            first = build("-o", "type=oci,dest=first.tar", "--cache-to", name)
            second = build("-o", "type=oci,dest=second.tar", "--cache-from", name, "--cache-to", name)

            assert summary(first) == "0 steps imported, 0 used, 3 run, 3 exported; N received, N sent"
            assert summary(second) == "3 steps imported, 3 used, 0 run, 3 exported; N received, N sent"
            manifest = json.loads(registry.manifests["team/cache", "main"][1])
            assert manifest["config"]["mediaType"] == "application/vnd.stagemill.cache.config.v1+json"

    def test_a_registry_that_refuses_stops_no_build(self, build: Build) -> None:
        with FakeRegistry() as registry:
            registry.fail("/manifests/", status(403))
            name = f"{registry.host}/team/cache:main"

            said = build("--cache-from", name)

            assert said.status == 0
            assert f"the cache {name} is left out: {registry.host} does not give out {name}" in said.err

    def test_nobody_there_stops_no_build(self, build: Build) -> None:
        said = build("--cache-from", "127.0.0.1:1/team/cache")

        assert said.status == 0
        assert "the cache 127.0.0.1:1/team/cache:latest is left out: cannot reach 127.0.0.1:1" in said.err

    def test_a_registry_that_takes_nothing_is_an_error(self, build: Build) -> None:
        with FakeRegistry(auth="bearer") as registry:
            registry.readers.add("token-1")

            said = build("--cache-to", f"{registry.host}/team/cache:main")

            assert said.status == 1
            assert f"error: {registry.host} does not take blob" in said.err
            assert "needs a login that may push to team/cache" in said.err
