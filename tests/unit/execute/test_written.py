from __future__ import annotations

import pytest

from stagemill.digest import Digest
from stagemill.execute.written import Written
from stagemill.files import folded
from stagemill.files.view import Entry
from stagemill.layer.index import IndexEntry


def test_what_is_known_of_files_comes_back_from_where_it_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded, "MOST", 4)
    facts: dict[str, Digest | IndexEntry] = {}
    for path in ["top", "\udcff/x", *(f"d{number}/f{inner}" for number in range(9) for inner in range(3))]:
        entry = Entry("file", 0o4755, 1, 2, len(path), -5, xattrs=(("user.a", b"\0"),))
        facts[path] = IndexEntry(path, entry, Digest.of(path.encode("utf-8", "surrogateescape")))
        facts[f"{path}.link"] = Digest.of(b"of two names")
    written = Written()

    written.update(facts)

    assert dict(written) == facts
    assert {path: written.get(path) for path in reversed(facts)} == facts
