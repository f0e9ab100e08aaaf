"""What is known of URLs."""

from __future__ import annotations

from stagemill.digest import Digest
from stagemill.store.downloads import Download
from stagemill.store.store import Store

URL = "https://h/x?token=secret-token"


def test_the_last_download_of_a_url_is_known(store: Store) -> None:
    first, second = (Download(Digest.of(text), '"e"', "Mon") for text in (b"1", b"2"))
    assert store.downloads.get(URL) is None

    store.downloads.put(URL, first)
    store.downloads.put(URL, second)

    assert store.downloads.get(URL) == second
    assert store.downloads.get("https://h/x") is None


def test_a_url_is_not_readable_in_the_store(store: Store) -> None:
    store.downloads.put(URL, Download(Digest.of(b""), "", ""))
    store.close()

    assert not any(b"secret-token" in path.read_bytes() for path in store.root.rglob("*") if path.is_file())


def test_an_entry_that_is_damaged_counts_as_none(store: Store) -> None:
    store.downloads.put(URL, Download(Digest.of(b""), "", ""))
    store.database.change("UPDATE downloads SET content = 'sha256:?'")

    assert store.downloads.get(URL) is None
