"""Modules that are loaded when something of them is wanted."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from fakes.mill import SOURCE
from stagemill.cli.frame.later import load_later

SLOW = "import time\ncount = 0\ntime.sleep(0.2)\nvalue = 7\n"


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that nobody has loaded, and that takes a while."""
    (tmp_path / "later_slow.py").write_text(SLOW)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "later_slow", raising=False)
    return "later_slow"


def test_importing_it_does_not_load_it_and_asking_does(slow: str) -> None:
    load_later(slow)

    first, second = __import__(slow), __import__(slow)
    before = set(vars(first))

    assert first is second is sys.modules[slow]
    assert "value" not in before
    assert (first.value, type(first)) == (7, ModuleType)


def test_threads_that_ask_at_once_all_get_the_whole_module(slow: str) -> None:
    load_later(slow)
    module, found = __import__(slow), list[int]()

    threads = [threading.Thread(target=lambda: found.append(module.value)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [7] * 4


def test_what_it_does_not_have_is_an_attribute_error(slow: str) -> None:
    load_later(slow)

    with pytest.raises(AttributeError):
        _ = __import__(slow).other


def test_what_is_loaded_and_what_is_nowhere_stay_as_they_are() -> None:
    load_later("json")
    load_later("no_such_module_anywhere")

    assert sys.modules["json"] is json
    assert "no_such_module_anywhere" not in sys.modules


def test_names_may_be_imported_from_it() -> None:
    code = (
        "import sys\nfrom stagemill.cli.frame.later import load_later\nload_later('inspect')\nimport inspect\n"
        "print('ast' in sys.modules)\nfrom inspect import cleandoc\nprint(cleandoc(' a'), 'ast' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["False", "a", "True"]
