"""`stagemill version`."""

from __future__ import annotations

import json

import pytest

import stagemill
from stagemill.cli.main import run


def test_it_is_for_people_unless_a_form_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Version: {stagemill.__version__}"
    assert lines[-1] == "Server:  none, stagemill does the work itself"


def test_a_form_is_a_template_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "-f", "{{.Client.Version}}"]) == 0
    assert run(["version", "--format=json"]) == 0

    one, whole = capsys.readouterr().out.splitlines()
    assert one == stagemill.__version__
    assert json.loads(whole)["Server"]["Version"] == stagemill.__version__


def test_what_there_is_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "-f", "{{.Client.ApiVersion}}"]) == 2
    assert "there is no field .ApiVersion" in capsys.readouterr().err
