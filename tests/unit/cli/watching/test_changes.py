"""What the kernel tells of files that change."""

from __future__ import annotations

from pathlib import Path
from queue import Queue

import pytest

from stagemill.cli.watching import changes
from stagemill.cli.watching.changes import Changes
from stagemill.cli.watching.scope import Scope, scope
from stagemill.errors import StagemillError


@pytest.fixture
def what(tmp_path: Path) -> Scope:
    folder = tmp_path / "app"
    (folder / "src").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / ".dockerignore").write_text("skip\n")
    (folder / "skip").mkdir()
    for name in ("a", "old"):
        (folder / "src" / name).write_text("1")
    return scope(str(folder), None)


def told_of(told: Queue[frozenset[str] | StagemillError], *paths: str) -> set[str]:
    """All that is told until these are; where a thread is late, what belongs together is told in parts."""
    found: set[str] = set()
    while not found.issuperset(paths):
        news = told.get(timeout=60)
        assert isinstance(news, frozenset)
        found |= news
    return found


def test_what_changed_since_it_began_is_told_also_before_anybody_listens(what: Scope) -> None:
    told: Queue[frozenset[str] | StagemillError] = Queue()
    root = Path(what.trees[0].root)
    found = Changes(what, told.put)
    (root / "skip/x").write_text("not seen")
    (root / "src/a").write_text("2")

    with found:
        first = told_of(told, f"{root}/src/a")
        (root / "src/old").rename(root / "src/new")
        second = told_of(told, f"{root}/src/old", f"{root}/src/new")

    assert first == {f"{root}/src/a"}
    assert second - first == {f"{root}/src/old", f"{root}/src/new"}


def test_a_file_that_takes_the_place_of_the_dockerfile_is_a_change(what: Scope) -> None:
    told: Queue[frozenset[str] | StagemillError] = Queue()
    root = Path(what.trees[0].root)

    with Changes(what, told.put):
        (root.parent / "new").write_text("FROM scratch\n")
        (root.parent / "new").rename(root / "Dockerfile")

        assert told.get(timeout=60) == frozenset({f"{root}/Dockerfile"})


def test_a_limit_of_the_system_is_told_with_what_raises_it(what: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "OS file watch limit reached")

    monkeypatch.setattr(changes, "RustNotify", refuse)

    with pytest.raises(StagemillError) as caught:
        Changes(what, lambda _: None)

    assert "cannot be watched" in caught.value.message
    assert "fs.inotify.max_user_watches" in (caught.value.hint or "")
