"""Builds that are asked again: answered from the receipt where nothing has changed, and built where anything has."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.distribution import running
from fakes.mill import Mill, Ran
from fakes.user import make_user
from stagemill.store.opening import kept

pytestmark = pytest.mark.root

DOCKERFILE = """\
FROM busybox AS build
WORKDIR /src
COPY . .
ARG WORD=none
RUN (find . | sort | xargs stat -c '%a %F %n'; cat text; readlink deep/er/file; echo $WORD) > /listing || true

FROM busybox
COPY --from=build /listing /listing
CMD ["cat", "/listing"]
"""
FILES = {
    "text": "one\n",
    "deep/er/file": "deep\n",
    "Dockerfile": DOCKERFILE,
    "notes.log": "",
    ".dockerignore": "*.log\n",
}
COMMAND_LINE = ("build", "--progress=plain", "-t", "app", "-o", "type=oci,dest=../app.tar", "--iidfile", "../id", ".")


def again(mill: Mill, *arguments: str) -> tuple[bool, Ran]:
    """Whether a build is answered from its receipt, and what it says."""
    telling = replace(mill, command=(mill.command[0], "-X", "importtime", *mill.command[1:]))
    ran = telling.ok(*(arguments or COMMAND_LINE))
    lines = ran.err.splitlines(keepends=True)
    modules = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert "stagemill.cli.main" in modules
    text = "".join(line for line in lines if not line.startswith("import time:"))
    return "click" not in modules, replace(ran, err=text)


def untimed(text: str) -> str:
    """Without how long it took to write an archive."""
    return re.sub(r"DONE \d+\.\ds", "DONE", text)


def aged(folder: Path) -> None:
    """Everything in a folder changed long ago, as far as its times can say so."""
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (1_600_000_000, 1_600_000_000), follow_symlinks=False)


@pytest.fixture
def built(mill: Mill) -> Mill:
    """Built once, so that there is a receipt."""
    mill.write(FILES)
    aged(mill.folder)
    subprocess.run(["sleep", "0.3"], check=True)  # what changes from here on has another ctime than all there is
    assert not again(mill)[0]
    return mill


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path / "registry") as address:
        yield address


def receipts(mill: Mill) -> list[Path]:
    return list((mill.root / "again").iterdir())


def forget(mill: Mill) -> None:
    for receipt in receipts(mill):
        receipt.unlink()


def rows(mill: Mill, statement: str) -> list[tuple[Any, ...]]:
    """What a statement gives on the store's database."""
    with closing(sqlite3.connect(mill.root / "state.sqlite")) as state, state:
        return state.execute(statement).fetchall()


class TestNothingChanged:
    def test_it_is_answered_as_an_ordinary_build_is_that_finds_everything(self, built: Mill) -> None:
        forget(built)
        ordinary, found = again(built)
        written = [built.folder.parent / name for name in ("app.tar", "id")]
        before = [path.read_bytes() for path in written]
        for path in written:
            path.unlink()

        answered, said = again(built)

        assert not ordinary
        assert answered
        assert untimed(said.err) == untimed(found.err)
        assert [path.read_bytes() for path in written] == before
        assert [path.stat().st_mode & 0o777 for path in written] == [0o644, 0o644]

    def test_it_says_the_same_to_programs(self, built: Mill) -> None:
        command = ("build", "--progress=rawjson", "-t", "app", ".")
        again(built, *command)
        forget(built)
        _, ordinary = again(built, *command)
        answered, said = again(built, *command)

        assert answered
        assert {name: step.cached for name, step in said.steps.items()} == {
            name: step.cached for name, step in ordinary.steps.items()
        }
        assert said.executed == []

    def test_quiet_gives_the_digest(self, built: Mill) -> None:
        command = ("build", "-q", "-t", "app", ".")
        _, first = again(built, *command)
        answered, second = again(built, *command)

        assert answered
        assert second.stdout == first.stdout
        assert second.out.startswith("sha256:")
        assert second.err == ""

    def test_metadata_and_archives_of_docker_are_written_too(self, built: Mill) -> None:
        command = ("build", "-t", "app", "-o", "type=docker,dest=../d.tar", "--metadata-file", "../m.json", ".")
        written = [built.folder.parent / name for name in ("d.tar", "m.json")]
        again(built, *command)
        before = [path.read_bytes() for path in written]
        for path in written:
            path.unlink()

        assert again(built, *command)[0]
        assert [path.read_bytes() for path in written] == before

    def test_its_steps_count_as_used_and_its_names_as_given(self, built: Mill) -> None:
        rows(built, "UPDATE records SET used = 1")
        rows(built, "UPDATE images SET created = 1")

        assert again(built)[0]
        assert rows(built, "SELECT count(*) FROM records WHERE used > 1")[0][0] >= 4
        assert rows(built, "SELECT reference FROM images WHERE created > 1") == [("docker.io/library/app:latest",)]

    def test_what_only_a_shell_or_a_clock_changes_is_nothing(self, built: Mill) -> None:
        os.utime(built.folder.parent)
        (built.folder.parent / "elsewhere").write_text("not of the context")

        assert again(replace(built, settings={"SHLVL": "7", "_": "/bin/true", "OLDPWD": "/"}))[0]

    def test_it_waits_while_a_damaged_database_is_set_aside(self, built: Mill) -> None:
        with ThreadPoolExecutor(1) as pool:
            with kept(built.root, fcntl.LOCK_EX):
                answer = pool.submit(again, built)
                with pytest.raises(TimeoutError):
                    answer.result(1)

            assert answer.result(60)[0]

    def test_an_ordinary_user_is_answered_too(self, base: Mill) -> None:
        with make_user() as user:
            mill = user.mill("again")
            mill.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())
            mill.write(FILES)
            user.give(mill.folder)
            time.sleep(0.3)
            assert not again(mill)[0]

            answered, ran = again(mill)

            assert answered
            assert "CACHED" in ran.err


def same_size_and_time(mill: Mill) -> None:
    mill.write({"text": "two\n"})
    os.utime(mill.folder / "text", (1_600_000_000, 1_600_000_000))


def other_inode(mill: Mill) -> None:
    mill.write({"new": "one\n"})
    os.utime(mill.folder / "new", (1_600_000_000, 1_600_000_000))
    (mill.folder / "new").replace(mill.folder / "text")


def link(mill: Mill) -> None:
    (mill.folder / "deep/er/file").unlink()
    (mill.folder / "deep/er/file").symlink_to("../../text")


def torn(mill: Mill) -> None:
    for receipt in receipts(mill):
        receipt.write_bytes(receipt.read_bytes()[:-100])


Change = Callable[[Mill], object]

CHANGES: Mapping[str, Change] = {
    "a file's bytes, with its old size and time": same_size_and_time,
    "another file, which is the same": other_inode,
    "a file's mode": lambda mill: (mill.folder / "text").chmod(0o600),
    "a directory's mode": lambda mill: (mill.folder / "deep").chmod(0o700),
    "a directory's attribute": lambda mill: os.setxattr(mill.folder / "deep", "user.colour", b"blue"),
    "a new file": lambda mill: mill.write({"deep/new": ""}),
    "a new directory": lambda mill: (mill.folder / "empty").mkdir(),
    "a file less": lambda mill: (mill.folder / "deep/er/file").unlink(),
    "another name": lambda mill: (mill.folder / "text").rename(mill.folder / "deep/text"),
    "a link for a file": link,
    "the Dockerfile": lambda mill: mill.write({"Dockerfile": DOCKERFILE + "LABEL a=b\n"}),
    "the ignore file": lambda mill: mill.write({".dockerignore": "deep\n"}),
    "an ignore file that comes first": lambda mill: mill.write({"Dockerfile.dockerignore": "deep\n"}),
    "a policy": lambda mill: mill.write({"Dockerfile.rego": 'package docker\ndecision := {"allow": true}\n'}),
    "the configuration": lambda mill: (mill.folder.parent / "config.toml").write_text("# nothing\n"),
    "a name less": lambda mill: mill.ok("rmi", "app"),
    "a name for another image": lambda mill: mill.ok("tag", "busybox", "app"),
    "no steps": lambda mill: mill.ok("prune", "--all", "--force"),
    "half a receipt": torn,
}


class TestSomethingChanged:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_it_is_built_as_on_a_machine_that_never_built_it(
        self, built: Mill, new_mill: Callable[[str], Mill], change: Change
    ) -> None:
        change(built)

        assert not again(built)[0]

        fresh = new_mill("fresh")
        subprocess.run(["cp", "-a", f"{built.folder}/.", str(fresh.folder)], check=True)
        again(fresh)
        assert (fresh.cat("app", "/listing"), labels(fresh)) == (built.cat("app", "/listing"), labels(built))

    def test_a_name_that_means_another_base(self, built: Mill) -> None:
        before = identity(built)
        built.ok("tag", "app", "busybox")

        assert not again(built)[0]
        assert identity(built) != before

    def test_a_database_that_is_lost(self, built: Mill) -> None:
        (built.root / "state.sqlite").unlink()

        assert "busybox" in built.fail(*COMMAND_LINE)  # which nobody knows any more

    def test_other_words_and_variables(self, built: Mill) -> None:
        assert not again(built, *COMMAND_LINE[:-1], "--build-arg", "WORD=two", ".")[0]
        assert not again(replace(built, settings={"WORD": "three"}))[0]
        assert not again(built, *COMMAND_LINE[:-1], "./")[0]

    def test_a_layer_with_other_bytes_is_not_given_on(self, built: Mill) -> None:
        before = (built.folder.parent / "app.tar").read_bytes()
        blobs = sorted((built.root / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
        with blobs[-1].open("r+b") as blob:
            blob.write(b"\0" * 100)

        again(built)

        assert (built.folder.parent / "app.tar").read_bytes() == before

    def test_where_the_result_cannot_be_written_the_error_is_the_usual_one(self, built: Mill) -> None:
        (built.folder.parent / "app.tar").unlink()
        (built.folder.parent / "app.tar").mkdir()

        ran = built(*COMMAND_LINE)

        assert ran.status != 0
        assert "app.tar is a directory" in ran.err

    def test_a_pipe_gets_the_archive_as_it_does_from_a_build(self, built: Mill) -> None:
        archive = built.folder.parent / "app.tar"
        before = archive.read_bytes()
        archive.unlink()
        os.mkfifo(archive)
        with built.start(*COMMAND_LINE) as process:
            found = archive.read_bytes()
            assert process.wait() == 0

        assert found == before


class TestNoReceipt:
    @pytest.mark.parametrize(
        "more",
        [
            ("--no-cache",),
            ("--secret", "id=a,env=HOME"),
            ("--timings",),
            ("--build-context", "other=."),
            ("-o", "type=local,dest=../out"),
            ("-o", "type=oci,dest=../layout,tar=false"),
            ("--sbom=true",),
        ],
    )
    def test_what_could_be_told_only_in_part_is_built_each_time(self, built: Mill, more: tuple[str, ...]) -> None:
        command = ("build", "-t", "app", *more, ".")
        again(built, *command)

        assert not again(built, *command)[0]

    def test_a_context_that_is_written_to_by_the_build_itself(self, built: Mill) -> None:
        command = ("build", "-o", "type=oci,dest=app.tar", ".")
        again(built, *command)

        assert not again(built, *command)[0]

    def test_a_file_that_just_changed_might_change_again_unseen(self, built: Mill) -> None:
        """Which is so until a build begins after the tick of the clock that it changed in."""
        later = "import os,sys,time; os.utime(sys.argv[1]); os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
        racing = replace(built, command=(sys.executable, "-c", later, str(built.folder / "text"), "-m", "stagemill"))
        with (built.folder / "text").open("a") as file:
            file.write("more\n")
        racing.ok(*COMMAND_LINE)

        assert again(built)[1].err


class TestBasesOfRegistries:
    def test_a_tag_is_asked_for_each_time(self, built: Mill, registry: str, skopeo: str) -> None:
        built.ok("tag", "busybox", f"{registry}/base:1")
        built.ok("push", f"{registry}/base:1")
        built.ok("rmi", f"{registry}/base:1")
        dockerfile = DOCKERFILE.replace("FROM busybox", f"FROM {registry}/base:1")
        built.write({"Dockerfile": dockerfile})
        time.sleep(0.3)
        again(built)
        first = identity(built)
        assert again(built)[0]

        other = [
            "copy",
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
            f"oci-archive:{built.folder.parent}/app.tar",
        ]
        subprocess.run([skopeo, *other, f"docker://{registry}/base:1"], check=True, capture_output=True)
        answered, _ = again(built)

        assert not answered
        assert identity(built) != first

    @pytest.mark.parametrize("moved", [False, True])
    def test_a_build_that_goes_on_from_a_receipt_asks_once_and_goes_by_the_answer(
        self, built: Mill, tmp_path: Path, *, moved: bool
    ) -> None:
        with running(tmp_path / "asked", accesslog=True) as address:
            built.ok("tag", "busybox", f"{address}/base:1")
            built.ok("push", f"{address}/base:1")
            built.ok("rmi", f"{address}/base:1")
            built.write({"Dockerfile": f"FROM {address}/base:1\nCOPY text /\nRUN cat /text /etc/new > /all || true\n"})
            time.sleep(0.3)
            again(built)
            assert again(built)[0]
            if moved:
                more = built.folder.parent / "more"
                more.mkdir()
                (more / "Dockerfile").write_text(f"FROM {address}/base:1\nRUN echo new > /etc/new\n")
                built.ok("build", "-q", "-t", f"{address}/base:1", "--push", str(more))
                built.ok("rmi", f"{address}/base:1")
            (built.folder / "text").write_text("another\n")
            before = (tmp_path / "asked/log").read_text().count('"HEAD /v2/base/manifests/1')

            answered, said = again(built)

            heads = (tmp_path / "asked/log").read_text().count('"HEAD /v2/base/manifests/1') - before
            assert not answered
            assert f"load metadata for {address}/base:1" in said.err
            assert heads == 1
            tree = built.folder.parent / "tree"
            built.ok("build", "-o", str(tree), ".")
            assert (tree / "all").read_text() == ("another\nnew\n" if moved else "another\n")

    def test_where_nobody_answers_the_error_is_the_usual_one(self, built: Mill, tmp_path: Path) -> None:
        with running(tmp_path / "short") as address:
            built.ok("tag", "busybox", f"{address}/base:1")
            built.ok("push", f"{address}/base:1")
            built.ok("rmi", f"{address}/base:1")
            built.write({"Dockerfile": f"FROM {address}/base:1\nCOPY text /\n"})
            time.sleep(0.3)
            again(built)
            assert again(built)[0]

        said = built.fail(*COMMAND_LINE)

        assert address in said


def identity(mill: Mill) -> str:
    return (mill.folder.parent / "id").read_text()


def labels(mill: Mill) -> object:
    return mill.inspect("app")["Config"].get("Labels")
