"""The steps of a build, as a statement has them."""

from __future__ import annotations

import base64
import json
from typing import Any

from fakes.planning import planned
from stagemill.attest.steps import Steps, Text
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse
from stagemill.graph.vertex import walk
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor

TEXT = "FROM busybox\nRUN a \\\n  b\nRUN --mount=from=busybox,target=/m c\n"
VERTICES = list(walk([planned(TEXT).target.vertex]))
STEPS = Steps(VERTICES)
ENDS = {node.span.line: node.span.end_line for node in parse(TEXT).instructions}
LAYER = Descriptor(media_types.LAYER_GZIP, Digest.of(b"layer"), 5)


def test_each_says_what_it_does_and_reads() -> None:
    config: Any = json.loads(json.dumps(STEPS.config()))
    ops = [json.loads(json.dumps(vertex.op.canonical())) for vertex in VERTICES]

    assert config["llbDefinition"] == [
        {"id": "step0", "op": ops[0]},
        {"id": "step1", "op": ops[1], "inputs": ["step0:0"]},
        {"id": "step2", "op": ops[2], "inputs": ["step1:0", "step0:0"]},
    ]
    assert config["digestMapping"] == dict(
        sorted((vertex.digest, f"step{number}") for number, vertex in enumerate(VERTICES))
    )


def test_each_has_its_place_in_the_dockerfile() -> None:
    found = STEPS.source(Text("Dockerfile", "Dockerfile", TEXT, ENDS))

    assert found == {
        "infos": [
            {"filename": "Dockerfile", "language": "Dockerfile", "data": base64.b64encode(TEXT.encode()).decode()}
        ],
        "locations": {
            name: {"locations": [{"ranges": [{"start": {"line": start}, "end": {"line": end}}]}]}
            for name, start, end in (("step0", 1, 1), ("step1", 2, 3), ("step2", 4, 4))
        },
    }


def test_places_of_another_file_are_left_out() -> None:
    assert STEPS.source(Text("Dockerfile", "other/Dockerfile", TEXT, ENDS))["locations"] == {}


def test_logins_in_urls_are_not_in_the_text() -> None:
    text = "FROM scratch\nADD https://me:secret@h/foo /\n"
    found: Any = STEPS.source(Text("Dockerfile", "Dockerfile", text, {}))

    assert base64.b64decode(found["infos"][0]["data"]) == b"FROM scratch\nADD https://h/foo /\n"


def test_nor_in_what_a_step_does() -> None:
    vertices = list(
        walk([planned("FROM busybox\nENV A=https://me:secret@h/b\nRUN curl https://me:secret@h/foo\n").target.vertex])
    )
    found = json.dumps(Steps(vertices).config())

    assert "secret" not in found
    assert "curl https://h/foo" in found


def test_layers_are_those_of_the_steps_that_gave_them() -> None:
    assert STEPS.layers({VERTICES[1].digest: [LAYER, LAYER], VERTICES[2].digest: []}) == {
        "step1:0": [[LAYER.to_json(), LAYER.to_json()]]
    }
