"""Images at their places, as they are shown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.places import MemorySource, both
from fakes.program import Call, caller, surround
from fakes.registry import FakeRegistry
from stagemill.digest import Digest
from stagemill.oci.platform import Platform

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="a user's process enters a namespace")]

SLSA = "https://slsa.dev/provenance/v1"
LOCAL = Platform.local()
OTHER = Platform("linux", "s390x")


@pytest.fixture
def stagemill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    (tmp_path / "folder").mkdir()
    surround(monkeypatch, home=tmp_path, store=tmp_path / "store", folder=tmp_path / "folder")
    return caller(monkeypatch, capfdbinary)


@pytest.fixture
def source() -> MemorySource:
    return both(LOCAL, OTHER)


@pytest.fixture
def registry(source: MemorySource) -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        running.blobs.data |= source.blobs.data
        for node in source.node().walk():
            running.put_manifest("team/both", "1", node.data, media_type=node.media_type)
        yield running


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    return f"docker://{registry.host}/team/both:1"


def test_the_terminal_has_platforms_sizes_and_attestations(stagemill: Call, name: str, source: MemorySource) -> None:
    said = stagemill("inspect", name)

    node = source.node()
    assert (said.status, said.err) == (0, "")
    first, _, rest = said.out.partition("\n\nManifests:\n")
    assert first.splitlines() == [
        f"Name:        {name.removeprefix('docker://')}",
        "MediaType:   application/vnd.oci.image.index.v1+json",
        f"Digest:      {node.digest}",
    ]
    blocks = rest.split("\n\n")
    assert blocks[1].splitlines() == [
        f"  Name:        {name.removeprefix('docker://').removesuffix(':1')}@{node.children[1].digest}",
        "  MediaType:   application/vnd.oci.image.manifest.v1+json",
        "  Platform:    linux/s390x",
        f"  Layers:      1 layer, {node.children[1].blobs[0].size} B",
        f"  Attestation: {SLSA}",
    ]
    assert f"    vnd.docker.reference.digest: {node.children[1].digest}" in blocks[3]


def test_one_image_of_an_index_is_shown_alone(stagemill: Call, name: str, source: MemorySource) -> None:
    said = stagemill("inspect", "--platform", "linux/s390x", name)

    assert f"Digest:      {source.node().children[1].digest}\nPlatform:    linux/s390x\nLayers: " in said.out
    assert "Manifests:" not in said.out


def test_json_is_for_programs(stagemill: Call, name: str, source: MemorySource) -> None:
    (found,) = json.loads(stagemill("inspect", "--json", name).out)

    node = source.node()
    assert (found["name"], found["digest"], found["size"]) == (name, node.digest, len(node.data))
    assert found["manifest"] == json.loads(node.data)
    first = found["images"][0]
    assert first["platform"] == str(LOCAL)
    assert first["digest"] == node.children[0].digest
    assert first["layers"] == [node.children[0].blobs[0].to_json()]
    assert first["config"]["architecture"] == LOCAL.architecture
    assert first["attestations"] == [SLSA]


def test_documents_as_they_are(stagemill: Call, name: str, source: MemorySource, registry: FakeRegistry) -> None:
    node = source.node()
    registry.requests.clear()

    raw = stagemill("inspect", "--raw", name).stdout

    assert raw == node.data
    assert len(registry.requests) == 1  # nothing that is in it
    assert stagemill("inspect", "--raw", "--platform", "linux/s390x", name).stdout == node.children[1].data
    assert Digest.of(stagemill("inspect", "--config", name).stdout) == node.children[0].config.digest
    other = stagemill("inspect", "--config", "--platform", "linux/s390x", name)
    assert Digest.of(other.stdout) == node.children[1].config.digest


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{.Name}}", "HOST/team/both:1"),
        ("{{.Manifest.Digest}} {{.Manifest.MediaType}}", "DIGEST application/vnd.oci.image.index.v1+json"),
        ("{{range .Manifest.Manifests}}{{.Platform.Architecture}};{{end}}", f"{LOCAL.architecture};s390x;unknown;unknown;"),
        ('{{(index .Image "linux/s390x").OS}}', "linux"),
        ('{{json (index .Image "linux/s390x").RootFS.Type}}', '"layers"'),
        ('{{(index .Provenance "linux/s390x").SLSA.by}}', "us"),
        ("{{json .SBOM}}", "{}"),
    ],
)  # fmt: skip
def test_templates_have_the_fields_of_imagetools(
    stagemill: Call, name: str, source: MemorySource, registry: FakeRegistry, template: str, shown: str
) -> None:
    said = stagemill("inspect", "-f", template, name)

    assert said.err == ""
    assert said.out == shown.replace("HOST", registry.host).replace("DIGEST", source.node().digest) + "\n"


def test_json_of_a_template_has_the_keys_of_the_documents(stagemill: Call, name: str, source: MemorySource) -> None:
    one = ("inspect", "--platform", "linux/s390x")

    found = json.loads(stagemill("inspect", "-f", "json", name).out)
    single = json.loads(stagemill(*one, "--format", "{{json .}}", name).out)

    node = source.node()
    assert found["manifest"]["manifests"] == json.loads(node.data)["manifests"]
    assert found["manifest"]["digest"] == node.digest
    config = json.loads(stagemill("inspect", "--config", "--platform", "linux/s390x", name).stdout)
    assert found["image"]["linux/s390x"] == single["image"] == config
    assert "manifests" not in single["manifest"]


def test_statements_are_fetched_only_where_a_template_has_them(
    stagemill: Call, name: str, source: MemorySource, registry: FakeRegistry
) -> None:
    statement = source.node().children[2].blobs[0].digest

    for template, asked in (("{{.Name}}", False), ("{{json .Image}}", False), ("{{json .Provenance}}", True)):
        registry.requests.clear()
        stagemill("inspect", "-f", template, name)
        assert any(statement in path for path in registry.paths("/blobs/")) == asked


def test_the_store_and_layouts_are_places_too(stagemill: Call, name: str, source: MemorySource) -> None:
    digest = source.node().digest
    stagemill("copy", "-q", name, "app", "oci:layout:1", "docker-archive:a.tar:app:1")

    assert Digest.of(stagemill("inspect", "--raw", "app").stdout) == digest
    assert Digest.of(stagemill("inspect", "--config", "app").stdout) == source.node().children[0].config.digest
    for place in ("oci:layout:1", "oci-layout://layout:1", "docker-archive:a.tar"):
        assert f"Digest:      {digest}" in stagemill("inspect", place).out


def test_what_is_no_image_has_its_type(stagemill: Call, source: MemorySource, registry: FakeRegistry) -> None:
    about = source.node().children[2]
    place = f"docker://{registry.host}/team/both@{about.digest}"

    assert "Config:      application/vnd.oci.empty.v1+json" in stagemill("inspect", place).out
    assert "is no image, and has no config of one" in stagemill("inspect", "--config", place).err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--raw", "--json", "oci:d"), 2, "--raw and --json exclude each other"),
        (("--format", "{{.Name}}", "--json", "app"), 2, "--format and --json exclude each other"),
        (("-f", "{{.Nam}}", "NAME"), 2, "there is no field .Nam"),
        (("--platform", "linux/arm/v5", "NAME"), 1, "has no image for linux/arm/v5"),
        (("oci:none",), 1, "cannot read oci:none: there is no directory none"),
        (("--raw", "none"), 1, "cannot read none: there is no image none in the store"),
    ],
)
def test_what_cannot_be_is_told(
    stagemill: Call, name: str, arguments: tuple[str, ...], status: int, message: str
) -> None:
    said = stagemill("inspect", *(name if word == "NAME" else word for word in arguments))

    assert (said.status, said.out) == (status, "")
    assert message in said.err


def test_an_index_without_this_machines_image_has_no_one_config(stagemill: Call, registry: FakeRegistry) -> None:
    made = both(OTHER, Platform("linux", "ppc64le"))
    registry.blobs.data |= made.blobs.data
    for node in made.node().walk():
        registry.put_manifest("team/far", "1", node.data, media_type=node.media_type)

    said = stagemill("inspect", "--config", f"docker://{registry.host}/team/far:1")

    assert f"has no image for {LOCAL}" in said.err
    assert "it has linux/s390x, linux/ppc64le: choose one with --platform" in said.err


@pytest.mark.parametrize("config", [b"[]", b"{", b'{"created": 7}', b'{"os": []}'])
def test_a_config_that_is_none_is_told(stagemill: Call, registry: FakeRegistry, config: bytes) -> None:
    made = both()
    manifest = json.loads(made.node().children[0].data)
    manifest["config"] |= {"digest": registry.blobs.put(config), "size": len(config)}
    registry.put_manifest("team/bad", "1", json.dumps(manifest).encode(), media_type=manifest["mediaType"])

    said = stagemill("inspect", f"docker://{registry.host}/team/bad:1")

    assert (said.status, said.out) == (1, "")
    assert f"error: cannot read docker://{registry.host}/team/bad:1: " in said.err
    assert "hint: --raw shows its manifest as it is" in said.err
