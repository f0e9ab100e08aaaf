"""The images of the stages below a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.workshop import Workshop
from stagemill import events
from stagemill.build import Options, every_stage
from stagemill.cli.results import stages
from stagemill.cli.results.targets import Target
from stagemill.errors import UsageError
from stagemill.execute.base import read_image
from stagemill.store.store import Store

TEXT = (
    "FROM scratch AS build\nLABEL own=1\nCOPY a /\nFROM scratch AS other\nCOPY a /b\nFROM build\nCOPY --from=1 /b /\n"
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app", ["docker.io/library/app:build", "docker.io/library/app:other"]),
        ("host:5000/a/b:1", ["host:5000/a/b:1-build", "host:5000/a/b:1-other"]),
        (f"app:{'x' * 128}", [f"docker.io/library/app:{'x' * 128}"]),
    ],
)
def test_they_are_called_after_the_target(tmp_path: Path, name: str, expected: list[str]) -> None:
    with Store.open(tmp_path / "store") as store:
        workshop = Workshop(tmp_path, store)
        built = workshop.build(TEXT, files={"a": "1"}, options=Options(more=every_stage))

        stages.save([built], [[name]], labels={"who": "ci"}, index=False, listener=workshop.heard.append)

        assert sorted(reference for reference, _, _ in store.images.all()) == expected


def test_they_have_their_own_labels_and_those_that_are_given(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        workshop = Workshop(tmp_path, store)
        built = workshop.build(TEXT, files={"a": "1"}, options=Options(more=every_stage))

        stages.save([built], [["app"]], labels={"who": "ci"}, index=False, listener=workshop.heard.append)

        found = {reference: read_image(store, descriptor.digest) for reference, descriptor, _ in store.images.all()}
        assert found["docker.io/library/app:build"].config.config.labels == {"own": "1", "who": "ci"}
        assert found["docker.io/library/app:other"].config.config.labels == {"who": "ci"}
        assert [event.text for event in workshop.events(events.Notice)] == [
            "the stage build is kept as app:build",
            "the stage other is kept as app:other",
        ]


def test_a_target_without_a_name_has_nothing_to_call_them_after() -> None:
    stages.check([Target("a"), Target("b", ("docker.io/library/b:latest",))], [])
    stages.check([Target()], ["docker.io/library/app:latest"])

    with pytest.raises(UsageError, match="which has no name"):
        stages.check([Target("a")], [])
