from __future__ import annotations

from fakes.planning import planned
from stagemill.plan.depth import MOST_LAYERS, too_deep


def found(layers: int) -> str | None:
    return too_deep(planned("FROM scratch\n" + "RUN x\nENV A=1\n" * layers).target.image)


def test_an_image_with_more_layers_than_docker_runs_is_told() -> None:
    assert found(MOST_LAYERS) is None
    said = found(MOST_LAYERS + 1)

    assert said is not None
    assert said.startswith("the image has 128 layers, and Docker runs none with more than 127\nhint: write several")
