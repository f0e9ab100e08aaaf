"""Packages in node_modules."""

from __future__ import annotations

import pytest

from stagemill.attest.packages.npm import is_one, package


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("app/node_modules/left-pad/package.json", True),
        ("node_modules/@babel/core/package.json", True),
        ("app/node_modules/a/node_modules/b/package.json", True),
        ("app/package.json", False),
        ("app/node_modules/a/lib/package.json", False),
        ("app/node_modules/package.json", False),
    ],
)
def test_a_package_says_what_it_is_at_its_top(path: str, expected: bool) -> None:
    assert is_one(path) is expected


def test_it_is_told_by_name_version_and_licence() -> None:
    found = package(b'{"name": "@babel/core", "version": "7.0.0", "license": "MIT"}', "p")

    assert found
    assert (found.url, found.license, found.source) == ("pkg:npm/%40babel/core@7.0.0", "MIT", "p")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"licenses": [{"type": "BSD"}, {"type": "MIT"}]', "BSD"),
        ('"license": {"type": "ISC"}', "ISC"),
        ('"license": 3', ""),
        ('"licenses": []', ""),
    ],
)
def test_older_forms_of_a_licence_are_read(text: str, expected: str) -> None:
    found = package(f'{{"name": "a", "version": "1", {text}}}'.encode(), "p")

    assert found
    assert found.license == expected


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'{"name": "a"}', b'{"name": "", "version": "1"}', b'{"name": 1, "version": "1"}']
)
def test_what_names_no_package_is_none(data: bytes) -> None:
    assert package(data, "p") is None
