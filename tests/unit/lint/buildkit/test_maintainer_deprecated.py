"""`MaintainerDeprecated`: MAINTAINER."""

from __future__ import annotations

from fakes.linting import findings, lines_found

RULE = "MaintainerDeprecated"


def test_it_is_found_with_the_label_to_write() -> None:
    (found,) = findings(RULE, 'FROM scratch\nMAINTAINER "me" <me@example.org>\n')

    assert found.message == "Maintainer instruction is deprecated in favor of using label"
    assert found.hint == "write LABEL org.opencontainers.image.authors=\"'me' <me@example.org>\""


def test_a_label_is_fine() -> None:
    assert lines_found(RULE, "FROM scratch\nLABEL org.opencontainers.image.authors=me\n") == []


def test_a_comment_above_leaves_it_alone() -> None:
    assert lines_found(RULE, "FROM scratch\n# check=skip=MaintainerDeprecated\nMAINTAINER me\n") == []
