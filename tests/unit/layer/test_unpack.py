from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError, StoreError
from stagemill.layer import header as tar
from stagemill.layer.compression import compressed
from stagemill.layer.index import LayerIndex, build
from stagemill.layer.pack import pack
from stagemill.layer.stack import StackView
from stagemill.layer.unpack import unpack
from stagemill.oci import media_types

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="whiteouts need root")]

NAMES = {"dir": tar.DIRECTORY, "link": tar.LINK, "symlink": tar.SYMLINK, "char": tar.CHAR, "fifo": tar.FIFO}


def entry(name: str, kind: str = "file", content: bytes = b"", **facts: object) -> bytes:
    raw = name.encode()
    if "link" in facts:
        facts["link"] = str(facts["link"]).encode()
    defaults: dict[str, object] = {"mode": 0o755 if kind == "dir" else 0o644, "size": len(content)}
    block = tar.header(raw, NAMES.get(kind, tar.FILE), **{**defaults, **facts})  # type: ignore[arg-type]
    return block + content + tar.padding(len(content))


def view(layer: Path) -> StackView:
    return StackView([(layer, partial(build, layer))])


@pytest.fixture
def into(tmp_path: Path) -> Path:
    target = tmp_path / "into"
    target.mkdir()
    return target


def apply(into: Path, *entries: bytes, parent: StackView | None = None) -> LayerIndex:
    stream = io.BytesIO(b"".join(entries) + tar.END)
    return unpack(stream, media_type=media_types.LAYER, into=into, parent=parent, diff_id=None)


def shape(index: LayerIndex) -> dict[str, str]:
    def word(path: str) -> str:
        item = index.by_path[path]
        return "whiteout" if item.whiteout else "opaque" if item.opaque else item.entry.kind

    return {item.path: word(item.path) for item in index.entries if item.path}


@pytest.mark.parametrize("compress", [lambda pieces: pieces, compressed], ids=["plain", "gzip"])
def test_what_was_packed_is_unpacked_to_the_same_layer(
    make: Callable[..., Path], into: Path, compress: Callable[[Iterable[bytes]], Iterable[bytes]]
) -> None:
    layer = make("a", {
        "d/f": "text", "d/g": "=d/f", "l": "->d/f", "gone": None, "o": False, "o/x": "y" * 3_000_000,
        "n" * 120: "long", "ü\udcff": "odd",
    })  # fmt: skip
    os.chown(layer / "d/f", 1000, 1001)
    os.chmod(layer / "d/f", 0o4755)
    os.setxattr(layer / "d", "user.note", b"\xff")
    os.mkfifo(layer / "p")
    os.mknod(layer / "null", 0o020666, os.makedev(1, 3))
    os.utime(layer, ns=(0, 0))
    index = build(layer)
    data = b"".join(pack(layer, index))

    found = unpack(
        io.BytesIO(b"".join(compress([data]))),
        media_type=media_types.LAYER_GZIP,
        into=into,
        parent=None,
        diff_id=Digest.of(data),
    )

    assert found == index
    assert build(into) == index


def test_whiteouts_take_the_form_of_overlayfs(into: Path) -> None:
    index = apply(into, entry("d/", "dir"), entry("d/.wh.gone"), entry("d/o/", "dir"), entry("d/o/.wh..wh..opq"))

    assert shape(index) == {"d": "dir", "d/gone": "whiteout", "d/o": "opaque"}
    assert os.stat(into / "d/gone").st_rdev == 0
    assert os.getxattr(into / "d/o", "user.overlay.opaque") == b"y"
    assert build(into) == index


def test_a_whiteout_of_what_the_same_layer_has_hides_only_what_is_below(into: Path) -> None:
    file_first = [entry("a", content=b"1"), entry(".wh.a")]
    file_last = [entry(".wh.b"), entry("b", content=b"1")]
    directory_first = [entry("c/x"), entry(".wh.c")]
    directory_last = [entry(".wh.d"), entry("d/x")]

    index = apply(into, *file_first, *file_last, *directory_first, *directory_last)

    assert shape(index) == {"a": "file", "b": "file", "c": "opaque", "c/x": "file", "d": "opaque", "d/x": "file"}
    assert build(into) == index


def test_a_device_0_0_is_a_whiteout_too(into: Path) -> None:
    assert shape(apply(into, entry("gone", "char"))) == {"gone": "whiteout"}


def test_what_is_left_of_aufs_is_passed_over(into: Path) -> None:
    assert shape(apply(into, entry(".wh..wh.plnk", "dir"), entry(".wh..wh.aufs"))) == {}


def test_an_opaque_root_hides_each_name_of_the_parent(make: Callable[..., Path], into: Path) -> None:
    parent = view(make("parent", {"old/f": "", "both/x": "", "file": ""}))

    index = apply(into, entry(".wh..wh..opq"), entry("both/y"), entry("file"), parent=parent)

    assert shape(index) == {"both": "opaque", "both/y": "file", "file": "file", "old": "whiteout"}


@pytest.mark.parametrize("name", [".wh.", ".wh..", "d/.wh..."])
def test_a_whiteout_of_nothing_is_refused(into: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match="which hides nothing"):
        apply(into, entry(name))


def test_of_two_entries_for_a_path_the_last_one_holds(into: Path) -> None:
    index = apply(
        into,
        entry("a", content=b"1"), entry("a", content=b"2", mode=0o600),
        entry("b/x"), entry("b", "symlink", link="a"),
        entry("c", "symlink", link="a"), entry("c/", "dir", mode=0o700),
    )  # fmt: skip

    assert shape(index) == {"a": "file", "b": "symlink", "c": "dir"}
    assert (into / "a").read_bytes() == b"2"
    assert build(into) == index


def test_directories_without_an_entry_are_as_in_the_parent_or_plain(make: Callable[..., Path], into: Path) -> None:
    layer = make("parent", {"d/e": True})
    os.chown(layer / "d", 7, 8)
    os.chmod(layer / "d", 0o1777)
    layer.chmod(0o555)

    index = apply(into, entry("d/new/f"), parent=view(layer))

    d, new, root = (index.by_path[path].entry for path in ("d", "d/new", ""))
    assert (d.uid, d.gid, d.mode, d.mtime_ns) == (7, 8, 0o1777, 1_700_000_000_123_456_789)
    assert (new.uid, new.mode, new.mtime_ns) == (0, 0o755, 0)
    assert root.mode == 0o555
    assert build(into) == index


def test_a_directory_may_be_described_after_what_is_in_it(into: Path) -> None:
    index = apply(into, entry("d/f"), entry("d/", "dir", mode=0o700, mtime_ns=5))

    assert (index.by_path["d"].entry.mode, index.by_path["d"].entry.mtime_ns) == (0o700, 5)
    assert build(into) == index


def test_a_hard_link_to_a_file_of_a_lower_layer_becomes_a_copy(make: Callable[..., Path], into: Path) -> None:
    layer = make("parent", {"usr/bin/tool": "text", "bin": "->usr/bin"})
    os.chown(layer / "usr/bin/tool", 3, 4)
    os.chmod(layer / "usr/bin/tool", 0o4711)

    index = apply(
        into,
        entry("one", "link", link="bin/tool"), entry("two", "link", link="/usr/bin/tool"), entry("l", "link", link="bin"),
        parent=view(layer),
    )  # fmt: skip

    one = index.by_path["one"].entry
    assert (into / "one").read_text() == "text"
    assert (one.uid, one.gid, one.mode) == (3, 4, 0o4711)
    assert index.by_path["two"].link == "one"
    assert index.by_path["l"].entry.target == "usr/bin"
    assert build(into) == index


def test_a_hard_link_to_nothing_is_refused(make: Callable[..., Path], into: Path) -> None:
    with pytest.raises(ArchiveError, match="the layer has the hard link 'a' to 'b', which does not exist"):
        apply(into, entry("a", "link", link="b"))
    with pytest.raises(ArchiveError, match="the layer has the hard link 'a' to 'd', which does not exist"):
        apply(into, entry("a", "link", link="d"), parent=view(make("parent", {"d": True})))


def test_a_hard_link_of_a_file_to_itself_leaves_it_as_it_is(into: Path) -> None:
    assert shape(apply(into, entry("a", content=b"1"), entry("a", "link", link="./a"))) == {"a": "file"}
    assert (into / "a").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["/etc/x", "../etc/x", "a/../../etc/x", "./etc//x", "//etc/./x"])
def test_no_name_leads_out_of_the_layer(into: Path, name: str) -> None:
    assert shape(apply(into, entry(name))) == {"etc": "dir", "etc/x": "file"}


@pytest.mark.parametrize("target", ["/tmp", "../../../tmp", "tmp", "/up/../tmp", "self/tmp"])
def test_an_entry_below_a_symlink_goes_where_the_link_points_inside_the_root(into: Path, target: str) -> None:
    index = apply(
        into, entry("self", "symlink", link="."), entry("l", "symlink", link=target), entry("l/stagemill-escape")
    )

    assert shape(index)["tmp/stagemill-escape"] == "file"
    assert not Path("/tmp/stagemill-escape").exists()
    assert build(into) == index


def test_no_hard_link_leads_out_of_the_layer(into: Path) -> None:
    with pytest.raises(ArchiveError, match="which does not exist"):
        apply(into, entry("l", "symlink", link="/etc"), entry("stolen", "link", link="l/passwd"))


def test_a_symlink_is_replaced_and_not_written_through(into: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")

    apply(into, entry("l", "symlink", link=str(outside)), entry("l", content=b"new"))

    assert outside.read_text() == "kept"
    assert (into / "l").read_text() == "new"


def test_symlinks_that_go_in_a_circle_are_refused(into: Path) -> None:
    with pytest.raises(ArchiveError, match="the archive's symlinks above 'a' go in a circle"):
        apply(into, entry("a", "symlink", link="b"), entry("b", "symlink", link="a"), entry("a/f"))


def test_a_path_below_a_file_is_refused(into: Path) -> None:
    with pytest.raises(ArchiveError, match="the archive has a path below 'a', which is a file"):
        apply(into, entry("a"), entry("a/b"))


def test_an_archive_may_not_make_another_thing_of_the_root(into: Path) -> None:
    with pytest.raises(ArchiveError, match="the archive makes a symlink of the root directory"):
        apply(into, entry("./", "symlink", link="/etc"))


def test_the_root_may_be_described(into: Path) -> None:
    assert apply(into, entry("./", "dir", mode=0o700, uid=5)).by_path[""].entry.mode == 0o700
    assert os.stat(into).st_uid == 5


def test_a_time_before_1970_is_what_the_disk_makes_of_it(into: Path) -> None:
    index = apply(into, entry("a", mtime_ns=-(10**18)), entry("b", mtime_ns=2**62), entry("d/", "dir", mtime_ns=-5))

    assert build(into) == index


def test_a_default_acl_of_a_directory_does_not_leak_into_its_files(into: Path) -> None:
    acl = bytes.fromhex("0200000001000700ffffffff04000500ffffffff20000500ffffffff")

    index = apply(into, entry("d/", "dir", xattrs=[("system.posix_acl_default", acl)]), entry("d/f"))

    assert index.by_path["d/f"].entry.xattrs == ()
    assert build(into) == index


def test_another_diff_id_is_corrupt(into: Path) -> None:
    with pytest.raises(CorruptError, match=r"a layer unpacks to sha256:.*, want sha256:") as caught:
        unpack(io.BytesIO(tar.END), media_type=media_types.LAYER, into=into, parent=None, diff_id=Digest.of(b""))

    assert caught.value.hint == "the image is damaged; get it again"


def test_a_torn_blob_is_called_corrupt_where_its_reader_knows(into: Path) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(min(size or 0, 1000))
            if not data:
                raise CorruptError("blob is not what its name says")
            return data

    data = b"".join(compressed([os.urandom(100_000)]))
    with pytest.raises(CorruptError, match="blob is not what its name says"):
        unpack(
            Torn(data[:5000] + b"?" * 5000 + data[10000:]),
            media_type=media_types.LAYER_GZIP,
            into=into,
            parent=None,
            diff_id=None,
        )


def test_bytes_that_are_no_archive_are_refused(into: Path) -> None:
    with pytest.raises(ArchiveError, match="wrong checksum"):
        unpack(io.BytesIO(b"hello" * 500), media_type=media_types.LAYER, into=into, parent=None, diff_id=None)


def test_a_media_type_that_nobody_knows_is_refused(into: Path) -> None:
    media_type = media_types.LAYER_GZIP + "+encrypted"

    with pytest.raises(ArchiveError, match=r"layers of the media type '.*encrypted' cannot be unpacked") as caught:
        unpack(io.BytesIO(), media_type=media_type, into=into, parent=None, diff_id=None)

    assert caught.value.hint == "want one that ends in .tar, .tar+gzip, .tar.gzip, .tar+zstd, .tar.zstd"


def test_a_name_that_no_disk_takes_is_told(into: Path) -> None:
    with pytest.raises(ArchiveError, match=r"cannot unpack 'n+': File name too long"):
        apply(into, entry("n" * 300))


def test_a_full_disk_is_a_store_error(into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.mkfifo", full)
    with pytest.raises(StoreError, match="cannot unpack 'p': No space left on device") as caught:
        apply(into, entry("p", "fifo"))

    assert caught.value.hint == "free some space, or put the store elsewhere with STAGEMILL_ROOT"


USERNS = """
import io, sys
from pathlib import Path
from stagemill.errors import StagemillError
from stagemill.layer.unpack import unpack
try:
    index = unpack(open(sys.argv[1], "rb"), media_type="x.tar", into=Path(sys.argv[2]), parent=None, diff_id=None)
    print([(item.path, item.whiteout, item.entry.xattrs) for item in index.entries if item.path])
except StagemillError as error:
    print(error.message, "|", error.hint)
"""


def in_user_namespace(into: Path, *entries: bytes) -> str:
    archive = into.parent / "layer.tar"
    archive.write_bytes(b"".join(entries) + tar.END)
    source = Path(__file__).parents[3] / "src"
    command: list[str | Path] = ["unshare", "--user", "--map-root-user", sys.executable, "-c", USERNS, archive, into]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(source)}
    ).stdout.strip()


def test_an_owner_that_the_user_namespace_lacks_is_named_with_what_to_do(into: Path) -> None:
    assert in_user_namespace(into, entry("f", uid=70_000)) == (
        "cannot unpack 'f': this user namespace has no owner 70000:0"
        " | make the ranges of this user in /etc/subuid and /etc/subgid reach beyond 70000, or build as root"
    )


def test_a_user_namespace_makes_no_devices_but_whiteouts(into: Path) -> None:
    assert in_user_namespace(into, entry(".wh.gone")) == "[('gone', True, ())]"
    assert in_user_namespace(into, entry("null", "char", device=(1, 3))) == (
        "cannot make the device node 'null': a user namespace may not make any | build as root"
    )


def test_a_user_namespace_does_without_xattrs_that_it_may_not_set(into: Path) -> None:
    pairs = [("security.ima", b"x"), ("trusted.note", b"x"), ("user.note", b"y")]

    assert in_user_namespace(into, entry("f", xattrs=pairs)) == "[('f', False, (('user.note', b'y'),))]"
