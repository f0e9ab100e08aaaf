"""`stagemill ps`: a list of nothing."""

from __future__ import annotations

import pytest

from stagemill.cli.main import run


def test_the_list_has_heads_alone_and_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ps", "-a", "--no-trunc", "-s", "-n", "3", "--filter", "name=web"]) == 0

    said = capsys.readouterr()
    assert said.out.split() == ["CONTAINER", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
    assert said.err.startswith("note: there is no daemon that keeps containers; ")


@pytest.mark.parametrize("arguments", [("-q",), ("-aq",), ("-ql", "-f", "status=exited")])
def test_there_are_no_ids(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ps", *arguments]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_template_has_nothing_to_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ps", "--format", "{{.Names}}"]) == 0
    assert run(["ps", "--format", "table {{.Names}}"]) == 0
    assert capsys.readouterr().out == "NAMES\n"
