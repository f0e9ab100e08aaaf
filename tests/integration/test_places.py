"""What we push skopeo and buildah read, what they push we read, and a copy changes nothing on its way."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fakes.containers import Buildah
from fakes.distribution import running
from fakes.mill import Mill
from fakes.user import make_user
from stagemill.digest import Digest

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
PLATFORMS = ("amd64", "arm64")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(running(tmp_path / name))


@pytest.fixture
def host(start: Callable[[str], str]) -> str:
    return start("registry")


@pytest.fixture
def buildah(tmp_path: Path) -> Buildah:
    return Buildah(tmp_path / "buildah")


class Skopeo:
    def __init__(self, program: str) -> None:
        self.program = program

    def __call__(self, *arguments: str) -> bytes:
        done = subprocess.run([self.program, *arguments], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def copy(self, *arguments: str) -> None:
        self("copy", "--src-tls-verify=false", "--dest-tls-verify=false", *arguments)

    def raw(self, name: str) -> bytes:
        return self("inspect", "--tls-verify=false", "--raw", f"docker://{name}")

    def inspect(self, name: str, *flags: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self(*flags, "inspect", "--tls-verify=false", f"docker://{name}"))
        return found


@pytest.fixture
def peer(skopeo: str) -> Skopeo:
    return Skopeo(skopeo)


@pytest.fixture
def app(mill: Mill) -> Mill:
    """A store with `one`, an image, and `both`, an index of two images and what was said about their building."""
    file = "FROM scratch\nARG TARGETARCH\nCOPY hello-$TARGETARCH /hello\nLABEL a=b\n"
    mill.write({f"hello-{name}": f"hello {name}\n" for name in PLATFORMS})
    mill.build(file, "-t", "one")
    mill.build(file, "-t", "both", "--platform", "linux/amd64,linux/arm64", "--provenance=true")
    return mill


def kinds(manifest: dict[str, Any]) -> list[str]:
    """The media types of a manifest and of what it names."""
    named = [manifest["config"], *manifest["layers"]] if "config" in manifest else manifest["manifests"]
    return [manifest["mediaType"], *(each["mediaType"] for each in named)]


class TestWhatWePush:
    def test_a_manifest(self, app: Mill, host: str, peer: Skopeo, buildah: Buildah) -> None:
        name = f"{host}/team/one:1"

        digest = app.ok("copy", "one", f"docker://{name}").out.strip()

        assert Digest.of(peer.raw(name)) == digest
        assert peer.inspect(name)["Labels"] == {"a": "b"}
        assert buildah.read(buildah.pull(name), "hello") == "hello amd64\n"

    def test_an_index_with_attestations(
        self, app: Mill, host: str, peer: Skopeo, buildah: Buildah, tmp_path: Path
    ) -> None:
        name = f"{host}/team/both:1"

        digest = app.ok("copy", "both", f"docker://{name}").out.strip()

        assert Digest.of(peer.raw(name)) == digest
        assert len(json.loads(peer.raw(name))["manifests"]) == 4
        peer.copy("--all", "--preserve-digests", f"docker://{name}", f"oci:{tmp_path / 'layout'}:1")
        (entry,) = json.loads((tmp_path / "layout/index.json").read_text())["manifests"]
        assert entry["digest"] == digest
        for each in PLATFORMS:
            assert buildah.read(buildah.pull(name, "--arch", each), "hello") == f"hello {each}\n"

    def test_dockers_schema_2(self, app: Mill, host: str, peer: Skopeo, buildah: Buildah) -> None:
        one, both = f"{host}/team/one:1", f"{host}/team/both:1"

        app.ok("copy", "--format", "docker", "one", f"docker://{one}")
        said = app.ok("copy", "--format", "docker", "both", f"docker://{both}").err

        assert all(kind.startswith(DOCKER) for name in (one, both) for kind in kinds(json.loads(peer.raw(name))))
        assert said.count("docker's format has images only") == 2
        assert peer.inspect(one)["Labels"] == {"a": "b"}
        assert buildah.read(buildah.pull(one), "hello") == "hello amd64\n"
        for each in PLATFORMS:
            assert buildah.read(buildah.pull(both, "--arch", each), "hello") == f"hello {each}\n"

    def test_layers_in_zstd(
        self, app: Mill, start: Callable[[str], str], peer: Skopeo, buildah: Buildah, tmp_path: Path
    ) -> None:
        here, there = start("here"), start("there")
        app.ok("copy", "one", f"oci:{tmp_path / 'layout'}:1")
        peer.copy("--dest-compress-format", "zstd", f"oci:{tmp_path / 'layout'}:1", f"docker://{here}/one:zstd")

        digest = app.ok("copy", f"docker://{here}/one:zstd", "zstd").out.strip()
        app.ok("copy", "zstd", f"docker://{there}/one:zstd")

        raw = peer.raw(f"{there}/one:zstd")
        assert Digest.of(raw) == digest
        assert json.loads(raw)["layers"][0]["mediaType"] == f"{OCI}layer.v1.tar+zstd"
        assert buildah.read(buildah.pull(f"{there}/one:zstd"), "hello") == "hello amd64\n"

    def test_an_index_of_images_from_everywhere(
        self, app: Mill, start: Callable[[str], str], peer: Skopeo, buildah: Buildah
    ) -> None:
        here, there = start("here"), start("there")
        app.ok("copy", "--platform", "linux/arm64", "both", f"docker://{there}/arm:1")
        app.ok("copy", "--platform", "linux/amd64", "both", "oci:amd:1")
        name = f"{here}/team/app:1"

        made = app.ok(
            "index", "create", "-t", f"docker://{name}", "oci:amd:1", f"docker://{there}/arm:1",
            "--annotation", "index:title=App",
        ).out.strip()  # fmt: skip
        app.ok("manifest", "create", "list", f"{there}/arm:1", name)
        app.ok("manifest", "push", "list", f"{here}/team/list:1")

        assert Digest.of(peer.raw(name)) == made
        assert json.loads(peer.raw(name))["annotations"] == {"title": "App"}
        for pushed in (name, f"{here}/team/list:1"):
            for each in PLATFORMS:
                assert buildah.read(buildah.pull(pushed, "--arch", each), "hello") == f"hello {each}\n"

    def test_a_build_with_layers_in_zstd(self, app: Mill, host: str, peer: Skopeo, buildah: Buildah) -> None:
        app.build(
            "FROM scratch\nCOPY hello-amd64 /hello\n", "-o", f"type=registry,name={host}/one:zstd,compression=zstd"
        )

        assert json.loads(peer.raw(f"{host}/one:zstd"))["layers"][0]["mediaType"] == f"{OCI}layer.v1.tar+zstd"
        assert buildah.read(buildah.pull(f"{host}/one:zstd"), "hello") == "hello amd64\n"

    @pytest.mark.parametrize("place", ["oci:{}:1", "oci-archive:{}:1", "docker-archive:{}:app:1"])
    def test_a_file(self, app: Mill, host: str, peer: Skopeo, buildah: Buildah, tmp_path: Path, place: str) -> None:
        there = place.format(tmp_path / "file")

        app.ok("copy", "one", there)
        peer.copy(there, f"docker://{host}/one:1")

        assert buildah.read(buildah.pull(f"{host}/one:1"), "hello") == "hello amd64\n"


class TestWhatTheyPush:
    def hello(self, mill: Mill, name: str, *flags: str) -> str:
        """The file of an image that a build begins from."""
        mill.build(f"FROM {name}\n", *flags, "-o", "out")
        return (mill.folder / "out/hello").read_text()

    @pytest.mark.parametrize(("flags", "prefix"), [(("-f", "v2s2"), DOCKER), (("-f", "oci"), OCI)])
    def test_skopeos_manifests(
        self, app: Mill, new_mill: Callable[[str], Mill], host: str, peer: Skopeo, tmp_path: Path,
        flags: tuple[str, ...], prefix: str,
    ) -> None:  # fmt: skip
        name, other = f"{host}/team/one:1", new_mill("other")
        app.ok("copy", "one", f"oci:{tmp_path / 'layout'}:1")
        peer.copy(*flags, f"oci:{tmp_path / 'layout'}:1", f"docker://{name}")
        assert all(kind.startswith(prefix) for kind in kinds(json.loads(peer.raw(name))))

        digest = other.ok("copy", f"docker://{name}", "app").out.strip()

        assert digest == Digest.of(peer.raw(name))
        assert self.hello(other, "app") == "hello amd64\n"
        assert self.hello(other, name) == "hello amd64\n"

    def test_skopeos_layers_in_zstd(
        self, app: Mill, new_mill: Callable[[str], Mill], host: str, peer: Skopeo, tmp_path: Path
    ) -> None:
        name, other = f"{host}/team/one:1", new_mill("other")
        app.ok("copy", "one", f"oci:{tmp_path / 'layout'}:1")
        peer.copy("--dest-compress-format", "zstd", f"oci:{tmp_path / 'layout'}:1", f"docker://{name}")
        assert json.loads(peer.raw(name))["layers"][0]["mediaType"].endswith("+zstd")

        other.ok("pull", name)

        assert self.hello(other, name) == "hello amd64\n"

    @pytest.mark.parametrize("form", ["oci", "v2s2"])
    def test_buildahs_lists(
        self, app: Mill, new_mill: Callable[[str], Mill], host: str, peer: Skopeo, buildah: Buildah, form: str
    ) -> None:
        other = new_mill("other")
        buildah("manifest", "create", "list")
        for each in PLATFORMS:
            app.ok("copy", "--platform", f"linux/{each}", "both", f"docker://{host}/{each}:1")
            buildah("manifest", "add", "--tls-verify=false", "list", f"docker://{host}/{each}:1")
        name = f"{host}/team/list:1"
        buildah("manifest", "push", "--all", "--format", form, "--tls-verify=false", "list", f"docker://{name}")

        digest = other.ok("copy", f"docker://{name}", "list").out.strip()

        assert digest == Digest.of(peer.raw(name))
        assert kinds(json.loads(peer.raw(name)))[0].startswith(OCI if form == "oci" else DOCKER)
        for each in PLATFORMS:
            assert self.hello(other, "list", "--platform", f"linux/{each}") == f"hello {each}\n"

    @pytest.mark.parametrize("place", ["oci:{}:1", "oci-archive:{}:1", "docker-archive:{}:app:1"])
    def test_a_file(
        self, app: Mill, new_mill: Callable[[str], Mill], host: str, peer: Skopeo, tmp_path: Path, place: str
    ) -> None:
        other, there = new_mill("other"), place.format(tmp_path / "file")
        app.ok("copy", "one", f"docker://{host}/one:1")
        peer.copy(f"docker://{host}/one:1", there)

        other.ok("copy", there, "app")

        assert self.hello(other, "app") == "hello amd64\n"


class TestCopies:
    def test_dockers_schema_2_and_back_is_the_same_image(self, app: Mill, host: str, peer: Skopeo) -> None:
        first, second, third = (f"{host}/team/app:{number}" for number in (1, 2, 3))
        app.ok("copy", "--format", "docker", "--platform", "linux/arm64", "both", f"docker://{first}")

        back = app.ok("copy", "--format", "oci", f"docker://{first}", f"docker://{second}").out.strip()
        again = app.ok("copy", "--format", "docker", f"docker://{second}", f"docker://{third}").out.strip()

        assert all(kind.startswith(OCI) for kind in kinds(json.loads(peer.raw(second))))
        assert (Digest.of(peer.raw(second)), Digest.of(peer.raw(third))) == (back, again)
        assert peer.raw(first) == peer.raw(third)

    def test_a_registry_gives_to_itself_and_nothing_is_sent_twice(self, app: Mill, host: str) -> None:
        first = app.ok("copy", "both", f"docker://{host}/a/app:1").err
        second = app.ok("copy", f"docker://{host}/a/app:1", f"docker://{host}/b/app:1", f"docker://{host}/c/app").err
        third = app.ok("copy", f"docker://{host}/a/app:1", f"docker://{host}/b/app:again").err

        assert f"docker://{host}/a/app:1: 7 sent" in first
        assert f"docker://{host}/b/app:1: 7 taken over from another repository" in second
        assert f"docker://{host}/c/app:latest: 7 taken over from another repository" in second
        assert f"docker://{host}/b/app:again: all there already" in third

    def test_an_archive_goes_through_a_pipe(self, app: Mill, new_mill: Callable[[str], Mill]) -> None:
        sent = app.ok("copy", "-q", "both", "oci-archive:/dev/stdout:1")

        digest = new_mill("other").ok("copy", "oci-archive:/dev/stdin:1", "app", stdin=sent.stdout).out.strip()

        assert digest == app.ok("copy", "-q", "both", "again").out.strip()

    def test_all_places_in_a_row_keep_every_byte(
        self, app: Mill, start: Callable[[str], str], new_mill: Callable[[str], Mill], peer: Skopeo, tmp_path: Path
    ) -> None:
        here, there = start("here"), start("there")
        places = [
            f"docker://{here}/app:1", f"docker://{there}/app:1", f"oci:{tmp_path / 'layout'}:1",
            f"oci-archive:{tmp_path / 'oci.tar'}:1", f"docker-archive:{tmp_path / 'docker.tar'}:app:1", "app",
            f"docker://{here}/last:1",
        ]  # fmt: skip
        digest, other = app.ok("copy", "both", places[0]).out.strip(), new_mill("other")

        for source, destination in pairwise(places):
            assert other.ok("copy", source, destination).out.strip() == digest

        assert Digest.of(peer.raw(f"{here}/last:1")) == digest
        peer.copy("--all", f"docker://{here}/last:1", f"dir:{tmp_path / 'dir'}")

    def test_an_ordinary_user_copies_as_root_does(self, app: Mill, host: str, tmp_path: Path) -> None:
        digest = app.ok("copy", "both", f"docker://{host}/app:1").out
        with make_user() as user:
            mill = user.mill("copies")
            places = [
                f"docker://{host}/app:1",
                "oci:layout:1",
                "docker-archive:a.tar:app:1",
                "app",
                f"docker://{host}/user:1",
            ]

            for source, destination in pairwise(places):
                assert mill.ok("copy", source, destination).out == digest

            made = [path for path in mill.folder.rglob("*") if path != mill.folder]
            assert {path.stat().st_uid for path in made} == {user.uid}
