from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from fakes.clocks import next_tick
from fakes.stats import MemoryStats
from stagemill.context.directory import DirectoryContext
from stagemill.context.ignore import IgnoreRules
from stagemill.digest import Digest
from stagemill.errors import ContextError
from stagemill.files.view import Entry
from stagemill.files.walk import walk

LONG_AFTER = 1 << 62
AS_USER = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def context(
    root: Path, *ignored: str, stats: MemoryStats | None = None, started_ns: int = LONG_AFTER
) -> DirectoryContext:
    rules = IgnoreRules.parse("\n".join(ignored), ".dockerignore") if ignored else None
    return DirectoryContext(root, ignore=rules, stats=stats or MemoryStats(), started_ns=started_ns)


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def paths(view: DirectoryContext) -> list[str]:
    return [path for path, _ in walk(view)]


def test_files_belong_to_root_and_keep_mode_and_time(tmp_path: Path) -> None:
    write(tmp_path, "a")
    (tmp_path / "a").chmod(0o4751)
    os.utime(tmp_path / "a", ns=(0, 1_500_000_000_123_456_789))

    actual = context(tmp_path).lstat("a")

    assert actual == Entry("file", 0o4751, 0, 0, 1, 1_500_000_000_123_456_789)


def test_links_pipes_and_sockets_are_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("../outside")
    os.mkfifo(tmp_path / "pipe", 0o640)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock"))

    view = context(tmp_path)
    link, pipe, sock = view.lstat("link"), view.lstat("pipe"), view.lstat("sock")

    assert link
    assert pipe
    assert sock
    assert (link.kind, link.target, pipe.kind, pipe.mode, sock.kind) == (
        "symlink",
        "../outside",
        "fifo",
        0o640,
        "socket",
    )


def test_names_with_the_same_file_behind_them_share_a_node(tmp_path: Path) -> None:
    write(tmp_path, "one", "other")
    os.link(tmp_path / "one", tmp_path / "two")

    view = context(tmp_path)
    nodes = [entry.node for _, entry in walk(view) if entry.kind == "file"]

    assert nodes[0] == nodes[2] is not None
    assert nodes[1] is None


def test_nothing_is_seen_through_a_link(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link").symlink_to("../outside")

    view = context(tmp_path / "in")

    assert (view.lstat("link/secret"), view.listdir("link")) == (None, [])


def test_what_does_not_exist_is_none(tmp_path: Path) -> None:
    write(tmp_path, "file")

    view = context(tmp_path)

    assert [view.lstat(path) for path in ("no", "no/such", "file/below")] == [None, None, None]
    assert [view.listdir(path) for path in ("no", "file")] == [[], []]


def test_paths_that_are_left_out_do_not_exist(tmp_path: Path) -> None:
    write(tmp_path, "node_modules/x/index.js", "src/a.js", "src/a.log")

    view = context(tmp_path, "node_modules", "**/*.log")

    assert paths(view) == ["", "src", "src/a.js"]
    assert view.lstat("node_modules/x/index.js") is None


def test_a_directory_that_is_left_out_stays_for_an_exception_in_it(tmp_path: Path) -> None:
    write(tmp_path, "top.txt", "empty/only.txt", "sub/in.txt", "sub/deep/x.rs")

    assert paths(context(tmp_path, "*", "!**/*.rs")) == ["", "sub", "sub/deep", "sub/deep/x.rs"]


def test_a_directory_of_which_everything_is_left_out_stays_where_it_is_not_left_out_itself(tmp_path: Path) -> None:
    write(tmp_path, "logs/a")

    assert paths(context(tmp_path, "logs/*")) == ["", "logs"]


def test_a_file_is_read_once_and_its_digest_remembered_for_the_next_build(tmp_path: Path) -> None:
    write(tmp_path, "a")
    stats = MemoryStats()
    first = context(tmp_path, stats=stats).digest("a")

    second = context(tmp_path, stats=stats).digest("a")

    assert first == second == Digest.of(b"a")
    assert (len(stats.known), stats.hits) == (1, 1)


def test_a_file_that_changed_since_the_build_began_is_neither_believed_nor_remembered(tmp_path: Path) -> None:
    write(tmp_path, "a")
    status = (tmp_path / "a").stat()
    key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    stats = MemoryStats({key: Digest.of(b"stale")})

    actual = context(tmp_path, stats=stats, started_ns=status.st_ctime_ns + 1_000_000).digest("a")

    assert actual == Digest.of(b"a")
    assert stats.known == {key: Digest.of(b"stale")}


def test_other_content_with_the_same_size_and_time_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, "a")
    os.utime(tmp_path / "a", (1, 1))
    stats = MemoryStats()
    before = context(tmp_path, stats=stats).digest("a")
    next_tick(tmp_path)
    (tmp_path / "a").write_text("b")
    os.utime(tmp_path / "a", (1, 1))

    after = context(tmp_path, stats=stats).digest("a")

    assert (before, after) == (Digest.of(b"a"), Digest.of(b"b"))


@pytest.mark.parametrize("change", ["write", "remove"])
def test_a_file_that_changes_while_the_context_is_read_is_an_error(tmp_path: Path, change: str) -> None:
    write(tmp_path, "a")
    view = context(tmp_path)
    view.listdir("")
    (tmp_path / "a").write_text("longer") if change == "write" else (tmp_path / "a").unlink()

    with pytest.raises(ContextError) as caught:
        view.digest("a")

    assert caught.value.message == '"/a" of the build context changed while it was read'
    assert caught.value.hint == "build again"


def test_attributes_that_travel_are_kept_and_overlays_own_are_not(tmp_path: Path) -> None:
    write(tmp_path, "a")
    os.setxattr(tmp_path / "a", "user.note", b"hello")
    os.setxattr(tmp_path / "a", "user.overlay.opaque", b"y")

    entry = context(tmp_path).lstat("a")

    assert entry
    assert entry.xattrs == (("user.note", b"hello"),)


def test_names_that_are_no_text_travel(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_text("x")

    view = context(tmp_path)

    assert view.listdir("") == ["\udcff"]
    assert view.digest("\udcff") == Digest.of(b"x")


def test_real_paths_lie_in_the_directory(tmp_path: Path) -> None:
    write(tmp_path, "d/a")

    assert context(tmp_path).real_path("d/a").read_text() == "d/a"


def test_a_root_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContextError) as caught:
        context(tmp_path / "no")

    assert caught.value.message == f"cannot read the build context {tmp_path}/no: No such file or directory"
    assert caught.value.hint == "name a directory that exists and that you may read"


def test_a_root_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "Dockerfile")

    with pytest.raises(ContextError) as caught:
        context(tmp_path / "Dockerfile")

    assert caught.value.message == f"the build context {tmp_path}/Dockerfile is not a directory"
    assert caught.value.hint == "name the directory that holds the files; `-f` names the Dockerfile"


@AS_USER
def test_a_file_that_may_not_be_read_is_an_error_only_where_it_is_wanted(tmp_path: Path) -> None:
    write(tmp_path, "d/a", "b")
    (tmp_path / "b").chmod(0)
    (tmp_path / "d").chmod(0)
    view = context(tmp_path)

    with pytest.raises(ContextError) as caught:
        view.digest("b")
    with pytest.raises(ContextError) as second:
        view.listdir("d")
    (tmp_path / "d").chmod(0o755)

    assert caught.value.message == 'cannot read "/b" of the build context: Permission denied'
    assert caught.value.hint == "make it readable, or leave it out with a line in .dockerignore"
    assert second.value.message == 'cannot read "/d" of the build context: Permission denied'


@AS_USER
def test_a_directory_that_is_left_out_need_not_be_readable(tmp_path: Path) -> None:
    write(tmp_path, "d/a", "b.rs")
    (tmp_path / "d").chmod(0)

    actual = paths(context(tmp_path, "*", "!**/*.rs"))
    (tmp_path / "d").chmod(0o755)

    assert actual == ["", "b.rs"]
