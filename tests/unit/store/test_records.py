from __future__ import annotations

from dataclasses import replace

import pytest

from stagemill.digest import Digest
from stagemill.store.records import KEPT_NOTES, RECENT, Record
from stagemill.store.store import Store

RECORD = Record(
    key=Digest.of(b"key"),
    canonical=Digest.of(b"canonical"),
    result='{"layers": []}',
    ingredients='{"args": ["make"]}',
    name="[builder 2/4] RUN make",
    created=1764000000.25,
)


def test_a_record_is_found_by_its_key(store: Store) -> None:
    store.records.put(RECORD)

    assert store.records.get(RECORD.key) == RECORD
    assert store.records.get(Digest.of(b"another")) is None


def test_a_record_replaces_an_older_one_with_its_key(store: Store) -> None:
    newer = replace(RECORD, result='{"layers": ["x"]}', created=1764000001.0)
    store.records.put(RECORD)

    store.records.put(newer)

    assert store.records.all() == [newer]


def test_several_records_are_there_after_one_statement(store: Store) -> None:
    others = [replace(RECORD, key=Digest.of(bytes([n])), name=f"RUN {n}") for n in range(3)]
    store.records.put(replace(others[0], result="old"))

    store.records.put(RECORD, *others)

    assert store.records.all() == sorted([RECORD, *others], key=lambda record: record.key)


def test_a_removed_record_is_gone(store: Store) -> None:
    store.records.put(RECORD)

    store.records.remove(RECORD.key)

    assert store.records.get(RECORD.key) is None


def test_names_that_are_no_unicode_come_back_as_they_were(store: Store) -> None:
    odd = replace(RECORD, name="COPY \udcff /", ingredients='{"path": "\udcff\ud800"}', result="ü")

    store.records.put(odd)

    assert store.records.get(odd.key) == odd
    assert store.records.recent(odd.name) == [odd]


def test_recent_records_of_a_name_come_newest_first_and_not_all(store: Store) -> None:
    records = [replace(RECORD, key=Digest.of(bytes([n])), created=float(n)) for n in range(RECENT + 5)]
    for record in records:
        store.records.put(record)
    store.records.put(replace(RECORD, key=Digest.of(b"other"), name="other", created=1e9))

    assert store.records.recent(RECORD.name) == records[: -RECENT - 1 : -1]
    assert store.records.recent("nothing") == []


def test_what_a_content_was_made_of_is_remembered(store: Store) -> None:
    parts = (("src/app.js", "12ab"), ("src/\udcff", "34cd"))

    store.records.note(Digest.of(b"content"), parts)
    store.records.note(Digest.of(b"content"), parts)

    assert store.records.noted(Digest.of(b"content")) == parts
    assert store.records.noted(Digest.of(b"other")) is None


def test_old_notes_are_forgotten(store: Store) -> None:
    contents = [Digest.of(b"%d" % number) for number in range(KEPT_NOTES + 3)]
    for content in contents:
        store.records.note(content, [("a", "b")])

    remembered = [content for content in contents if store.records.noted(content)]

    assert remembered == contents[3:]


@pytest.mark.parametrize(
    "tampered", ["key = 'no digest'", "canonical = x'00'", "result = 5", "name = x'ff'", "created = 'soon'"]
)
def test_a_row_that_is_no_record_counts_as_not_there(store: Store, tampered: str) -> None:
    store.records.put(RECORD)
    store.database.change(f"UPDATE records SET {tampered}")

    assert store.records.get(RECORD.key) is None
    assert store.records.all() == []


def test_notes_that_take_more_than_there_is_room_for_are_forgotten_but_the_latest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = [Digest.of(str(number).encode()) for number in range(4)]
    noise = [(content.hex, content.hex) for content in contents]

    def remembered(most: int) -> list[Digest]:
        monkeypatch.setattr("stagemill.store.records.KEPT_NOTE_BYTES", most)
        store.records.note(Digest.of(f"at most {most}".encode()), noise)
        return [content for content in contents if store.records.noted(content)]

    for content in contents:
        store.records.note(content, noise)

    (size,) = store.database.rows(lambda row: row[0], "SELECT max(length(parts)) FROM notes")
    assert isinstance(size, int)
    assert remembered(3 * size) == contents[2:]
    assert remembered(1) == []
    assert store.database.rows(len, "SELECT content FROM notes") == [1]


@pytest.mark.parametrize("packed", ["x'00'", "x''", "'text'", "x'789c4b04000062006200'"])
def test_a_torn_note_counts_as_not_there(store: Store, packed: str) -> None:
    store.records.note(RECORD.key, [("a", "b")])
    store.database.change(f"UPDATE notes SET parts = {packed}")

    assert store.records.noted(RECORD.key) is None
