"""`UntrustedRegistry`: an image from a registry that the house does not trust."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found
from stagemill.lint.file import Known
from stagemill.lint.policy import Policy

RULE = "UntrustedRegistry"


TRUST = Known(policy=Policy(registries=("docker.io", "*.example.com")))


@pytest.mark.parametrize(
    "line",
    [
        "FROM quay.io/a:1",
        "FROM localhost:5000/a:1",
        "FROM alpine:3\nCOPY --from=ghcr.io/a /a /",
        "FROM alpine:3\nRUN --mount=from=ghcr.io/a,target=/a x",
    ],
)
def test_an_image_from_elsewhere_is_found(line: str) -> None:
    assert len(findings(RULE, line + "\n", known=TRUST)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "FROM alpine:3",
        "FROM team/app:1",
        "FROM a.example.com/x:1",
        "FROM scratch",
        "FROM $X",
        "FROM alpine:3 AS a\nFROM a\nRUN --mount=from=a,target=/a --mount=type=cache,target=/b x",
    ],
)
def test_trusted_ones_are_fine(line: str) -> None:
    assert lines_found(RULE, line + "\n", known=TRUST) == []


def test_without_a_list_all_are_trusted() -> None:
    assert lines_found(RULE, "FROM quay.io/a:1\n") == []


def test_it_says_which_registry_it_is() -> None:
    (found,) = findings(RULE, "FROM quay.io/a:1\n", known=TRUST)

    assert found.message == "`quay.io/a:1` comes from quay.io, which is not among the trusted registries"
    assert found.level == "error"
