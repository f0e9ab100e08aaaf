"""What others' own tools have against statements and lists. Not a fake: each is the public validator of its form.

SLSA publishes no schema in JSON: those in `schemas/` were written for these tests after the text of its specification.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from jsonschema import Draft202012Validator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

_PARSER: Any = JsonLikeDictParser
_CYCLONEDX = JsonStrictValidator(SchemaVersion.V1_6)
_SCHEMAS = Path(__file__).parent / "schemas"
_SLSA = {
    "https://slsa.dev/provenance/v1": "slsa-provenance-v1.json",
    "https://slsa.dev/provenance/v0.2": "slsa-provenance-v0.2.json",
}


def spdx_flaws(document: Any) -> list[str]:
    """By SPDX's own tools."""
    return [flaw.validation_message for flaw in validate_full_spdx_document(_PARSER().parse(document), "SPDX-2.3")]


def cyclonedx_flaws(document: Any) -> list[str]:
    """By CycloneDX's own schema, formats of addresses and the like among it."""
    flaw = _CYCLONEDX.validate_str(json.dumps(document))
    return [] if flaw is None else [str(flaw)]


def provenance_flaws(statement: Any) -> list[str]:
    """By in-toto's own reader of statements, and the schema of what is said."""
    try:
        Statement.copy_from_pb(json_format.ParseDict(statement, statement_pb2.Statement())).validate()
    except (ValueError, json_format.ParseError) as error:
        return [str(error)]
    schema = json.loads((_SCHEMAS / _SLSA[statement["predicateType"]]).read_bytes())
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(statement["predicate"])
    ]
