"""`stagemill copy`: an image from one place to another."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.places import MemorySource, both
from fakes.program import Call
from fakes.registry import FakeRegistry, cut, status
from stagemill.digest import Digest

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def source(registry: FakeRegistry) -> MemorySource:
    """An index of two images with attestations, in the registry as team/both:1."""
    made = both()
    registry.blobs.data |= made.blobs.data
    for node in made.node().walk():
        registry.put_manifest("team/both", "1", node.data, media_type=node.media_type)
    return made


def tags(registry: FakeRegistry) -> dict[str, Digest]:
    found = {f"{name}:{tag}": data for (name, tag), (_, data) in registry.manifests.items() if ":" not in tag}
    return {name: Digest.of(data) for name, data in sorted(found.items())}


def test_an_image_of_the_store_goes_to_several_places(app: Call, registry: FakeRegistry, folder: Path) -> None:
    said = app("copy", "app", f"docker://{registry.host}/a:1", f"docker://{registry.host}/b:2", "oci:layout:x", "other")

    digest = said.out.strip()
    assert (said.status, tags(registry)) == (0, {"a:1": digest, "b:2": digest})
    assert "oci:layout:x: 3 sent" in said.err
    (entry,) = json.loads((folder / "layout/index.json").read_text())["manifests"]
    assert entry["digest"] == digest
    assert {row["name"] for row in json.loads(app("images", "--json").out) if row["digest"] == digest} == {
        "docker.io/library/app:latest", "docker.io/library/other:latest",
    }  # fmt: skip


@pytest.mark.parametrize("flags", [(), ("--all",), ("-a",)])
def test_an_index_is_copied_whole(
    stagemill: Call, registry: FakeRegistry, source: MemorySource, flags: tuple[str, ...]
) -> None:
    said = stagemill("copy", *flags, f"docker://{registry.host}/team/both:1", "docker-archive:a.tar:app:1")
    back = stagemill("copy", "docker-archive:a.tar", f"docker://{registry.host}/back:1")

    assert (said.status, back.status) == (0, 0)
    assert said.out == back.out == f"{source.node().digest}\n"
    assert tags(registry)["back:1"] == source.node().digest


def test_or_one_image_of_it(stagemill: Call, registry: FakeRegistry, source: MemorySource) -> None:
    name = f"docker://{registry.host}/team/both:1"

    said = stagemill("copy", "--platform", "linux/arm64", name, f"docker://{registry.host}/one:1")

    assert said.out.strip() == source.node().children[1].digest
    assert tags(registry)["one:1"] == source.node().children[1].digest


def test_other_media_types_are_another_digest(stagemill: Call, registry: FakeRegistry, source: MemorySource) -> None:
    name, docker = f"docker://{registry.host}/team/both:1", f"docker://{registry.host}/docker:1"

    said = stagemill("copy", "--format", "docker", name, docker)
    same = stagemill("copy", "--format", "oci", name, f"docker://{registry.host}/oci:1")

    assert registry.manifests["docker", "1"][0] == "application/vnd.docker.distribution.manifest.list.v2+json"
    assert said.out.strip() == tags(registry)["docker:1"] != source.node().digest
    assert said.err.count("is left out: docker's format has images only") == 2
    assert same.out.strip() == source.node().digest


def test_quiet_prints_the_digest_alone_and_a_file_gets_it(
    stagemill: Call, registry: FakeRegistry, source: MemorySource, folder: Path
) -> None:
    said = stagemill("copy", "-q", "--digestfile", "digest", f"docker://{registry.host}/team/both:1", "app")

    assert (said.out, said.err) == (f"{source.node().digest}\n", "")
    assert (folder / "digest").read_text() == source.node().digest


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(
    stagemill: Call, registry: FakeRegistry, source: MemorySource, folder: Path
) -> None:
    name = f"docker://{registry.host}/team/both:1"
    registry.requests.clear()

    said = stagemill("copy", "--dry-run", "--digestfile", "digest", name, f"docker://{registry.host}/x", "oci:d", "app")

    assert (said.status, said.out) == (0, f"{source.node().digest}\n")
    assert f"docker://{registry.host}/x:latest: 0 of 7 blobs (0 B) would be sent, 7 are there already" in said.err
    assert "oci:d: 7 of 7 blobs (" in said.err
    assert "app: 7 of 7 blobs (" in said.err
    assert {seen.method for seen in registry.requests} == {"GET", "HEAD"}
    assert list(folder.iterdir()) == []
    assert json.loads(stagemill("images", "--json").out) == []


def test_an_archive_that_is_not_finished_leaves_the_old_one(
    stagemill: Call, registry: FakeRegistry, source: MemorySource, folder: Path
) -> None:
    (folder / "a.tar").write_text("old")
    blob = source.node().children[1].blobs[0]
    registry.fail(blob.digest, *[status(404)] * 9)

    said = stagemill("copy", f"docker://{registry.host}/team/both:1", "oci-archive:a.tar")

    assert (said.status, said.out) == (1, "")
    assert f"error: cannot read docker://{registry.host}/team/both:1: there is no blob {blob.digest}" in said.err
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("a.tar", "old")]


def test_a_copy_into_the_store_goes_on_where_it_broke_off(stagemill: Call, registry: FakeRegistry) -> None:
    blobs = MemoryBlobs()
    image = make_image(blobs, {"a": os.urandom(200_000)}, compressed=False)
    registry.blobs.data |= blobs.data
    registry.push("team/app", "1", image)
    name, layer = f"docker://{registry.host}/team/app:1", image.manifest.layers[0].digest
    registry.fail(layer, *[cut(100_000)], *[status(404)] * 9)

    broken = stagemill("copy", "--retry", "1", "--retry-delay", "1ms", name, "app")
    registry.faults.clear()
    registry.requests.clear()
    copied = stagemill("copy", name, "app")

    assert (broken.status, copied.status) == (1, 0), copied.err
    assert f"error: cannot read {name}: " in broken.err
    assert [seen.headers["range"] for seen in registry.requests if layer in seen.path] == ["bytes=100000-"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("none", "docker://127.0.0.1:1/x"), 1, "cannot read none: there is no image none in the store"),
        (("app", "docker://127.0.0.1:1/x"), 1, "cannot write docker://127.0.0.1:1/x:latest: "),
        (("app", "oci:Dockerfile"), 1, "cannot write oci:Dockerfile: "),
        (("app", "nowhere/oci:1:2"), 2, "has an invalid tag"),
        (("app", "oci-archive:none/a.tar"), 2, "cannot write none/a.tar: "),
        (("app", f"oci:dir@{Digest.of(b'')}"), 1, "what is copied has the digest"),
        (("app", f"oci-archive:a.tar@{Digest.of(b'')}"), 2, "is no name to give: it has a digest"),
        (("app", f"other@{Digest.of(b'')}"), 2, "is no name to give: it has a digest"),
        (("oci:none", "app"), 1, "cannot read oci:none: there is no directory none"),
        (("oci-archive:none", "app"), 1, "cannot read oci-archive:none: there is no file none"),
        (("docker-archive:Dockerfile", "app"), 1, "cannot read docker-archive:Dockerfile: "),
        (("dokcer://app", "app"), 2, "there is no place dokcer://"),
        (("--all", "--platform", "linux/arm64", "app", "b"), 2, "--all and --platform say both what to copy"),
        (("app",), 2, "DESTINATION"),
    ],
)
def test_what_cannot_be_is_told(app: Call, arguments: tuple[str, ...], code: int, message: str) -> None:
    said = app("copy", *arguments)

    assert (said.status, said.out) == (code, "")
    assert message in said.err
    assert "hint: " in said.err


class TestLogins:
    def test_creds_are_for_the_one_registry_of_the_command_line(self, app: Call) -> None:
        with FakeRegistry(auth="basic") as registry:
            name = f"docker://{registry.host}/team/app:1"

            refused = app("copy", "--retry", "0", "app", name)
            copied = app("copy", "--creds", "alice:secret", "app", name)

            assert (refused.status, copied.status) == (1, 0), copied.err
            assert f"cannot write {name}: " in refused.err
            assert app("inspect", "--creds", "alice:secret", "--raw", name).status == 0
            assert app("index", "create", "--creds", "alice:secret", "-t", f"{name}0", name).status == 0
            annotated = app("index", "annotate", "--creds=alice:secret", "--annotation", "index:a=b", f"{name}0")
            assert annotated.status == 0, annotated.err
            assert app("manifest", "inspect", "--creds", "alice:secret", name.removeprefix("docker://")).status == 0

    def test_they_are_given_to_no_other(self, app: Call, registry: FakeRegistry) -> None:
        with FakeRegistry(auth="basic") as other:
            places = (f"docker://{registry.host}/app:1", f"docker://{other.host}/app:1")

            said = app("copy", "--creds", "alice:secret", *places)

            assert said.status == 2
            assert "--creds does not say for which of " in said.err
            assert registry.requests == other.requests == []
