"""Who a USER instruction names."""

from __future__ import annotations

import pytest

from stagemill.errors import SandboxError
from stagemill.sandbox import users
from stagemill.sandbox.process import Credentials

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
# no account
node:x:1000:1000::/home/node:/bin/sh
homeless:x:1001:5::
broken line
torn:x:abc:def::/:
"""
GROUP = """\
root:x:0:
node:x:1000:
wheel:x:10:root,node
audio:x:29:node
empty:x:30
node2:x:1000:node
"""


def find(user: str, *, passwd: str = PASSWD, group: str = GROUP) -> Credentials:
    return users.find(user, passwd=passwd, group=group)


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Credentials(0, 0, (0, 10), "/root")),
        ("root", Credentials(0, 0, (0, 10), "/root")),
        ("0", Credentials(0, 0, (0, 10), "/root")),
        ("node", Credentials(1000, 1000, (1000, 10, 29), "/home/node")),
        ("1000", Credentials(1000, 1000, (1000, 10, 29), "/home/node")),
        ("01000", Credentials(1000, 1000, (1000, 10, 29), "/home/node")),
        ("node:wheel", Credentials(1000, 10, (10,), "/home/node")),
        ("node:77", Credentials(1000, 77, (77,), "/home/node")),
        ("1000:1000", Credentials(1000, 1000, (1000,), "/home/node")),
        ("4321", Credentials(4321, 0, (0,), "/")),
        ("4321:audio", Credentials(4321, 29, (29,), "/")),
        ("homeless", Credentials(1001, 5, (5,), "/")),
        ("node:", Credentials(1000, 1000, (1000, 10, 29), "/home/node")),
        (":audio", Credentials(0, 29, (29,), "/root")),
        ("2147483647", Credentials(2147483647, 0, (0,), "/")),
    ],
)
def test_a_user_is_found(user: str, expected: Credentials) -> None:
    assert find(user) == expected


def test_numbers_need_no_files() -> None:
    assert find("", passwd="", group="") == Credentials(0, 0, (0,), "/")
    assert find("5:6", passwd="", group="") == Credentials(5, 6, (6,), "/")


def test_an_unknown_name_is_an_error_with_a_near_name() -> None:
    with pytest.raises(SandboxError) as caught:
        find("nod")

    assert caught.value.message == "there is no user nod in the image's /etc/passwd"
    assert caught.value.hint == "did you mean node?"


def test_an_unknown_name_far_from_all_others_gets_a_way_to_add_it() -> None:
    with pytest.raises(SandboxError) as caught:
        find("postgres")

    assert caught.value.hint == "add it first, for example with `RUN useradd postgres`, or use a number"


def test_an_unknown_group_is_an_error() -> None:
    with pytest.raises(SandboxError) as caught:
        find("node:weel")

    assert caught.value.message == "there is no group weel in the image's /etc/group"
    assert caught.value.hint == "did you mean wheel?"


@pytest.mark.parametrize(("name", "expected"), [("audio", 29), ("29", 29), ("77", 77)])
def test_a_group_is_found_by_name_or_number(name: str, expected: int) -> None:
    assert users.find_group(name, group=GROUP) == expected


def test_a_group_that_there_is_not_is_an_error() -> None:
    with pytest.raises(SandboxError, match="there is no group weel in the image's /etc/group"):
        users.find_group("weel", group=GROUP)


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("-1", "user number -1 is out of range: wanted 0 to 2147483647"),
        ("2147483648", "user number 2147483648 is out of range: wanted 0 to 2147483647"),
        ("0:9999999999", "group number 9999999999 is out of range: wanted 0 to 2147483647"),
    ],
)
def test_a_number_out_of_range_is_an_error(user: str, message: str) -> None:
    with pytest.raises(SandboxError) as caught:
        find(user)

    assert caught.value.message == message
    assert caught.value.hint == "use a smaller number" if "-" not in user else "use a number from 0 up"
