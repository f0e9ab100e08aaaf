"""Where a layer is cut, and what names a block."""

from __future__ import annotations

from dataclasses import replace

from stagemill.digest import Digest
from stagemill.files.view import Entry
from stagemill.layer.blocks import Block, cut
from stagemill.layer.index import IndexEntry, LayerIndex

MEBIBYTE = 1 << 20


def item(path: str, size: int = 3000, *, text: str = "", mtime: int = 5) -> IndexEntry:
    digest = Digest.of((text or path).encode())
    return IndexEntry(path, Entry("file", 0o644, 0, 0, size, mtime), digest)


def keys(*items: IndexEntry) -> list[Digest]:
    return [block.key("gzip") for block in cut(LayerIndex(items))]


FILES = tuple(item(f"{n:05}") for n in range(5000))


class TestCut:
    def test_every_entry_is_in_one_block_in_its_order(self) -> None:
        blocks = [*cut(LayerIndex(FILES))]

        assert [each.path for block in blocks for each in block.entries] == [each.path for each in FILES]
        assert [block.last for block in blocks] == [False] * (len(blocks) - 1) + [True]

    def test_blocks_have_half_a_mebibyte_in_the_mean(self) -> None:
        sizes = [sum(each.entry.size for each in block.entries) for block in cut(LayerIndex(FILES))]

        assert max(sizes) <= 2 * MEBIBYTE
        assert min(sizes[:-1]) >= MEBIBYTE // 20
        assert MEBIBYTE // 4 < sum(sizes) / len(sizes) < MEBIBYTE

    def test_blocks_of_larger_files_are_no_larger(self) -> None:
        index = LayerIndex([item(f"{n:05}", 300_000) for n in range(500)])
        sizes = [sum(each.entry.size for each in block.entries) for block in cut(index)]

        assert max(sizes) <= 2 * MEBIBYTE
        assert MEBIBYTE // 4 < sum(sizes) / len(sizes) < MEBIBYTE

    def test_a_change_reaches_its_own_block_only(self) -> None:
        before = keys(*FILES)

        after = keys(*FILES[:2000], item("02000", text="another"), *FILES[2001:])

        assert len(set(after) - set(before)) == 1

    def test_new_files_and_other_sizes_move_few_cuts(self) -> None:
        before = keys(*FILES)

        after = keys(*FILES[:1000], item("01000", size=200_000), item("01000a"), *FILES[1001:])

        assert len(set(after) - set(before)) <= 3

    def test_a_large_file_has_blocks_of_its_own(self) -> None:
        blocks = [*cut(LayerIndex([item("a"), item("b", 2 * MEBIBYTE + 1), item("c")]))]

        assert [(block.begin, [each.path for each in block.entries]) for block in blocks] == [
            (None, ["a"]),
            (0, ["b"]),
            (MEBIBYTE, ["b"]),
            (2 * MEBIBYTE, ["b"]),
            (None, ["c"]),
        ]

    def test_a_second_name_of_a_large_file_is_as_small_as_any(self) -> None:
        node = "inode"
        items = [
            replace(each, entry=replace(each.entry, node=node)) for each in (item("a", MEBIBYTE), item("b", MEBIBYTE))
        ]

        assert [block.begin for block in cut(LayerIndex(items))] == [0, None]

    def test_what_is_in_no_archive_makes_no_block(self) -> None:
        root = IndexEntry("", Entry("dir", 0o755, 0, 0, 0, 7))
        socket = IndexEntry("a", Entry("socket", 0o755, 0, 0, 0, 7))

        assert [*cut(LayerIndex([root, socket]))] == [Block((), last=True)]
        assert [block.begin for block in cut(LayerIndex([root, socket, item("b", MEBIBYTE)]))] == [0]


class TestKey:
    def test_all_that_the_archive_has_of_an_entry_counts(self) -> None:
        entry = Entry("file", 0o644, 1, 2, 3, 4, xattrs=(("user.a", b"1"),))
        one = IndexEntry("path", entry, Digest.of(b"x"))
        others = [
            replace(one, path="other"),
            replace(one, digest=Digest.of(b"y")),
            replace(one, link="path2"),
            *(
                replace(one, entry=replace(entry, **change))
                for change in (
                    {"mode": 0o600}, {"uid": 9}, {"gid": 9}, {"size": 9}, {"mtime_ns": 9}, {"xattrs": (("user.a", b"2"),)},
                )
            ),
        ]  # fmt: skip

        found = {Block((each,)).key("gzip") for each in (one, *others)}

        assert len(found) == len(others) + 1
        assert Block((one,)).key("zstd") not in found
        assert Block((one,), last=True).key("gzip") not in found
        assert Block((one,), begin=0).key("gzip") not in found
