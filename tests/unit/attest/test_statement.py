"""Statements: what is said, of what."""

from __future__ import annotations

import json

from stagemill.attest.statement import SPDX, Attestation, Subject, subjects_of
from stagemill.digest import Digest
from stagemill.oci.platform import Platform

DIGEST = Digest.of(b"image")
AMD = Platform("linux", "amd64")


def test_a_statement_says_a_predicate_of_its_subjects() -> None:
    said = Attestation("sbom.spdx.json", SPDX, {"name": "ä"})

    assert json.loads(said.statement([Subject("a", DIGEST)])) == {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://spdx.dev/Document",
        "subject": [{"name": "a", "digest": {"sha256": DIGEST.hex}}],
        "predicate": {"name": "ä"},
    }
    assert said.statement([]) == (
        b'{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://spdx.dev/Document","subject":[],'
        b'"predicate":{"name":"\xc3\xa4"}}'
    )
    assert said.statement([], indent=2).startswith(b'{\n  "_type": ')


def test_names_that_are_no_utf_8_do_no_harm() -> None:
    assert b'"\xef\xbf\xbd"' in Attestation("x", SPDX, {"name": "\udcff"}).statement([])


def test_an_image_is_a_subject_by_each_of_its_names() -> None:
    assert subjects_of(["docker.io/library/a:1", "h.io/b:2", "docker.io/library/a:1"], DIGEST, AMD) == (
        Subject("pkg:docker/a@1?platform=linux%2Famd64", DIGEST),
        Subject("pkg:docker/h.io/b@2?platform=linux%2Famd64", DIGEST),
    )
    assert subjects_of([], DIGEST, AMD) == (Subject("_", DIGEST),)
