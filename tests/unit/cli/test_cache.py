"""`stagemill cache mounts`: what is listed, written out, filled and removed."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from fakes.program import Call
from stagemill.layer.compression import decompressed
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """A store with two caches: `npm` has a file, `go` has none."""
    with Store.open(Path(os.environ["STAGEMILL_ROOT"])) as opened:
        opened.caches.replace("/npm", lambda path: fill(path, "text"))
        opened.caches.replace("//root/.cache", lambda _path: None)
        yield opened


def fill(path: Path, text: str) -> None:
    (path / "a").write_text(text)
    os.chown(path / "a", 1000, 29)
    os.utime(path / "a", (1_700_000_000, 1_700_000_000))


def archive(**files: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.uid = len(text), 7
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def place(store: Store, name: str) -> Path:
    (found,) = [one.path for one in store.caches.all() if one.name == name]
    return found


class TestList:
    def test_a_table_has_the_names_that_people_know(self, store: Store, stagemill: Call) -> None:
        said = stagemill("cache", "mounts", "list")

        head, *rows = said.out.splitlines()
        assert head.split() == ["NAME", "SIZE", "LAST", "USED"]
        assert [row.split()[0] for row in rows] == ["/root/.cache", "npm"]

    def test_programs_get_numbers(self, store: Store, stagemill: Call) -> None:
        rows = json.loads(stagemill("cache", "mounts", "list", "--json").out)

        assert [row["name"] for row in rows] == ["/root/.cache", "npm"]
        assert rows[1]["size"] == sum(path.lstat().st_blocks * 512 for path in place(store, "/npm").iterdir())
        assert rows[1]["used"] > 1_700_000_000


class TestExport:
    @pytest.mark.parametrize("name", ["npm.tar", "npm.tar.gz", "npm.tgz", "npm.tar.zst"])
    def test_an_archive_is_compressed_as_its_name_says(
        self, store: Store, stagemill: Call, folder: Path, name: str
    ) -> None:
        assert stagemill("cache", "mounts", "export", "npm", "-o", name).status == 0

        data = (folder / name).read_bytes()
        tar = b"".join(decompressed(io.BytesIO(data)))
        with tarfile.open(fileobj=io.BytesIO(tar)) as found:
            (member,) = found.getmembers()
        assert (member.name, member.uid, member.gid, member.mtime) == ("a", 1000, 29, 1_700_000_000)
        assert data.startswith({"gz": b"\x1f\x8b", "st": b"\x28\xb5", "ar": b"a\0"}[name[-2:]])

    def test_it_goes_through_a_pipe_as_it_is(self, store: Store, stagemill: Call) -> None:
        said = stagemill("cache", "mounts", "export", "npm")

        with tarfile.open(fileobj=io.BytesIO(said.stdout)) as found:
            assert found.getnames() == ["a"]

    def test_one_that_is_not_there_is_told(self, store: Store, stagemill: Call) -> None:
        near = stagemill("cache", "mounts", "export", "nmp", "-o", "x")
        far = stagemill("cache", "mounts", "export", "yarn-packages", "-o", "x")

        assert near.status == far.status == 1
        assert "error: there is no cache mount nmp\nhint: did you mean npm?" in near.err
        assert "hint: stagemill cache mounts list shows those there are" in far.err

    def test_one_that_is_used_is_told(self, store: Store, stagemill: Call) -> None:
        with store.caches.use("/npm", sharing="shared", fill=lambda _path: None):
            said = stagemill("cache", "mounts", "export", "npm", "-o", "x")

        assert "error: the cache mount npm is in use\nhint: wait for the build that uses it" in said.err

    def test_of_several_seeds_one_has_to_be_chosen(self, store: Store, stagemill: Call, folder: Path) -> None:
        full = [f"/go from sha256:{digit * 64}" for digit in "12"]
        for name in full:
            store.caches.replace(name, lambda path: fill(path, "go"))

        both = stagemill("cache", "mounts", "export", "go", "-o", "x.tar")
        one = stagemill("cache", "mounts", "export", full[0][1:], "-o", "x.tar")

        assert "error: several cache mounts are called go" in both.err
        assert f"hint: they are {full[0][1:]}, {full[1][1:]}" in both.err
        assert one.status == 0


class TestImport:
    @pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.compress])
    def test_what_was_there_is_replaced(
        self, store: Store, stagemill: Call, folder: Path, compress: type[bytes]
    ) -> None:
        (folder / "new.tar").write_bytes(compress(archive(b="new")))

        assert stagemill("cache", "mounts", "import", "npm", "new.tar").status == 0

        assert [path.name for path in place(store, "/npm").iterdir()] == ["b"]
        assert (place(store, "/npm") / "b").lstat().st_uid == 7

    def test_a_new_one_is_called_as_was_said(self, store: Store, stagemill: Call) -> None:
        assert stagemill("cache", "mounts", "import", "/go/pkg", stdin=archive(c="1")).status == 0

        assert (place(store, "//go/pkg") / "c").read_text() == "1"

    def test_what_was_exported_is_the_same_again(self, store: Store, stagemill: Call) -> None:
        stagemill("cache", "mounts", "export", "npm", "-o", "npm.tar.zst")
        stagemill("cache", "mounts", "rm", "npm")

        assert stagemill("cache", "mounts", "import", "npm", "npm.tar.zst").status == 0

        status = (place(store, "/npm") / "a").lstat()
        assert (status.st_uid, status.st_gid, status.st_mtime) == (1000, 29, 1_700_000_000)

    @pytest.mark.parametrize(
        "data",
        ids=["none", "cut", "damaged"],
        argvalues=[b"no archive", archive(b="new")[:700], gzip.compress(archive(b="n" * 9999), mtime=0)[:80]],
    )
    def test_what_is_no_archive_changes_nothing(self, store: Store, stagemill: Call, data: bytes) -> None:
        said = stagemill("cache", "mounts", "import", "npm", stdin=data)

        assert said.status == 1
        assert "error: " in said.err
        assert [path.name for path in place(store, "/npm").iterdir()] == ["a"]

    def test_a_file_that_is_not_there_is_told(self, store: Store, stagemill: Call) -> None:
        said = stagemill("cache", "mounts", "import", "npm", "nothing.tar")

        assert said.status == 2
        assert "error: there is no file nothing.tar\nhint: name a tar archive" in said.err

    def test_one_that_is_used_is_told(self, store: Store, stagemill: Call) -> None:
        with store.caches.use("/npm", sharing="shared", fill=lambda _path: None):
            said = stagemill("cache", "mounts", "import", "npm", stdin=archive(b="new"))

        assert "error: the cache mount npm is in use" in said.err


class TestRemove:
    def test_those_that_are_named_go(self, store: Store, stagemill: Call) -> None:
        said = stagemill("cache", "mounts", "rm", "npm")

        assert (said.status, said.out) == (0, "removed npm\n")
        assert [one.name for one in store.caches.all()] == ["//root/.cache"]

    def test_all_of_them_go(self, store: Store, stagemill: Call) -> None:
        assert stagemill("cache", "mounts", "rm", "--all").out == "removed /root/.cache\nremoved npm\n"
        assert store.caches.all() == []

    @pytest.mark.parametrize("arguments", [(), ("npm", "--all")])
    def test_it_must_be_clear_which_are_meant(self, store: Store, stagemill: Call, arguments: tuple[str, ...]) -> None:
        said = stagemill("cache", "mounts", "rm", *arguments)

        assert said.status == 2
        assert "error: name the cache mounts to remove, or give --all" in said.err

    def test_one_that_is_used_stays(self, store: Store, stagemill: Call) -> None:
        with store.caches.use("/npm", sharing="shared", fill=lambda _path: None):
            said = stagemill("cache", "mounts", "rm", "npm")

        assert "error: the cache mount npm is in use" in said.err
        assert (place(store, "/npm") / "a").exists()
