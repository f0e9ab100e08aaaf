"""`ImageTagLatest`: a base image by the tag `latest`, which moves."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "ImageTagLatest"


def test_latest_is_found_also_by_a_variable_and_in_a_copy() -> None:
    text = "ARG TAG=latest\nFROM debian:$TAG\nCOPY --from=alpine:latest /a /b\nFROM x:latest AS last\n"

    assert lines_found(RULE, text) == [2, 3, 4]
    assert findings(RULE, text)[0].message == "`debian:latest` is another image every few weeks"


@pytest.mark.parametrize(
    "line", ["FROM debian:12", "FROM debian", "FROM debian:latest@sha256:" + "a" * 64, "FROM debian:latest-slim"]
)
def test_other_tags_and_digests_are_fine(line: str) -> None:
    assert lines_found(RULE, line + "\n") == []
