from __future__ import annotations

import json

import pytest

from stagemill.files.folded import Folded, FoldedPaths


def packed(values: dict[str, int]) -> bytes:
    return json.dumps(values).encode()


def unpacked(data: bytes) -> dict[str, int]:
    found: dict[str, int] = json.loads(data)
    return found


@pytest.fixture
def folded() -> Folded[int]:
    return Folded(packed, unpacked, most=10)


def test_what_was_put_is_there_however_much_came_after_it(folded: Folded[int]) -> None:
    written = {f"d{folder}": {f"f{number}": folder * number for number in range(4)} for folder in range(30)}
    for folder, values in written.items():
        folded.put(folder, values)

    assert {folder: folded.get(folder) for folder in written} == written
    assert {folder: folded.look(folder) for folder in reversed(written)} == written
    assert sorted(folded.folders()) == sorted(written)
    assert ("d7" in folded, "d30" in folded, folded.get("d30")) == (True, False, None)


def test_only_so_many_are_held_as_they_are(folded: Folded[int]) -> None:
    first = {"a": 1}
    folded.put("first", first)
    before = folded.get("first") is first
    for number in range(20):
        folded.put(f"d{number}", {"f": number})

    assert (before, folded.get("first") is first, folded.get("first") == first) == (True, False, True)


def test_what_is_added_to_a_folder_that_was_packed_stays(folded: Folded[int]) -> None:
    for number in range(30):
        folded.put(f"d{number}", {"a": number})

    for number in range(30):
        values = folded.get(f"d{number}")
        assert values is not None
        values["b"] = -number
        folded.changed(f"d{number}")

    assert [folded.get(f"d{number}") for number in range(30)] == [{"a": number, "b": -number} for number in range(30)]


def test_a_large_folder_is_held_while_it_is_used(folded: Folded[int]) -> None:
    values = {f"f{number}": number for number in range(100)}
    folded.put("d", values)

    assert folded.get("d") is values


def test_paths_are_found_changed_and_taken_away_wherever_they_are_held() -> None:
    paths = FoldedPaths(packed, unpacked, most=10)
    names = ["top", *(f"d{number % 9}/e/f{number}" for number in range(100))]
    for value, name in enumerate(names):
        paths[name] = value

    for name in names[::2]:
        paths[name] = -1
    for name in names[::3]:
        del paths[name]

    expected = {name: -1 if value % 2 == 0 else value for value, name in enumerate(names) if value % 3}
    assert dict(paths) == expected
    assert {name: paths.get(name) for name in names} == {name: expected.get(name) for name in names}
    assert len(paths) == len(expected)
    assert ("top" in paths, "d1/e/f1" in paths, "no/such" in paths) == ("top" in expected, True, False)
    with pytest.raises(KeyError):
        del paths["no/such"]


def test_a_folder_that_was_cleared_is_not_there(folded: Folded[int]) -> None:
    for number in range(30):
        folded.put(f"d{number}", {"a": number})

    folded.clear()

    assert (folded.folders(), folded.get("d1"), folded.get("d29")) == ([], None, None)
