"""The same files give the same bytes: from another directory, on another day, under another umask, as another user."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fakes.mill import Mill
from fakes.user import User, make_user

pytestmark = pytest.mark.root

DOCKERFILE = """\
FROM busybox AS builder
ARG SOURCE_DATE_EPOCH
WORKDIR /work/deep
COPY src src/
ADD more.tar.gz /added/
RUN mkdir -p out/sub && cat src/* > out/all && ln out/all out/sub/hard && ln -s ../all out/sub/soft && mkfifo -m 620 out/fifo \\
 && date -d "@${SOURCE_DATE_EPOCH:-0}" > out/date && ls -l --full-time src > out/listed
RUN --mount=type=bind,source=src,target=/bound stat -c '%n %Y %a' /bound/* > out/bound && id > out/id && umask > out/umask \\
 && hostname > out/host && env | sort > out/env && touch -d '2001-01-01 00:00:00' out/past

FROM busybox AS middle
COPY --from=builder /work/deep/out /out/
RUN rm -r /home/alice && echo "$$ $(ls -i / | wc -l)" > /out/process

FROM middle
COPY --chown=alice:wheel --chmod=750 src/run.sh /usr/local/bin/
COPY --link --from=builder /added /added
COPY noted /noted
COPY <<here /etc/here
text
here
WORKDIR /made/here
USER alice
RUN touch /tmp/mine && echo done >> /out/all 2>/dev/null || true
LABEL a=b
CMD ["run.sh"]
"""


def archive() -> bytes:
    """Owners, times, hard links and attributes, in no order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, facts in (
            ("z/file", {"mode": 0o4711, "uid": 60000, "gid": 7, "mtime": 1_000_000_000.5}),
            ("a", {"type": tarfile.SYMTYPE, "linkname": "z/file"}),
            ("z/hard", {"type": tarfile.LNKTYPE, "linkname": "z/file"}),
            ("new", {"mtime": 2_000_000_000, "pax_headers": {"SCHILY.xattr.user.note": "hello"}}),
        ):
            member = tarfile.TarInfo(name)
            for key, value in facts.items():
                setattr(member, key, value)
            tar.addfile(member)
    return out.getvalue()


MORE = archive()


def fill(mill: Mill, *, day: int) -> None:
    """The files of the context, as they lie there on that day."""
    files: dict[str, str | bytes] = {
        "src/a": "A",
        "src/b": "B",
        "src/run.sh": "#!/bin/sh\n",
        "noted": "n",
        "more.tar.gz": MORE,
    }
    mill.write({"Dockerfile": DOCKERFILE, **files})
    (mill.folder / "src/run.sh").chmod(0o755)
    (mill.folder / "src/link").symlink_to("a")
    os.link(mill.folder / "src/a", mill.folder / "src/hard")
    os.setxattr(mill.folder / "noted", "user.colour", b"blue")
    for path in (mill.folder, *mill.folder.rglob("*")):
        os.utime(path, (day, day), follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o022)


def digest(mill: Mill, *flags: str, context: str = ".", umask: int = 0o022) -> str:
    """The digest of the manifest that a build makes."""
    out = mill.folder.parent / "metadata.json"
    arguments = ["build", "-q", *flags, "-t", "app", "--metadata-file", str(out), context]
    with mill.start(*arguments, umask=umask) as process:
        _, err = process.communicate()
        assert process.returncode == 0, err.decode()
    return str(json.loads(out.read_text())["containerimage.digest"])


@pytest.fixture(scope="module")
def user(base: Mill) -> Iterator[User]:
    with make_user() as made:
        yield made


LONG_AGO, SOON = 1_200_000_000, 1_790_000_000
DATE = ("--reproducible", "--source-date-epoch", "1600000000")


@pytest.fixture
def first(new_mill: Callable[[str], Mill]) -> Mill:
    mill = new_mill("first")
    fill(mill, day=SOON)
    return mill


def test_neither_day_nor_umask_nor_directory_nor_jobs_nor_locale_changes_a_byte(
    first: Mill, new_mill: Callable[[str], Mill]
) -> None:
    other = new_mill("other/with a longer name")
    other = replace(other, settings={"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Apia", "LANG": "de_DE"})
    fill(other, day=LONG_AGO)

    one = digest(first, *DATE, "--jobs", "1")

    assert digest(other, *DATE, "--jobs", "8", context=str(other.folder), umask=0o077) == one
    assert digest(first, *DATE, "--no-cache", umask=0) == one


def test_an_ordinary_user_makes_the_same_bytes_as_root(first: Mill, base: Mill, user: User) -> None:
    ordinary = user.mill("same")
    fill(ordinary, day=LONG_AGO)
    user.give(ordinary.folder)
    ordinary.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())

    assert digest(ordinary, *DATE, umask=0o077) == digest(first, *DATE)


def test_a_layer_of_an_ordinary_build_is_not_taken_for_one_of_a_reproducible_build(
    first: Mill, new_mill: Callable[[str], Mill]
) -> None:
    digest(first)  # the cache has the files with their own times now
    other = new_mill("other")
    fill(other, day=LONG_AGO)

    assert digest(first, *DATE) == digest(other, *DATE)


def test_the_date_is_that_of_the_commit_and_of_every_file_of_the_context(first: Mill) -> None:
    git = ("git", "-C", str(first.folder), "-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    when = {"GIT_COMMITTER_DATE": "1500000000 +0000", "GIT_AUTHOR_DATE": "1400000000 +0000"}
    subprocess.run([*git, "commit", "-qm", "x"], check=True, env={**os.environ, **when})
    first.write(
        {"Dockerfile": "FROM busybox\nARG SOURCE_DATE_EPOCH\nCOPY src /src/\nRUN echo $SOURCE_DATE_EPOCH > /date\n"}
    )

    digest(first, "--reproducible")

    assert first.inspect("app")["Created"] == "2017-07-14T02:40:00Z"
    assert first.cat("app", "/date") == "1500000000\n"
    assert first.ok("run", "app", "stat", "-c", "%Y", "/src/a", "/date").out.split() == ["1500000000"] * 2


def test_without_any_date_it_is_1980(first: Mill) -> None:
    digest(first, "--reproducible")

    assert first.inspect("app")["Created"] == "1980-01-01T00:00:00Z"


def test_a_timestamp_is_the_date_of_every_file(first: Mill) -> None:
    first.write({"Dockerfile": "FROM busybox\nRUN touch -d '2001-01-01 00:00:00' /past && touch /now\n"})

    digest(first, "--timestamp", "1600000000")

    assert first.inspect("app")["Created"] == "2020-09-13T12:26:40Z"
    assert first.ok("run", "app", "stat", "-c", "%Y", "/past", "/now").out.split() == ["1600000000"] * 2


def test_rewrite_timestamp_clamps_what_is_newer(first: Mill) -> None:
    first.write({"Dockerfile": "FROM busybox\nRUN touch -d '2001-01-01 00:00:00' /past && touch /now\n"})

    digest(first, "--rewrite-timestamp", "--source-date-epoch", "1600000000")

    assert first.ok("run", "app", "stat", "-c", "%Y", "/past", "/now").out.split() == ["978307200", "1600000000"]


def test_what_is_said_of_it_is_the_same_too(first: Mill, new_mill: Callable[[str], Mill]) -> None:
    other = new_mill("other")
    fill(other, day=LONG_AGO)
    said = ("--provenance", "--sbom")

    assert digest(first, *DATE, *said) == digest(other, *DATE, *said)
    assert digest(first, *DATE, *said) != digest(first, *DATE)


def test_archives_are_the_same_to_the_byte(first: Mill, new_mill: Callable[[str], Mill]) -> None:
    other = new_mill("other")
    fill(other, day=LONG_AGO)
    outputs = [word for kind in ("oci", "docker", "tar") for word in ("-o", f"type={kind},dest=../{kind}.tar")]

    for mill in (first, other):
        mill.ok("build", "-q", *DATE, *outputs, "-t", "app", ".")
        mill.ok("save", "-o", "../saved.tar", "app")

    for name in ("oci.tar", "docker.tar", "tar.tar", "saved.tar"):
        one, two = ((mill.folder.parent / name).read_bytes() for mill in (first, other))
        assert one == two, name


def test_neither_does_what_the_store_has_made_before(first: Mill) -> None:
    one = digest(first, *DATE)
    first.write({"src/a": "B"})
    digest(first)  # an ordinary build links what is the same as the last time
    other = digest(first, *DATE)
    first.write({"src/a": "A"})

    assert digest(first, *DATE) == one != other
    assert digest(first, *DATE, "--no-cache") == one
