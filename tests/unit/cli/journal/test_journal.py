"""What is written down of a build."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.program import Call
from stagemill.cli.journal import document, journal
from stagemill.errors import StoreError
from stagemill.store.builds import BuildRow
from stagemill.store.store import Store

pytestmark = pytest.mark.root

TEXT = """\
FROM scratch AS a
ARG API_TOKEN=hidden-one
ENV MODE=prod
COPY <<EOF /secret
$API_TOKEN
EOF
COPY one /one
FROM scratch
COPY --from=a /one /two
"""


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "one").write_text("1")
    (folder / ".dockerignore").write_text("*.log\n!kept.log\n")
    (folder / "Dockerfile").write_text(TEXT)
    return folder


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(Path(os.environ["STAGEMILL_ROOT"])) as opened:
        yield opened


@pytest.mark.usefixtures("project")
class TestRows:
    def test_a_build_has_one_with_what_became_of_its_steps(self, stagemill: Call, store: Store, project: Path) -> None:
        assert stagemill("build", "-q", ".").status == 0

        (row,) = store.builds.latest(9)

        assert (row.result, row.ran, row.cached, row.title) == ("built", 3, 0, "stage-1")
        assert row.place == f"{project}\0Dockerfile"
        steps = json.loads(row.account)["steps"].values()
        assert [(state, bool(inputs)) for state, _, inputs, *_ in steps] == [("ran", True)] * 3
        assert all(0 <= begun <= row.seconds - took + 0.01 for _, took, _, _, begun in steps)

    def test_one_from_the_cache_has_nothing_but_the_row(self, stagemill: Call, store: Store) -> None:
        stagemill("build", "-q", ".")
        stagemill("build", "-q", ".")

        (again, first) = store.builds.latest(9)

        assert (again.result, again.ran, again.cached, again.account) == ("built", 0, 3, "")
        assert again.graph == first.graph

    def test_one_that_fails_is_written_down_too(self, stagemill: Call, store: Store, project: Path) -> None:
        (project / "Dockerfile").write_text("FROM scratch\nCOPY one /one\nCOPY --from=nosuch.example/x /a /b\n")
        assert stagemill("build", "-q", ".").status == 1
        assert store.builds.latest(9) == []

        (project / "Dockerfile").write_text("FROM scratch AS a\nCOPY one /one\nFROM scratch\nCOPY --from=a /gone /b\n")
        assert stagemill("build", "-q", ".").status == 1

        (row,) = store.builds.latest(9)
        states = [state for state, *_ in json.loads(row.account)["steps"].values()]
        assert (row.result, states) == ("failed", ["ran", "failed"])

    def test_the_flags_that_have_steps_made_again_are_in_it(self, stagemill: Call, store: Store) -> None:
        stagemill("build", "-q", ".")
        stagemill("build", "-q", "--no-cache-filter", "a", ".")
        stagemill("build", "-q", "--rerun", "7", ".")
        stagemill("build", "-q", "--no-cache", ".")

        none, again, some, _ = [json.loads(row.account or "{}") for row in store.builds.latest(9)]

        assert (none["no_cache"], some["fresh"], len(again["again"])) == (True, ["a"], 1)

    def test_no_value_of_a_secret_is_in_the_graph(self, stagemill: Call, store: Store) -> None:
        stagemill("build", "-q", "--build-arg", "API_TOKEN=hidden-two", ".")

        (row,) = store.builds.latest(9)
        text = store.builds.graph(row.graph) or ""

        assert "hidden-two" not in text + row.account
        whole = json.loads(text)
        values = whole["stages"][0]["values"]
        assert (values["MODE"], list(values["API_TOKEN"])) == ("prod", ["tag"])
        assert whole["ignore"] == ["*.log", "!kept.log"]
        assert whole["source"] == TEXT

    def test_a_store_that_cannot_be_written_to_stops_no_build(
        self, stagemill: Call, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_builds: object, _row: BuildRow) -> int:
            raise StoreError("the disk is full")

        monkeypatch.setattr("stagemill.store.builds.Builds.update", full)

        said = stagemill("build", "--progress=plain", ".")

        assert said.status == 0
        assert "#0 the build is not in stagemill builds: the disk is full" in said.err


def test_the_document_is_the_part_that_is_loaded_late() -> None:
    assert document.document.__module__ not in vars(journal)
