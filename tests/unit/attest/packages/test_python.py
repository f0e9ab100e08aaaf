"""Python's distributions."""

from __future__ import annotations

import pytest

from stagemill.attest.packages.python import is_one, package


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("usr/lib/python3/site-packages/click-8.1.dist-info/METADATA", True),
        ("x/foo.egg-info/PKG-INFO", True),
        ("x/foo-1.egg-info", True),
        ("x/METADATA", False),
        ("x/foo.dist-info/RECORD", False),
    ],
)
def test_a_distribution_says_what_it_is_in_its_metadata(path: str, expected: bool) -> None:
    assert is_one(path) is expected


def test_it_is_told_by_its_normal_name_and_its_version() -> None:
    data = b"Metadata-Version: 2.1\nName: Foo.Bar_baz\nVersion: 1.0\nLicense-Expression: MIT\nLicense: text\n\nName: other\n"

    found = package(data, "p")

    assert found
    assert (found.name, found.version, found.license) == ("Foo.Bar_baz", "1.0", "MIT")
    assert found.url == "pkg:pypi/foo-bar-baz@1.0"


def test_what_names_no_distribution_is_none() -> None:
    assert package(b"Name: a\n", "p") is None
    assert package(b"\nName: a\nVersion: 1\n", "p") is None
