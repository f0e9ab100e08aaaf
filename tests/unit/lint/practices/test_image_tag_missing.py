"""`ImageTagMissing`: a base image without a tag or digest, which is whatever `latest` is that day."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "ImageTagMissing"


@pytest.mark.parametrize(
    "line",
    ["FROM debian", "FROM localhost:5000/app", "FROM x:1\nCOPY --from=busybox /a /b", "ARG B=alpine\nFROM $B"],
)
def test_an_image_without_a_tag_is_found(line: str) -> None:
    assert len(findings(RULE, line + "\n")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12", "FROM debian@sha256:" + "a" * 64, "FROM scratch", "FROM x:1 AS a\nFROM a", "ARG B\nFROM $B",
        "ARG V=1\nFROM debian:$V", "FROM x:1 AS a\nFROM x:1\nCOPY --from=a / /\nCOPY --from=0 / /", "FROM $TARGETARCH",
    ],
)  # fmt: skip
def test_a_tag_a_digest_a_stage_and_what_is_not_known_are_fine(text: str) -> None:
    assert lines_found(RULE, text + "\n") == []


def test_the_message_names_the_image_and_the_hint_what_to_write() -> None:
    (found,) = findings(RULE, "FROM debian AS x\n")

    assert found.message == "`debian` has no tag, so it is whatever `latest` is on the day of the build"
    assert found.hint
    assert found.hint.startswith("name a version: debian:TAG")


def test_a_comment_for_hadolint_counts() -> None:
    assert lines_found(RULE, "# hadolint ignore=DL3006\nFROM debian\n") == []
    assert lines_found(RULE, "# hadolint ignore=DL3007\nFROM debian\n") == [2]
