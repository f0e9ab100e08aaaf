"""`CopyIgnoredFile`: sources that the ignore file leaves out."""

from __future__ import annotations

from fakes.linting import findings, ignoring, lines_found

RULE = "CopyIgnoredFile"

TEXT = "FROM scratch AS a\nCOPY Dockerfile .\nADD ./hidden/x /y\nFROM scratch\nCOPY --from=a hidden /\nCOPY . /\n"


def messages(*rules: str, text: str = TEXT) -> list[str]:
    return [f.message for f in findings(RULE, text, known=ignoring(*rules))]


def test_copy_and_add_are_found_below_a_folder_too() -> None:
    assert messages("Dockerfile", "hidden") == [
        'Attempting to Copy file "Dockerfile" that is excluded by .dockerignore',
        'Attempting to Add file "hidden/x" that is excluded by .dockerignore',
    ]


def test_what_is_kept_is_fine() -> None:
    assert messages("other", "*.md") == []


def test_rules_with_exceptions_are_not_judged() -> None:
    assert messages("**", "!Dockerfile") == []


def test_everything_is_found_only_where_all_is_left_out() -> None:
    assert messages(".*", text="FROM scratch\nCOPY . .\n") == []
    assert messages("**", text="FROM scratch\nCOPY . .\n") == [
        'Attempting to Copy file "." that is excluded by .dockerignore'
    ]


def test_addresses_and_unknown_words_prove_nothing() -> None:
    assert messages("**", text="FROM x\nADD https://example.org/a $B /\n") == []


def test_without_an_ignore_file_there_is_nothing_to_find() -> None:
    assert lines_found(RULE, TEXT) == []
