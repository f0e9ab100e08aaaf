"""`AddInsteadOfCopy`: ADD for plain files, which COPY brings without surprises."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, mended, unsafely_mended
from fakes.tree import MemoryTree

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
    text = "FROM x\nadd --chown=1 a \\\n  b\nADD c d\n"

    assert unsafely_mended(RULE, text) == "FROM x\ncopy --chown=1 a \\\n  b\nCOPY c d\n"


def test_it_is_safe_where_the_files_are_seen_to_be_no_archives() -> None:
    context = MemoryTree({"a": "text", "b": "BZh9", "t": "\0" * 257 + "ustar", "d/c": "text"})
    text = "FROM x\nADD a d /x/\nADD b /x\nADD a* /x/\nADD t /x\nADD none /x\nADD . /x/\n"

    found = findings(RULE, text, context=context)

    assert [f.fix and f.fix.safe for f in found] == [True, False, True, False, False, True]
    assert mended(RULE, "FROM x\nADD a /x\n", context=context) == "FROM x\nCOPY a /x\n"
    assert [f.fix and f.fix.safe for f in findings(RULE, "FROM x\nADD a /x\n")] == [False]
