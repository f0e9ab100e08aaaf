"""An image as docker inspect has it."""

from __future__ import annotations

import pytest

from stagemill.cli.docker.description import describe, describe_config
from stagemill.cli.named.kept import Kept
from stagemill.oci.config import Healthcheck, History, ImageConfig, RunConfig
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.template.evaluate import render
from stagemill.template.parser import parse
from stagemill.template.values import plain

APP, GHCR = "docker.io/library/app:latest", "ghcr.io/o/app:1"
IMAGE = Image.build(
    ImageConfig(
        Platform("linux", "arm", "v7"),
        RunConfig(env=(("A", "1"),), exposed_ports=("80/tcp",), other={"Mine": [1]}),
        history=(History("x", comment="first"), History("y", comment="buildkit.dockerfile.v0")),
        created="2023-11-14T22:13:20Z",
        author="me",
    ),
    (),
)
ITEM = Kept(IMAGE.descriptor, (APP, GHCR), 1_700_000_000.0)


def test_it_has_dockers_keys_in_dockers_order() -> None:
    assert plain(describe(ITEM, IMAGE)) == {
        "Id": IMAGE.manifest.config.digest,
        "RepoTags": ["app:latest", "ghcr.io/o/app:1"],
        "RepoDigests": [f"app@{IMAGE.digest}", f"ghcr.io/o/app@{IMAGE.digest}"],
        "Parent": "",
        "Comment": "buildkit.dockerfile.v0",
        "Created": "2023-11-14T22:13:20Z",
        "DockerVersion": "",
        "Author": "me",
        "Config": {"ExposedPorts": {"80/tcp": {}}, "Env": ["A=1"], "Mine": [1]},
        "Architecture": "arm",
        "Variant": "v7",
        "Os": "linux",
        "Size": 0,
        "RootFS": {"Type": "layers", "Layers": []},
        "Metadata": {"LastTagTime": "2023-11-14T22:13:20Z"},
        "Descriptor": {
            "digest": IMAGE.digest,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "platform": {"architecture": "arm", "os": "linux", "variant": "v7"},
            "size": len(IMAGE.manifest_bytes),
        },
    }
    assert list(describe(ITEM, IMAGE))[:4] == ["Id", "RepoTags", "RepoDigests", "Parent"]


def test_an_image_without_names_has_empty_lists() -> None:
    found = describe(Kept(IMAGE.descriptor, (), 0.0), IMAGE)

    assert (found["RepoTags"], found["RepoDigests"]) == ([], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{.Config.User}}|{{.Config.Labels}}|{{json .Config.Labels}}|{{json .Config.Entrypoint}}", "|map[]|null|null"),
        ('{{index .Config.Labels "x"}}|{{range .Config.OnBuild}}x{{else}}none{{end}}', "|none"),
        ("{{range $port, $none := .Config.ExposedPorts}}{{$port}}{{$none}}{{end}}", "80/tcp{}"),
        ("{{if .Config.Healthcheck}}yes{{else}}no{{end}} {{json .Config.Healthcheck}}", "no null"),
        ("{{.Os}}/{{.Architecture}}{{if .Variant}}/{{.Variant}}{{end}}", "linux/arm/v7"),
        ("{{len .RootFS.Layers}} {{.RootFS.Type}}", "0 layers"),
        ("{{.Config.Mine}}", "[1]"),
        ("{{index .RepoDigests 0}}", f"app@{IMAGE.digest}"),
        ("{{json .Config}}", '{"ExposedPorts":{"80/tcp":{}},"Env":["A=1"],"Mine":[1]}'),
    ],
)
def test_a_template_finds_what_docker_has_also_where_the_image_says_nothing(text: str, expected: str) -> None:
    assert render(parse(text), describe(ITEM, IMAGE)) == expected


def test_a_health_check_has_all_of_its_fields() -> None:
    found = describe_config(RunConfig(healthcheck=Healthcheck(("CMD", "true"), retries=3)))

    assert render(parse("{{.Healthcheck.Retries}} {{.Healthcheck.Interval}}"), found) == "3 0"
    assert plain(found) == {"Healthcheck": {"Test": ["CMD", "true"], "Retries": 3}}
