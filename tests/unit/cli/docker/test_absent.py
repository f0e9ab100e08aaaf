"""Commands of docker that there are not; each is tried in `test_commands.py`."""

from __future__ import annotations

import pytest

from stagemill.cli.docker.absent import absent, names
from stagemill.errors import StagemillError


def test_what_docker_does_not_have_either_is_none() -> None:
    assert absent("no-such") is None
    assert absent("image exec") is None
    assert absent("bake") is None


def test_a_container_has_the_same_by_its_longer_name() -> None:
    assert "container exec" in names()
    assert absent("container exec") is not None


@pytest.mark.parametrize("words", names())
def test_hints_name_commands_that_there_are(words: str) -> None:
    command = absent(words)
    assert command is not None
    assert command.callback is not None

    with pytest.raises(StagemillError) as caught:
        command.callback()

    assert caught.value.hint
    assert caught.value.message.startswith(f"{words} is not supported")
