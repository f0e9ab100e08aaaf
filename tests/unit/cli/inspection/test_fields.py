"""What a template knows of an image at its place."""

from __future__ import annotations

import json

import pytest

from fakes.places import MemorySource, both, one
from stagemill.cli.inspection.fields import fields
from stagemill.cli.inspection.seen import look
from stagemill.template.evaluate import render
from stagemill.template.parser import parse
from stagemill.template.values import to_json


def shown(source: MemorySource, template: str) -> str:
    return render(parse(template), fields(look("docker://app:1", source.node(), source), template))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.Image.Architecture}} {{.Image.OS}} {{.Image.Variant}}.", "amd64 linux ."),
        ("{{.Image.Config.Cmd}}", "[/bin/true]"),
        ("{{range .Image.History}}{{.CreatedBy}}{{end}}", "layer 0"),
        ("{{.Image.RootFS.Type}} {{len .Image.RootFS.DiffIDs}}", "layers 1"),
        ("{{len .Manifest.Manifests}} {{.Manifest.SchemaVersion}}", "0 2"),
        ("{{json .Provenance}}", "{}"),
    ],
)
def test_of_one_image_they_are_its_own(template: str, text: str) -> None:
    assert shown(one(), template) == text


def test_of_several_they_are_by_platform() -> None:
    assert shown(both(), '{{(index .Provenance "linux/amd64").SLSA.by}}') == "us"
    assert shown(both(), "{{range $name, $image := .Image}}{{$name}} {{$image.Architecture}};{{end}}") == (
        "linux/amd64 amd64;linux/arm64 arm64;"
    )


def test_an_entry_without_a_platform_has_a_blank_one() -> None:
    assert shown(both(), "{{range .Manifest.Manifests}}[{{.Platform.Variant}}]{{end}}") == "[][][][]"


def test_json_has_the_keys_of_documents_and_no_others() -> None:
    source = one()
    found = json.loads(to_json(fields(look("docker://app:1", source.node(), source), "json")))

    assert sorted(found) == ["image", "manifest", "name"]
    assert found["image"] == json.loads(source.blobs.read(source.node().config.digest))
    assert found["manifest"] == {"schemaVersion": 2, **source.node().entry}
