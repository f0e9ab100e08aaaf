"""What `stagemill lock` prints."""

from __future__ import annotations

import json

from stagemill.cli.locking.report import Report
from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.lock.change import Change
from stagemill.lock.entries import (
    Lock,
    LockedFile,
    LockedImage,
    LockedPackages,
    LockedRepository,
    LockedSnapshot,
    Variant,
)
from stagemill.lock.unseen import Unseen

ONE, TWO = Digest.from_hex("1" * 64), Digest.from_hex("2" * 64)
NAME = "docker.io/library/alpine:3.20"
OLD = LockedImage(NAME, ONE, (Variant("linux/amd64", ONE, 3_600_000, "2024-05-22T18:18:12Z"),))
NEW = LockedImage(
    NAME,
    TWO,
    (Variant("linux/amd64", TWO, 3_640_000, "2024-07-22T14:26:43Z"), Variant("linux/arm64", TWO, 4_090_000)),
)
FILE = LockedFile("https://host.example/f", ONE, 12)
GIT = LockedRepository("https://host.example/x.git", "v1", "a" * 40)
AT = Excerpt("Dockerfile", 3, 1, 3, "RUN apk add x")


def test_a_table_shows_old_and_new() -> None:
    changes = (
        Change("changed", "image", NAME, OLD, NEW),
        Change("added", "file", FILE.url, None, FILE),
        Change("removed", "git", GIT.key, GIT, None),
        Change("changed", "packages", "go.sum", LockedPackages("go.sum", ONE), LockedPackages("go.sum", TWO)),
        Change("added", "snapshot", "apt x", None, LockedSnapshot("apt", "x")),
    )

    assert Report("stagemill.lock", Lock((NEW, FILE)), changes).text() == (
        "CHANGE    NAME                            DIGEST                        CREATED                                SIZE\n"
        "changed   alpine:3.20 linux/amd64         111111111111 → 222222222222   2024-05-22 → 2024-07-22   3.60 MB → 3.64 MB\n"
        "changed   alpine:3.20 linux/arm64         111111111111 → 222222222222                                       4.09 MB\n"
        "added     https://host.example/f          111111111111                                                         12 B\n"
        "removed   https://host.example/x.git#v1   aaaaaaaaaaaa\n"
        "changed   go.sum                          111111111111 → 222222222222\n"
        "added     apt x\n"
        "\n"
        "stagemill.lock has 1 image, 1 file"
    )


def test_what_did_not_change_is_counted_alone() -> None:
    assert Report("l", Lock((OLD, LockedSnapshot("apt", "x"))), ()).text() == "l has 1 image, 1 snapshot, as before"
    assert Report("l", Lock(), ()).text() == "l has nothing, as before"


def test_notes_stand_below() -> None:
    unseen = (Unseen("apk add", "write NAME=VERSION", AT),)
    report = Report("l", Lock(), (), unseen, ("mine:latest",), AT)

    assert report.text().splitlines()[1:] == [
        "note: mine:latest is in this machine's store, and no registry is known to have it",
        "note: Dockerfile:3 copies l as well, and is made again when it changes: .dockerignore can name it",
        "not locked: Dockerfile:3: apk add; write NAME=VERSION",
    ]


def test_a_check_says_whether_the_lock_fits() -> None:
    missing = Change("missing", "image", NAME)

    assert Report("l", Lock(), (missing,), checked=True).text() == (
        "CHANGE    NAME          DIGEST   CREATED   SIZE\nmissing   alpine:3.20"
    )
    assert Report("l", Lock(), (), (Unseen("x", "y", AT),), checked=True).text() == "l is what is needed"


def test_json_has_every_fact() -> None:
    changes = (Change("changed", "image", NAME, OLD, NEW), Change("missing", "git", GIT.key))
    report = Report("l", Lock(), changes, (Unseen("apk add", "r", AT),), ("m",), AT, checked=True)

    assert json.loads(report.json()) == {
        "file": "l",
        "checked": True,
        "changes": [
            {
                "change": "changed",
                "kind": "image",
                "name": NAME,
                "old": {
                    "digest": ONE,
                    "platforms": [
                        {"platform": "linux/amd64", "digest": ONE, "size": 3_600_000, "created": "2024-05-22T18:18:12Z"}
                    ],
                },
                "new": {
                    "digest": TWO,
                    "platforms": [
                        {
                            "platform": "linux/amd64",
                            "digest": TWO,
                            "size": 3_640_000,
                            "created": "2024-07-22T14:26:43Z",
                        },
                        {"platform": "linux/arm64", "digest": TWO, "size": 4_090_000, "created": ""},
                    ],
                },
            },
            {"change": "missing", "kind": "git", "name": GIT.key},
        ],
        "local": ["m"],
        "copied": "Dockerfile:3",
        "unseen": [{"at": "Dockerfile:3", "what": "apk add", "remedy": "r"}],
    }
