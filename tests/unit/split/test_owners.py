"""Which package owns what."""

from __future__ import annotations

from fakes.tree import MemoryTree, link
from stagemill.split.owners import Owners

DPKG = MemoryTree({
    "var/lib/dpkg/info/libpq5:amd64.list": "/.\n/usr\n/usr/lib\n/usr/lib/libpq.so.5\n/lib/x\n",
    "var/lib/dpkg/info/curl.list": "/usr\n/usr/bin\n/usr/bin/curl\n",
    "var/lib/dpkg/info/curl.md5sums": "/usr/bin/wrong\n",
    "usr/lib/libpq.so.5": "",
})  # fmt: skip


def test_a_file_belongs_to_the_package_whose_list_has_it() -> None:
    owners = Owners(DPKG)

    assert owners.of("usr/lib/libpq.so.5") == "libpq5"
    assert owners.of("usr/lib/x") == "libpq5"
    assert owners.of("usr/bin") == ""
    assert owners.of("usr/bin/wrong") == ""
    assert owners.packages == {"libpq5", "curl"}
    assert owners.files("curl") == ("usr/bin/curl",)


def test_a_directory_is_theirs_where_a_package_has_something_in_it() -> None:
    assert Owners(DPKG).is_theirs("usr/bin")
    assert not Owners(DPKG).is_theirs("opt")


def test_apk_has_one_list() -> None:
    view = MemoryTree({"lib/apk/db/installed": "P:jq\nF:usr/bin\nR:jq\nF:\nR:top\n\nP:other\n"})

    assert (Owners(view).of("usr/bin/jq"), Owners(view).of("top")) == ("jq", "jq")


def test_a_list_that_is_a_link_is_not_read() -> None:
    assert (
        Owners(
            MemoryTree({"var/lib/dpkg/info/a.list": link("/etc/hosts"), "lib/apk/db/installed": link("/etc/hosts")})
        ).packages
        == set()
    )


STATUS = """Package: curl
Status: install ok installed
Version: 7.88-1
Conffiles:
 /etc/curlrc d41d8cd98f00b204e9800998ecf8427e

Package: libpq5
Version: 15
"""
STATES = """Package: libpq5
Architecture: amd64
Auto-Installed: 1
"""
SUMS = MemoryTree({
    "var/lib/dpkg/info/curl.list": "/usr/bin/curl\n/etc/curlrc\n",
    "var/lib/dpkg/info/curl.md5sums": "0cc175b9c0f1b6a831c399e269772661  usr/bin/curl\n",
    "var/lib/dpkg/status": STATUS,
    "var/lib/apt/extended_states": STATES,
    "usr/bin/curl": "a",
    "etc/curlrc": "proxy=x",
})  # fmt: skip


def test_a_file_that_was_changed_after_it_was_installed_is_told_by_its_sum() -> None:
    owners = Owners(SUMS)

    assert owners.is_changed("etc/curlrc")
    assert not owners.is_changed("usr/bin/curl")
    assert not owners.is_changed("usr/bin/other")


def test_versions_and_what_was_asked_for_are_known() -> None:
    owners = Owners(SUMS)

    assert owners.versions == {"curl": "7.88-1", "libpq5": "15"}
    assert (owners.tells_wanted, owners.wanted) == (True, frozenset({"curl"}))
    assert not Owners(MemoryTree({"var/lib/dpkg/status": STATUS})).tells_wanted


def test_apk_says_the_same_in_two_files() -> None:
    owners = Owners(MemoryTree({"lib/apk/db/installed": "P:jq\nV:1.7\n\nP:oniguruma\nV:6\n", "etc/apk/world": "jq\n"}))

    assert owners.versions == {"jq": "1.7", "oniguruma": "6"}
    assert (owners.tells_wanted, owners.wanted) == (True, frozenset({"jq"}))
