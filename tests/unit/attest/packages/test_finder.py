"""The packages of a whole tree."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest

from fakes.programs import elf, info
from fakes.tree import MemoryTree, file, link
from stagemill.attest.packages.finder import find
from stagemill.attest.packages.package import Distribution, distribution, reader

CRATES = zlib.compress(b'{"packages": [{"name": "serde", "version": "1"}]}')
STATUS = "Package: a\nStatus: install ok installed\nVersion: 1\n"


def _jar() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1\n")
    return out.getvalue()


JAR = _jar()


def test_every_kind_is_found_sorted_and_each_once() -> None:
    tree = MemoryTree(
        {
            "etc/os-release": 'ID=ubuntu\nVERSION_ID="24.04"\n',
            "var/lib/dpkg/status": STATUS,
            "lib/apk/db/installed": "P:m\nV:1\n",
            "app/node_modules/left/package.json": '{"name": "left", "version": "1"}',
            "old/node_modules/left/package.json": '{"name": "left", "version": "1"}',
            "x/click.dist-info/METADATA": "Name: click\nVersion: 8\n\n",
            "x/specifications/rake-13.gemspec": "# stub: rake 13 ruby lib\n",
            "x/app.jar": file(JAR),
            "bin/rusty": file(elf(CRATES, name=b".dep-v0") + b"\0" * (1 << 18), mode=0o755),
            "bin/tool": file(elf(info(modules="")) + b"\0" * (1 << 18), mode=0o755),
            "bin/data": file(elf(info(modules="")) + b"\0" * (1 << 18)),
        }
    )

    assert [(package.url, package.source) for package in find(tree)] == [
        ("pkg:apk/ubuntu/m@1?distro=ubuntu-24.04", "lib/apk/db/installed"),
        ("pkg:cargo/serde@1", "bin/rusty"),
        ("pkg:deb/ubuntu/a@1?distro=ubuntu-24.04", "var/lib/dpkg/status"),
        ("pkg:gem/rake@13", "x/specifications/rake-13.gemspec"),
        ("pkg:golang/stdlib@1.22.1", "bin/tool"),
        ("pkg:maven/g/a@1", "x/app.jar"),
        ("pkg:npm/left@1", "app/node_modules/left/package.json"),
        ("pkg:pypi/click@8", "x/click.dist-info/METADATA"),
    ]


def test_an_empty_tree_has_none() -> None:
    assert find(MemoryTree({})) == ()


def test_symlinks_are_followed_to_databases_and_not_out_of_the_tree() -> None:
    tree = MemoryTree(
        {"lib": link("usr/lib"), "usr/lib/apk/db/installed": "P:m\nV:1\n", "etc/os-release": link("/../../etc/passwd")}
    )

    assert [package.url for package in find(tree)] == ["pkg:apk/alpine/m@1"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"etc/os-release": "ID=debian\n# x\nVERSION_ID='12'\n"}, Distribution("debian", "12")),
        ({"usr/lib/os-release": "ID=arch\n"}, Distribution("arch")),
        ({}, Distribution()),
    ],
)
def test_a_tree_says_which_distribution_it_is(files: dict[str, str], expected: Distribution) -> None:
    assert distribution(reader(MemoryTree(files))) == expected
    assert str(Distribution("debian", "12")) == "debian-12"
    assert str(Distribution("arch")) == "arch"
