"""`Policy`, what a house wants of its Dockerfiles: registries that it trusts, labels that images must have, whose comments count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from stagemill.values import dataclass

Form: TypeAlias = Literal["text", "url", "email", "hash", "rfc3339", "semver", "spdx"]

FORMS: tuple[Form, ...] = ("text", "url", "email", "hash", "rfc3339", "semver", "spdx")


@dataclass(frozen=True, slots=True)
class Policy:
    """`registries` may be patterns (`*.example.com`); none means that all are trusted.

    `labels` are those that an image must have, with the form of their values; `only_labels` forbids all others. Without
    `pragmas` the comments in hadolint's spelling leave nothing out.
    """

    registries: tuple[str, ...] = ()
    labels: Mapping[str, Form] = field(default_factory=dict)
    only_labels: bool = False
    pragmas: bool = True
