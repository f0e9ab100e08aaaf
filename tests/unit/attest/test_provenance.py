"""Provenance, in both versions and modes, checked by in-toto's own reader."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any, Literal

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from fakes.evidence import provenance_flaws
from fakes.planning import planned
from fakes.sources import FakeSources
from fakes.tree import MemoryTree
from stagemill.attest.materials import Material
from stagemill.attest.provenance import Asked, Facts, Invocation, provenance, record
from stagemill.attest.statement import Attestation, Subject
from stagemill.attest.steps import Text
from stagemill.attest.wanted import Provenance
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.graph.vertex import walk
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform

TEXT = "FROM busybox\nCOPY a /\nRUN --mount=type=secret,id=token x\n"
ASKED = Asked({"label:l": "2", "build-arg:FOO": "1", "target": "web"}, "Dockerfile")
INVOCATION = Invocation("id", 1_700_000_000.5, 1_700_000_002.0, "1.2")
MAX, MIN = Provenance(), Provenance(is_max=False)


def facts(text: str = TEXT, asked: Asked = ASKED, **more: Any) -> Facts:
    plan = planned(text, context=MemoryTree({"a": ""}), sources=FakeSources(foo="foo"))
    return Facts(
        asked, list(walk([plan.target.vertex])), Text("Dockerfile", "Dockerfile", text, {}), INVOCATION, **more
    )


def said(of: Facts, wanted: Provenance = MAX) -> Any:
    """The predicate, as others read it."""
    return json.loads(json.dumps(provenance(of, wanted).predicate))


def checked(attestation: Attestation) -> provenance_pb2.Provenance:
    """What in-toto's own reader makes of a statement."""
    document = json.loads(attestation.statement([Subject("a", Digest.of(b"a"))]))
    Statement.copy_from_pb(json_format.ParseDict(document, statement_pb2.Statement())).validate()
    return json_format.ParseDict(document["predicate"], provenance_pb2.Provenance(), ignore_unknown_fields=True)


@pytest.mark.parametrize("version", ["v1", "v0.2"])
@pytest.mark.parametrize("wanted", [MAX, MIN, replace(MAX, builder_id="https://ci/1")])
def test_it_is_what_its_specification_wants(wanted: Provenance, version: Literal["v1", "v0.2"]) -> None:
    material = Material("https://h/r.git#v1", "sha1", "a" * 40)
    fetched = replace(ASKED, context="https://h/r.git", material=material, vcs={"revision": "abc"})
    for asked in (ASKED, fetched):
        found = provenance(facts(asked=asked), replace(wanted, version=version))

        assert provenance_flaws(json.loads(found.statement([Subject("a", Digest.of(b"a"))]))) == []


def test_what_is_not_would_be_told() -> None:
    statement = json.loads(provenance(facts(), MAX).statement([Subject("a", Digest.of(b"a"))]))

    assert provenance_flaws({**statement, "_type": "x"}) == ["Wrong statement type"]
    assert provenance_flaws({**statement, "predicate": {"runDetails": {}}}) == [
        "$: 'buildDefinition' is a required property",
        "$.runDetails: 'builder' is a required property",
    ]


def test_who_built_it_is_said_even_where_nobody_says_so() -> None:
    assert said(facts())["runDetails"]["builder"]["id"] == "https://stagemill.invalid/builder"


@pytest.mark.parametrize("wanted", [MAX, MIN])
def test_in_totos_own_reader_finds_what_the_specification_has(wanted: Provenance) -> None:
    found = checked(provenance(facts(), replace(wanted, builder_id="https://ci/1")))

    assert found.build_definition.resolved_dependencies[0].uri.startswith("pkg:docker/busybox@latest?platform=")
    assert found.build_definition.external_parameters["request"]["frontend"] == "dockerfile.v0"
    assert (found.run_details.builder.id, dict(found.run_details.builder.version)) == (
        "https://ci/1",
        {"stagemill": "1.2"},
    )
    assert found.run_details.metadata.invocation_id == "id"
    assert found.run_details.metadata.started_on.ToJsonString() == "2023-11-14T22:13:20.500Z"
    assert found.run_details.metadata.finished_on.ToJsonString() == "2023-11-14T22:13:22Z"


def test_with_max_it_has_arguments_confidences_steps_and_the_dockerfile() -> None:
    predicate = said(facts(layers={planned(TEXT, context=MemoryTree({"a": ""})).target.vertex.digest: [LAYER]}))

    definition = predicate["buildDefinition"]
    assert definition["externalParameters"] == {
        "configSource": {"path": "Dockerfile"},
        "request": {
            "frontend": "dockerfile.v0",
            "args": {"build-arg:FOO": "1", "label:l": "2", "target": "web"},
            "secrets": [{"id": "token", "optional": True}],
            "locals": [{"name": "context"}, {"name": "dockerfile"}],
        },
    }
    assert definition["internalParameters"]["builderPlatform"] == str(Platform.local())
    assert [step["id"] for step in definition["internalParameters"]["buildConfig"]["llbDefinition"]][-1] == "step3"
    extra = predicate["runDetails"]["metadata"]["buildkit_metadata"]
    assert base64.b64decode(extra["source"]["infos"][0]["data"]).decode() == TEXT
    assert extra["layers"] == {"step3:0": [[LAYER.to_json()]]}
    assert predicate["runDetails"]["metadata"]["buildkit_completeness"] == {
        "request": True,
        "resolvedDependencies": False,
    }


def test_with_min_it_has_no_value_that_was_given() -> None:
    predicate = said(facts(), MIN)

    request = predicate["buildDefinition"]["externalParameters"]["request"]
    assert request == {
        "frontend": "dockerfile.v0",
        "args": {"target": "web"},
        "locals": [{"name": "context"}, {"name": "dockerfile"}],
    }
    assert "buildConfig" not in predicate["buildDefinition"]["internalParameters"]
    metadata = predicate["runDetails"]["metadata"]
    assert metadata["buildkit_metadata"] == {}
    assert metadata["buildkit_completeness"]["request"] is False
    assert said(facts(asked=replace(ASKED, args={})), MIN)["runDetails"]["metadata"]["buildkit_completeness"]["request"]


def test_a_login_in_a_value_is_not_said() -> None:
    asked = replace(ASKED, args={"build-arg:URL": "https://me:secret@h/x", "context:c": "https://xxxxx:xxxxx@h/y"})

    assert said(facts(asked=asked))["buildDefinition"]["externalParameters"]["request"]["args"] == {
        "build-arg:URL": "https://h/x",
        "context:c": "https://xxxxx:xxxxx@h/y",
    }


def test_a_fetched_context_is_where_the_configuration_came_from() -> None:
    material = Material("https://h/r.git#v1", "sha1", "a" * 40)
    asked = replace(ASKED, context="https://h/r.git#v1:sub", material=material, local=False)

    predicate = said(facts("FROM scratch\nADD https://h/foo /\n", asked))

    assert predicate["buildDefinition"]["externalParameters"]["configSource"] == {
        "uri": "https://h/r.git#v1:sub",
        "digest": {"sha1": "a" * 40},
        "path": "Dockerfile",
    }
    metadata = predicate["runDetails"]["metadata"]
    assert metadata["buildkit_completeness"]["resolvedDependencies"] is True
    assert metadata["buildkit_hermetic"] is True


@pytest.mark.parametrize(("network", "hermetic"), [("none", True), ("default", False)])
def test_it_is_hermetic_where_all_is_known_and_nothing_saw_a_network(network: str, hermetic: bool) -> None:
    asked = replace(ASKED, local=False)

    predicate = said(facts(f"FROM busybox\nRUN --network={network} x\n", asked))

    assert predicate["runDetails"]["metadata"]["buildkit_hermetic"] is hermetic


def test_what_a_repository_says_of_itself_is_there_in_both_modes() -> None:
    of = facts(asked=replace(ASKED, vcs={"source": "https://h/r.git", "revision": "abc"}))

    for wanted in (MAX, MIN):
        extra = said(of, wanted)["runDetails"]["metadata"]["buildkit_metadata"]
        assert extra["vcs"] == {"revision": "abc", "source": "https://h/r.git"}


def test_the_older_version_says_the_same_in_its_own_words() -> None:
    asked = replace(ASKED, context="https://h/r.git", material=Material("https://h/r.git", "sha1", "a" * 40))
    found = provenance(facts(asked=asked), Provenance(version="v0.2", reproducible=True, builder_id="b"))
    new = said(facts(asked=asked), Provenance(reproducible=True, builder_id="b"))
    predicate = json.loads(json.dumps(found.predicate))

    assert found.type == "https://slsa.dev/provenance/v0.2"
    assert predicate["builder"] == {"id": "b"}
    assert predicate["buildType"] == "https://mobyproject.org/buildkit@v1"
    assert predicate["materials"] == new["buildDefinition"]["resolvedDependencies"]
    assert predicate["invocation"] == {
        "configSource": {"uri": "https://h/r.git", "digest": {"sha1": "a" * 40}, "entryPoint": "Dockerfile"},
        "parameters": new["buildDefinition"]["externalParameters"]["request"],
        "environment": {"platform": str(Platform.local())},
    }
    assert predicate["buildConfig"] == new["buildDefinition"]["internalParameters"]["buildConfig"]
    metadata = predicate["metadata"]
    assert (metadata["buildInvocationID"], metadata["reproducible"]) == ("id", True)
    assert metadata["completeness"] == {"parameters": True, "environment": True, "materials": False}
    assert (
        metadata["https://mobyproject.org/buildkit@v1#metadata"] == new["runDetails"]["metadata"]["buildkit_metadata"]
    )
    assert (
        json.loads(json.dumps(record(facts(asked=asked), Provenance(reproducible=True, builder_id="b")))) == predicate
    )


def test_where_all_materials_must_be_known_a_directory_is_an_error() -> None:
    with pytest.raises(StagemillError) as caught:
        provenance(facts(), Provenance(complete=True))

    assert caught.value.message == "provenance materials are incomplete: nothing tells what context, dockerfile held"
    assert provenance(facts("FROM busybox\n", replace(ASKED, local=False)), Provenance(complete=True)).file


def test_it_becomes_a_file_of_the_name_that_is_wanted() -> None:
    found = provenance(facts(), Provenance(file="p.json", inline_only=True))

    assert (found.file, found.type, found.inline_only) == ("p.json", "https://slsa.dev/provenance/v1", True)


LAYER = Descriptor(media_types.LAYER_GZIP, Digest.of(b"layer"), 5)
