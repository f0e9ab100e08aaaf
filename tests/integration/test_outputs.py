"""Keys of --output that say how an image is packed and what is kept of it; and the same of `stagemill push`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.distribution import running
from fakes.program import Call, Said, caller, surround
from fakes.registry import FakeRegistry

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

HALF = "FROM scratch\nCOPY one /a\n"
WHOLE = "FROM base\nCOPY two /b\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    surround(monkeypatch, home=tmp_path, store=tmp_path / "store", folder=path)
    return path


@pytest.fixture
def stagemill(folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    """The program, whose store has the image `base` of one layer, and whose folder a Dockerfile on top of it."""
    call = caller(monkeypatch, capfdbinary)
    (folder / "one").write_text("1" * 5000)
    (folder / "two").write_text("2" * 5000)
    (folder / "Dockerfile").write_text(HALF)
    assert call("build", "-q", "-t", "base", ".").status == 0
    (folder / "Dockerfile").write_text(WHOLE)
    return call


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


def layout(folder: Path, stagemill: Call, *flags: str, keys: str = "") -> dict[str, Any]:
    """The manifest that a build writes into a layout, without its annotations in the index."""
    said = stagemill("build", "-o", f"type=oci,dest=out,tar=false{keys}", *flags, ".")
    assert said.status == 0, said.err
    (entry,) = json.loads((folder / "out/index.json").read_text())["manifests"]
    found: dict[str, Any] = json.loads(blob(folder / "out", entry["digest"]))
    subprocess.run(["rm", "-r", "out"], check=True, cwd=folder)
    return found


def blob(directory: Path, digest: str) -> bytes:
    return (directory / "blobs/sha256" / digest.removeprefix("sha256:")).read_bytes()


def kinds(manifest: dict[str, Any]) -> list[str]:
    return [layer["mediaType"].rpartition(".")[2] for layer in manifest["layers"]]


def names(stagemill: Call) -> list[str]:
    rows = json.loads(stagemill("images", "--json").out)
    return sorted(row["name"].removeprefix("docker.io/library/") for row in rows)


class TestCompression:
    @pytest.mark.parametrize(
        ("keys", "expected"),
        [
            ("", ["tar+gzip", "tar+gzip"]),
            (",compression=zstd", ["tar+gzip", "tar+zstd"]),
            (",compression=zstd,compression-level=19,force-compression=true", ["tar+zstd", "tar+zstd"]),
            (",compression=uncompressed", ["tar+gzip", "tar"]),
            (",compression-level=9,force-compression=true", ["tar+gzip", "tar+gzip"]),
        ],
    )
    def test_layers_have_it_and_the_config_stays_the_same(
        self, folder: Path, stagemill: Call, keys: str, expected: list[str]
    ) -> None:
        found, usual = layout(folder, stagemill, keys=keys), layout(folder, stagemill)

        assert kinds(found) == expected
        assert found["config"] == usual["config"]
        assert (found == usual) == (keys == "")

    @pytest.mark.parametrize(
        ("flags", "expected"),
        [
            (["--compression-format", "zstd"], ["tar+gzip", "tar+zstd"]),
            (["--compression=zstd", "--compression-level=3", "--force-compression"], ["tar+zstd", "tar+zstd"]),
            (["--disable-compression"], ["tar+gzip", "tar"]),
        ],
    )
    def test_so_do_the_flags_of_buildah_and_kaniko_say(
        self, folder: Path, stagemill: Call, flags: list[str], expected: list[str]
    ) -> None:
        assert kinds(layout(folder, stagemill, *flags)) == expected
        assert kinds(layout(folder, stagemill, *flags, keys=",compression=gzip")) == ["tar+gzip", "tar+gzip"]

    def test_it_is_the_same_bytes_for_one_processor_as_for_all(self, folder: Path, stagemill: Call) -> None:
        (folder / "two").write_bytes(os.urandom(3 << 20))
        every = os.sched_getaffinity(0)
        found = []
        for number, processors in enumerate((every, {min(every)})):
            os.environ["STAGEMILL_ROOT"] += str(number)
            (folder / "Dockerfile").write_text("FROM scratch\nCOPY one two /\n")
            os.sched_setaffinity(0, processors)
            try:
                flags = ("--jobs", str(len(processors)))
                found += [
                    layout(folder, stagemill, *flags, keys=f",compression={kind}")["layers"]
                    for kind in ("gzip", "zstd")
                ]
            finally:
                os.sched_setaffinity(0, every)

        assert found[:2] == found[2:]

    def test_others_read_it(self, folder: Path, stagemill: Call, skopeo: str, umoci: str) -> None:
        stagemill("build", "-o", "type=oci,dest=a.tar,compression=zstd,force-compression=true", ".")
        subprocess.run(
            [skopeo, "copy", "-q", "oci-archive:a.tar", "oci:gzip:x", "--dest-compress-format=gzip"], check=True
        )
        subprocess.run([umoci, "raw", "unpack", "--image", "gzip:x", "rootfs"], check=True, capture_output=True)

        assert {path.name: path.read_text()[:1] for path in (folder / "rootfs").iterdir()} == {"a": "1", "b": "2"}

    def test_docker_archives_have_it_too(self, folder: Path, stagemill: Call, skopeo: str) -> None:
        stagemill("build", "-o", "type=docker,dest=a.tar,compression=uncompressed,force-compression=true", ".")
        done = subprocess.run([skopeo, "inspect", "docker-archive:a.tar"], check=True, capture_output=True, cwd=folder)

        assert len(json.loads(done.stdout)["Layers"]) == 2

    def test_an_image_of_the_store_is_pushed_with_it(
        self, stagemill: Call, registry: FakeRegistry, folder: Path
    ) -> None:
        stagemill("build", "-t", "app", ".")

        said = stagemill("push", "--compression-format", "zstd", "app", f"{registry.host}/app:1")

        manifest = json.loads(registry.manifests["app", "1"][1])
        usual = layout(folder, stagemill)
        assert said.status == 0, said.err
        assert kinds(manifest) == ["tar+zstd", "tar+zstd"]
        assert manifest["config"] == usual["config"]
        assert ("app", said.out.strip()) in registry.manifests

    def test_so_is_an_index_unless_statements_are_about_its_images(
        self, stagemill: Call, registry: FakeRegistry
    ) -> None:
        stagemill("build", "-t", "both", "--platform", "linux/amd64,linux/arm64", "-f", "-", ".", stdin=HALF.encode())
        stagemill("build", "-t", "said", "--provenance=true", ".")

        done = stagemill("push", "--compression=zstd", "both", f"{registry.host}/both:1")
        refused = stagemill("push", "--compression=zstd", "said", f"{registry.host}/said:1")

        index = json.loads(registry.manifests["both", "1"][1])
        each = [json.loads(registry.manifests["both", entry["digest"]][1]) for entry in index["manifests"]]
        assert done.status == 0, done.err
        assert {tuple(kinds(one)) for one in each} == {("tar+zstd",)}
        assert (refused.status, "an index with statements cannot be compressed anew" in refused.err) == (1, True)

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            (["build", "--compression", "lz4", "."], "unknown compression 'lz4'"),
            (["build", "--disable-compression", "--compression=zstd", "."], "--disable-compression conflicts with"),
            (["push", "--compression-level", "10", "base"], "--compression-level=10 is none of gzip"),
        ],
    )
    def test_a_wrong_one_is_told(self, stagemill: Call, flags: list[str], message: str) -> None:
        said = stagemill(*flags)

        assert (said.status, message in said.err) == (2, True)


class TestMediaTypes:
    @pytest.mark.parametrize("keys", ["type=registry", "type=image,push=true"])
    def test_a_registry_gets_dockers_where_ocis_are_not_wanted(
        self, stagemill: Call, registry: FakeRegistry, keys: str
    ) -> None:
        said = stagemill("build", "-o", f"{keys},name={registry.host}/app:1,oci-mediatypes=false", ".")

        kind, data = registry.manifests["app", "1"]
        assert said.status == 0, said.err
        assert kind == "application/vnd.docker.distribution.manifest.v2+json"
        assert json.loads(data)["config"]["mediaType"] == "application/vnd.docker.container.image.v1+json"

    def test_of_several_platforms_it_is_a_list_of_manifests(self, folder: Path, stagemill: Call) -> None:
        (folder / "Dockerfile").write_text(HALF)

        found = layout(folder, stagemill, "--platform=linux/amd64,linux/arm64", keys=",oci-mediatypes=false")

        assert found["mediaType"] == "application/vnd.docker.distribution.manifest.list.v2+json"
        assert {entry["mediaType"] for entry in found["manifests"]} == {
            "application/vnd.docker.distribution.manifest.v2+json"
        }

    @pytest.mark.parametrize(
        ("flag", "what"),
        [("--annotation=manifest-descriptor:a=b", "annotations of"), ("--provenance=true", "statements")],
    )
    def test_what_docker_has_no_place_for_is_told_before_anything_is_built(
        self, stagemill: Call, flag: str, what: str
    ) -> None:
        said = stagemill("build", "-o", "type=oci,dest=x,oci-mediatypes=false", flag, ".")

        assert (said.status, "#1" in said.err) == (2, False)
        assert f"oci-mediatypes=false conflicts with {what}" in said.err


class TestStore:
    def test_with_store_false_nothing_is_named_here_and_it_is_pushed_all_the_same(
        self, folder: Path, stagemill: Call, registry: FakeRegistry
    ) -> None:
        said = stagemill(
            "build", "-t", f"{registry.host}/app:1", "-o", "type=image,push=true,store=false",
            "--metadata-file=facts", ".",
        )  # fmt: skip

        assert said.status == 0, said.err
        assert ("app", "1") in registry.manifests
        assert names(stagemill) == ["base:latest"]
        assert json.loads((folder / "facts").read_text())["image.name"] == f"{registry.host}/app:1"

    def test_each_image_has_its_own_names_and_its_own_form(self, stagemill: Call) -> None:
        stagemill(
            "build", "-o", 'type=image,"name=one,two"', "-o", "type=image,name=small,compression=zstd", ".",
        )  # fmt: skip

        digests = {row["name"].partition("library/")[2]: row["digest"] for row in images(stagemill)}
        assert digests["one:latest"] == digests["two:latest"] != digests["small:latest"]

    def test_an_image_without_a_name_may_have_one_by_its_digest(self, stagemill: Call) -> None:
        stagemill("build", "-o", "type=image,dangling-name-prefix=none", ".")

        (row,) = [row for row in images(stagemill) if "base" not in row["name"]]
        assert row["name"] == f"docker.io/library/none@{row['digest']}"

    def test_one_with_a_name_has_that_too_unless_it_is_for_those_without(self, stagemill: Call) -> None:
        keys = "type=image,name=app,dangling-name-prefix=none"
        stagemill("build", "-o", f"{keys},danging-name-empty-only=true", ".")
        before = names(stagemill)
        stagemill("build", "-o", keys, ".")

        (more,) = set(names(stagemill)) - set(before)
        assert before == ["app:latest", "base:latest"]
        assert more.startswith("none@sha256:")

    def test_a_name_may_stand_there_with_its_digest_too(self, stagemill: Call) -> None:
        stagemill("build", "-o", "type=image,name=app:1,name-canonical=true", ".")

        found = {row["name"]: row["digest"] for row in images(stagemill) if "base" not in row["name"]}
        (digest,) = set(found.values())
        assert sorted(found) == ["docker.io/library/app:1", f"docker.io/library/app:1@{digest}"]

    def test_unpacked_a_base_has_its_directories(self, stagemill: Call, registry: FakeRegistry) -> None:
        stagemill("push", "base", f"{registry.host}/base:1")
        stagemill("rmi", "base")
        stagemill("prune", "-a", "-f")
        dockerfile = f"FROM {registry.host}/base:1\nCMD x\n".encode()

        def directories(*keys: str) -> int:
            said = stagemill("build", "-o", ",".join(("type=image,name=app", *keys)), "-f", "-", ".", stdin=dockerfile)
            assert said.status == 0, said.err
            return len(list(Path(os.environ["STAGEMILL_ROOT"], "layers").glob("*/fs")))

        assert (directories(), directories("unpack=true")) == (0, 1)


def images(stagemill: Call) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(stagemill("images", "--json").out)
    return found


def test_a_registry_whose_certificate_nobody_knows_takes_it_where_that_is_wanted(
    stagemill: Call, tmp_path: Path
) -> None:
    with running(tmp_path / "registry", tls=True) as host:

        def push(keys: str) -> Said:
            return stagemill("build", "-o", f"type=registry,name={host}/app:1{keys}", "--retry", "0", ".")

        refused, taken = push(""), push(",registry.insecure=true")

    assert (refused.status, taken.status) == (1, 0), taken.err


class TestMirror:
    def test_a_directory_holds_nothing_but_the_files_of_the_build(self, folder: Path, stagemill: Call) -> None:
        (folder / "out/old").mkdir(parents=True)
        (folder / "out/old/file").write_text("old")

        copied = stagemill("build", "-o", "type=local,dest=out,mode=copy", ".")
        before = sorted(os.listdir("out"))
        deleted = stagemill("build", "-o", "type=local,dest=out,mode=delete", ".")

        assert (copied.status, before) == (0, ["a", "b", "old"])
        assert (deleted.status, sorted(os.listdir("out"))) == (0, ["a", "b"])
        assert "removed from out what the build does not have: old" in deleted.err

    def test_one_that_is_not_below_takes_permission(self, folder: Path, stagemill: Call) -> None:
        outside = folder.parent / "outside"
        outside.mkdir()
        (outside / "old").write_text("old")
        flags = ("-o", f"type=local,dest={outside},mode=delete", ".")

        refused, kept = stagemill("build", *flags), os.listdir(outside)
        taken = stagemill("build", "--allow", "buildx.local.delete", *flags)

        assert (refused.status, "add --allow buildx.local.delete" in refused.err, kept) == (2, True, ["old"])
        assert (taken.status, sorted(os.listdir(outside))) == (0, ["a", "b"])

    def test_of_several_targets_each_has_its_own(self, folder: Path, stagemill: Call) -> None:
        for name in ("out/x/old", "out/beside"):
            (folder / name).mkdir(parents=True)
        dockerfile = b"FROM base AS x\nFROM base AS y\nCOPY two /\n"

        said = stagemill(
            "build",
            "--target=x",
            "--target=y",
            "-o",
            "type=local,dest=out,mode=delete",
            "-f",
            "-",
            ".",
            stdin=dockerfile,
        )

        assert said.status == 0, said.err
        assert sorted(str(path.relative_to("out")) for path in Path("out").rglob("*")) == [
            "beside", "x", "x/a", "y", "y/a", "y/two",
        ]  # fmt: skip
