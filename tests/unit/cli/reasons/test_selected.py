"""What a COPY selected of a stage, read again later."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.program import Call
from stagemill.cli.reasons.reading import History
from stagemill.cli.reasons.selected import Selected
from stagemill.digest import Digest
from stagemill.graph.vertex import Selection
from stagemill.insight.why.past import PastStep
from stagemill.store.store import Store

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]
TEXT = "FROM scratch AS a\nCOPY one /d/one\nFROM scratch\nCOPY --from=a /d /e\n"


@pytest.fixture
def store(folder: Path, stagemill: Call) -> Iterator[Store]:
    """One that has the build of a file."""
    (folder / "one").write_text("1")
    (folder / "Dockerfile").write_text(TEXT)
    assert stagemill("build", "-q", ".").status == 0
    with Store.open(Path(os.environ["STAGEMILL_ROOT"])) as opened:
        yield opened


@pytest.fixture
def read(store: Store) -> tuple[PastStep, Selection, str]:
    """The stage, what the last COPY selects of it, and what that counted with."""
    history = History(store)
    build = history.past(history.row(None))
    (copy,) = (step for step in build.graph.steps.values() if step.text.startswith("COPY --from"))
    select = copy.inputs[1].selects
    assert select
    return build.graph.steps[copy.inputs[1].digest], select, build.outcomes[copy.digest].inputs[1]


def test_the_files_are_those_of_the_tree(store: Store, read: tuple[PastStep, Selection, str]) -> None:
    found = Selected(store)(*read)

    assert found
    assert list(found) == ["d", "d/one"]
    assert found["d/one"].startswith("file\x00644\x000:0\x001\x00")


def test_a_step_that_gives_something_else_now_is_not_what_it_was(
    store: Store, read: tuple[PastStep, Selection, str]
) -> None:
    stage, select, _ = read

    assert Selected(store)(stage, select, Digest.of(b"other")) is None
    assert Selected(store)(stage, Selection(("/gone",)), Digest.of(b"other")) is None


def test_what_was_pruned_has_none(store: Store, read: tuple[PastStep, Selection, str]) -> None:
    store.records.remove(Digest(read[0].digest))

    assert Selected(store)(*read) is None
