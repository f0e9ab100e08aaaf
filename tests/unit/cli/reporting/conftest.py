"""What tests of reports share: a store with a build that was drawn by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.pasts import Drawn, build
from stagemill.insight.why.past import Outcome, Past, PastStage
from stagemill.store.store import Store

SOURCE = "FROM busybox AS deps\nRUN npm ci\nFROM deps AS web\nRUN make\nRUN test\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def past() -> Past:
    """`deps` was cached; of `web` two RUNs ran one after the other, a second each."""
    one = Drawn("deps")
    below = one.base()
    ci = one.run("RUN npm ci")
    one.begin("web")
    one.last = ci
    make = one.run("RUN make")
    test = one.run("RUN test")
    stages = [PastStage("deps", 1, (), {}, "busybox"), PastStage("web", 3, (), {}, "deps")]
    found = build(1, one.graph(source=SOURCE, stages=stages), ran=[make, test])
    begun = {make: Outcome("ran", 1.0, begun=0.5), test: Outcome("ran", 2.0, begun=1.5), ci: Outcome("cached")}
    assert below not in begun
    return replace(found, title="web", outcomes=begun)
