"""`AddInsteadOfCopy`: ADD for plain files, which COPY brings without surprises."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found, mended

RULE = "AddInsteadOfCopy"


@pytest.mark.parametrize("sources", ["a /b", ". /app", "a b/ c/ /d/", "--chown=1 a b", '["a b", "/c"]', "*.py /x/"])
def test_plain_files_are_found(sources: str) -> None:
    assert lines_found(RULE, f"FROM x\nADD {sources}\n") == [2]


@pytest.mark.parametrize(
    "sources",
    [
        "a.tar.gz /", "a.tgz b /", "https://x/y /", "HTTP://x/y /", "git@github.com:a/b.git /x", "https://x/y.git /",
        "$SOURCE /x", "--unpack=false a.tar /", "--checksum=sha256:1 https://x /", "* /x/", "rootfs.tar.xz /", "a.TAR /",
    ],
)  # fmt: skip
def test_archives_addresses_and_what_may_be_one_are_fine(sources: str) -> None:
    assert lines_found(RULE, f"FROM x\nADD {sources}\n") == []


def test_the_fix_keeps_the_case_and_the_rest() -> None:
    assert mended(RULE, "FROM x\nadd --chown=1 a \\\n  b\nADD c d\n") == "FROM x\ncopy --chown=1 a \\\n  b\nCOPY c d\n"
