"""A lock as text: what is written, that it is read again as it was, and what is no lock."""

from __future__ import annotations

import pytest

from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.lock.document import parse, serialize
from stagemill.lock.entries import (
    Lock,
    LockedFile,
    LockedImage,
    LockedPackages,
    LockedRepository,
    LockedSnapshot,
    Variant,
)

SUM = Digest.from_hex("ab" * 32)
COMMIT = "c" * 40
LOCK = Lock(
    (
        LockedImage(
            "docker.io/library/alpine:3.20",
            SUM,
            (Variant("linux/arm64", SUM, 7, "2024-05-22T18:18:12Z"), Variant("linux/amd64", SUM, 5)),
        ),
        LockedFile("https://host.example/f", SUM, 4),
        LockedRepository("https://host.example/x.git", "v1", COMMIT, "refs/tags/v1", "cccc"),
        LockedRepository("https://host.example/y.git", "", COMMIT),
        LockedPackages("go.sum", SUM),
        LockedPackages("go.sum", SUM, "lib"),
        LockedSnapshot("apt", "20240501T000000Z"),
    )
)
TEXT = f"""\
version = 1

[[image]]
name = "docker.io/library/alpine:3.20"
digest = "{SUM}"
platforms = [
    {{ platform = "linux/amd64", digest = "{SUM}", size = 5 }},
    {{ platform = "linux/arm64", digest = "{SUM}", size = 7, created = "2024-05-22T18:18:12Z" }},
]

[[file]]
url = "https://host.example/f"
digest = "{SUM}"
size = 4

[[git]]
url = "https://host.example/x.git"
ref = "v1"
commit = "{COMMIT}"
found = "refs/tags/v1"
checksum = "cccc"

[[git]]
url = "https://host.example/y.git"
commit = "{COMMIT}"

[[packages]]
path = "go.sum"
digest = "{SUM}"

[[packages]]
path = "go.sum"
digest = "{SUM}"
context = "lib"

[[snapshot]]
manager = "apt"
time = "20240501T000000Z"
"""


def refused(text: str) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        parse(text, "stagemill.lock")
    return caught.value.message, caught.value.hint or ""


def test_each_fact_has_a_line_below_a_comment_that_says_what_the_file_is() -> None:
    head, _, rest = serialize(LOCK).partition("version")

    assert f"version{rest}" == TEXT
    assert all(line.startswith("# ") for line in head.splitlines())
    assert "stagemill lock" in head


def test_what_is_written_is_read() -> None:
    found = parse(serialize(LOCK), "x")

    assert serialize(found) == serialize(LOCK)
    assert [entry.key for entry in found] == [entry.key for entry in LOCK]
    assert parse(serialize(Lock()), "x") == Lock()


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\tb", "ü", "\U0001f600", "a\x00b", "a\u2028b", "${x}"])
def test_any_name_survives(name: str) -> None:
    lock = Lock((LockedFile(f"http://h/{name}", SUM, 1),))

    assert parse(serialize(lock), "x") == lock


def test_a_conflict_of_a_merge_is_told_by_its_line() -> None:
    message, hint = refused(f"version = 1\n<<<<<<< ours\n{TEXT}")

    assert message == "stagemill.lock:2: there is a conflict of a merge in the lock"
    assert "stagemill lock" in hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version = ", "stagemill.lock is no TOML: invalid value"),
        ("a = 1", "stagemill.lock is no lock: it has no version"),
        ("version = 2", "stagemill.lock is of version 2, and this stagemill reads 1"),
        ("version = 1\n[[images]]", "stagemill.lock has 'images', which is nothing of a lock"),
        ("version = 1\nimage = 1", "stagemill.lock: image is no table"),
        ("version = 1\n[[file]]\nurl = 'u'\nsize = 1", "stagemill.lock: the file u cannot be read: it has no digest"),
        ("version = 1\n[[file]]\nurl = 1", "stagemill.lock: the file cannot be read: url is no text"),
        (
            f"version = 1\n[[file]]\nurl = 'u'\ndigest = '{SUM}'\nsize = 'x'",
            "stagemill.lock: the file u cannot be read: size is no number",
        ),
        (
            "version = 1\n[[file]]\nurl = 'u'\ndigest = 'x'\nsize = 1",
            "stagemill.lock: the file u cannot be read: not a sha256 digest: 'x'",
        ),
        (
            f"version = 1\n[[image]]\nname = 'alpine'\ndigest = '{SUM}'",
            "its name is not complete: want docker.io/library/alpine:latest",
        ),
        (f"version = 1\n[[image]]\nname = 'A'\ndigest = '{SUM}'", "repository names are in lower case"),
        (
            f"version = 1\n[[image]]\nname = 'docker.io/a/b:1'\ndigest = '{SUM}'\nplatforms = 1",
            "its platforms are no list of tables",
        ),
        (
            f"version = 1\nimage.name = 'docker.io/a/b:1'\nimage.digest = '{SUM}'\nimage.platforms = [{{ platform = 'arm64' }}]",
            "its platform 'arm64' is no normal form: want linux/arm64",
        ),
        ("version = 1\n[[git]]\nurl = 'u'\ncommit = 'main'", "'main' is no commit"),
        (f"version = 1\n[[git]]\nurl = 'u'\ncommit = '{COMMIT}'\nfound = '--x'", "'--x' is no full name of a ref"),
        ("version = 1\n" + "[[snapshot]]\nmanager = 'apt'\ntime = 'x'\n" * 2, "stagemill.lock has apt x twice"),
    ],
)
def test_what_is_no_lock_is_refused_with_the_reason(text: str, message: str) -> None:
    told, hint = refused(text)

    assert message in told
    assert hint
