from __future__ import annotations

import pytest

from fakes.tree import MemoryTree, directory, link
from stagemill.errors import StagemillError
from stagemill.execute.ownership import Owner, find

PASSWD = "root:x:0:0:root:/root:/bin/sh\n# comment\nbroken\nnode:x:1000:1001::/home/node:/bin/sh\nodd:x:no:1:::\n"
GROUP = "root:x:0:\nstaff:x:50:node\nwww-data:x:33:\n"
TREE = MemoryTree({"etc/passwd": PASSWD, "etc/group": GROUP})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", Owner(0, 0)),
        ("1234", Owner(1234, 1234)),
        ("1234:5", Owner(1234, 5)),
        ("node", Owner(1000, 1001)),
        ("node:", Owner(1000, 1001)),
        ("node:staff", Owner(1000, 50)),
        ("1000:www-data", Owner(1000, 33)),
        ("1000", Owner(1000, 1000)),
        ("4294967294", Owner(4294967294, 4294967294)),
    ],
)
def test_names_are_looked_up_and_numbers_are_taken(text: str, expected: Owner) -> None:
    assert find(text, TREE, flag="--chown") == expected


def test_the_files_are_found_through_links_of_the_tree() -> None:
    tree = MemoryTree({"etc": link("/usr/etc"), "usr/etc/passwd": PASSWD})

    assert find("node", tree, flag="--chown") == Owner(1000, 1001)


def test_numbers_need_no_files() -> None:
    assert find("5:6", MemoryTree({}), flag="--chown") == Owner(5, 6)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("nod", '--chown names the user "nod", which /etc/passwd of the image does not have', 'did you mean "node"?'),
        (
            "zzz",
            '--chown names the user "zzz", which /etc/passwd of the image does not have',
            "add the user in a RUN before, or use a number",
        ),
        (
            "0:staf",
            '--chown names the group "staf", which /etc/group of the image does not have',
            'did you mean "staff"?',
        ),
        (
            "odd",
            '--chown names the user "odd", which /etc/passwd of the image does not have',
            "add the user in a RUN before, or use a number",
        ),
        (":5", "--chown names no user: ':5'", "write user or user:group, as names or as numbers"),
        ("4294967295", "--chown names the id 4294967295, the largest is 4294967294", "use a smaller number"),
    ],
)
def test_who_does_not_exist_is_an_error(text: str, message: str, hint: str) -> None:
    with pytest.raises(StagemillError) as caught:
        find(text, TREE, flag="--chown")

    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_an_image_without_the_files_is_an_error_for_names() -> None:
    with pytest.raises(StagemillError) as caught:
        find("node", MemoryTree({"etc/passwd": directory()}), flag="USER")

    assert caught.value.message == 'USER names the user "node", which /etc/passwd of the image does not have'
