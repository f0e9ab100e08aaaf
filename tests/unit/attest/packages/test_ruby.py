"""Ruby's gems."""

from __future__ import annotations

import pytest

from stagemill.attest.packages.ruby import is_one, package

RAKE = """\
# -*- encoding: utf-8 -*-
# stub: rake 13.0.6 ruby lib

Gem::Specification.new do |s|
  s.name = "rake".freeze
  s.version = "13.0.6"
  s.licenses = ["MIT".freeze, "Ruby".freeze]
end
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("usr/lib/ruby/gems/3.3.0/specifications/rake-13.0.6.gemspec", True),
        ("usr/lib/ruby/gems/3.3.0/specifications/default/json-2.7.gemspec", True),
        ("app/vendor/bundle/ruby/3.3.0/gems/rake-13.0.6/rake.gemspec", False),
        ("specifications/rake.rb", False),
    ],
)
def test_a_gem_says_what_it_is_where_it_is_installed(path: str, expected: bool) -> None:
    assert is_one(path) is expected


def test_it_is_told_by_name_version_and_licence() -> None:
    found = package(RAKE.encode(), "p")

    assert found
    assert (found.url, found.license, found.source) == ("pkg:gem/rake@13.0.6", "MIT OR Ruby", "p")


def test_one_of_a_platform_says_so() -> None:
    found = package(b"# stub: nokogiri 1.16.0 x86_64-linux lib\n", "p")

    assert found
    assert found.url == "pkg:gem/nokogiri@1.16.0?platform=x86_64-linux"


def test_without_its_stub_the_fields_tell() -> None:
    found = package(b"Gem::Specification.new do |s|\n  s.name = 'a'\n  s.version = Gem::Version.new('1.2')\nend\n", "p")

    assert found
    assert (found.name, found.version) == ("a", "1.2")
    assert package(b"s.name = 'a'\n", "p") is None
