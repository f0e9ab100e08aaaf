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
