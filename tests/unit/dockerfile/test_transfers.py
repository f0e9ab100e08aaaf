from __future__ import annotations

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add, Copy, InstructionNode, Word
from stagemill.errors import DockerfileError


def second(text: str) -> InstructionNode:
    return parse("FROM x\n" + text).instructions[1]


def test_words_split_at_blanks_and_quotes_mean_nothing() -> None:
    copy = second('COPY a "b c" d')

    assert isinstance(copy, Copy)
    assert [w.text for w in copy.sources] == ["a", '"b', 'c"']
    assert copy.destination == Word("d", Span(2, 14, 2, 15))
    assert not copy.json


def test_json_form_has_blanks_in_paths() -> None:
    copy = second('COPY ["a b", "c"]')

    assert isinstance(copy, Copy)
    assert copy.sources == (Word("a b", Span(2, 7, 2, 12)),)
    assert (copy.destination.text, copy.json) == ("c", True)


def test_all_flags_of_copy_are_in_the_tree() -> None:
    copy = second("COPY --from=b --chown=1:2 --chmod=u+x --link --parents=false --exclude=*.md a c")

    assert isinstance(copy, Copy)
    assert copy.from_ == Word("b", Span(2, 13, 2, 14))
    assert copy.chown == Word("1:2", Span(2, 23, 2, 26))
    assert copy.chmod is not None
    assert copy.chmod.text == "u+x"
    assert (copy.link, copy.parents) == (True, False)
    assert [w.text for w in copy.excludes] == ["*.md"]


def test_all_flags_of_add_are_in_the_tree() -> None:
    add = second(
        "ADD --checksum=sha256:1 --keep-git-dir=true --unpack=false --link --chown=a --chmod=755 --exclude=x a b"
    )

    assert isinstance(add, Add)
    assert add.checksum is not None
    assert add.checksum.text == "sha256:1"
    assert (add.keep_git_dir, add.unpack, add.link) == (True, False, True)


@pytest.mark.parametrize(
    "text", ["ADD --from=x a b", "ADD --parents a b", "COPY --checksum=x a b", "COPY --unpack a b"]
)
def test_each_has_its_own_flags(text: str) -> None:
    with pytest.raises(DockerfileError, match="unknown flag"):
        second(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("COPY", "no arguments"),
        ("ADD a", "one argument"),
        ('COPY ["a"]', "one argument"),
        ("COPY --from=x", "no arguments"),
    ],
)
def test_a_destination_is_needed(text: str, problem: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        second(text)

    keyword = text.split(maxsplit=1)[0]
    assert caught.value.message == f"{keyword} needs sources and a destination, and has {problem}"
    assert caught.value.hint == f"write {keyword} SOURCE … DESTINATION; `.` is the working directory"
