"""Whatever a lock holds, it is read again as it was written, and its text does not depend on the order of anything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stagemill.digest import Digest
from stagemill.lock.change import changes
from stagemill.lock.document import parse, serialize
from stagemill.lock.entries import (
    Entry,
    Lock,
    LockedFile,
    LockedImage,
    LockedPackages,
    LockedRepository,
    LockedSnapshot,
    Variant,
)

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
DIGEST = st.binary(max_size=2).map(Digest.of)
SIZE = st.integers(0, 1 << 62)
VARIANT = st.builds(
    Variant, st.sampled_from(["linux/amd64", "linux/arm64", "linux/arm/v7"]), DIGEST, SIZE, st.one_of(st.just(""), TEXT)
)
NAME = st.sampled_from(["docker.io/library/a:1", "docker.io/library/a:2", "h.example:5000/b/c:latest"])
VARIANTS = st.lists(VARIANT, max_size=3, unique_by=lambda one: one.platform).map(
    lambda found: tuple(sorted(found, key=lambda one: one.platform))
)
COMMIT = st.text("0123456789abcdef", min_size=40, max_size=40)
ENTRY: st.SearchStrategy[Entry] = st.one_of(
    st.builds(LockedImage, NAME, DIGEST, VARIANTS),
    st.builds(LockedFile, TEXT, DIGEST, SIZE),
    st.builds(LockedRepository, TEXT, st.one_of(st.just(""), TEXT), COMMIT, st.sampled_from(["", "refs/heads/main"])),
    st.builds(LockedPackages, TEXT, DIGEST, TEXT),
    st.builds(LockedSnapshot, TEXT, TEXT),
)
ENTRIES = st.lists(ENTRY, max_size=6, unique_by=lambda entry: (type(entry), entry.key))


@given(ENTRIES)
def test_a_lock_is_read_as_it_was_written(entries: list[Entry]) -> None:
    lock = Lock(tuple(entries))

    assert parse(serialize(lock), "x") == lock
    assert serialize(Lock(tuple(reversed(entries)))) == serialize(lock)


@given(ENTRIES, ENTRIES)
def test_changes_are_what_makes_one_lock_of_another(one: list[Entry], other: list[Entry]) -> None:
    old, new = Lock(tuple(one)), Lock(tuple(other))
    found = list(changes(old, new))

    gone = {change.old for change in found}
    made = Lock((*(entry for entry in old if entry not in gone), *(change.new for change in found if change.new)))
    assert made == new
    assert {(change.kind, change.key) for change in found} == {(back.kind, back.key) for back in changes(new, old)}
