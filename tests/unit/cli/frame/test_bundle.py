"""The code of modules in one file, each in a Python of its own, as they are loaded once only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.mill import SOURCE

PROGRAM = """\
import sys
from stagemill.cli.frame import bundle

sys.path.remove("")
used = bundle.use()
sys.path.insert(0, {place!r})
import one.two
bundle._WORTH = 1
bundle.renew(used)
print(one.two.WORD, type(one.two.__spec__.loader).__name__, one.__path__, one.two.__file__, one.two.__cached__)
"""

Run = Callable[..., list[str]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a package is, and what is compiled."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one/__init__.py").write_text("")
    write(tmp_path, "first")
    return tmp_path


@pytest.fixture
def run(place: Path) -> Run:
    """The words that a program prints which uses the package."""

    def execute(*flags: str, **settings: str) -> list[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{SOURCE}",
            "PYTHONPYCACHEPREFIX": str(place / "kept"),
        }
        text = PROGRAM.format(place=str(place))
        command = [sys.executable, *flags, "-c", text]
        done = subprocess.run(command, env=environment | settings, capture_output=True, text=True, check=True)
        return done.stdout.split()

    return execute


def write(place: Path, word: str) -> None:
    (place / "one/two.py").write_text(f"WORD = {word!r}\n")


def file(place: Path) -> Path:
    (found,) = place.glob("kept/**/modules.*.bin")
    return found


def test_the_second_time_modules_come_from_the_file(place: Path, run: Run) -> None:
    assert run()[:2] == ["first", "SourceFileLoader"]

    word, loader, path, source, cached = run()

    assert (word, loader) == ("first", "_Loader")
    assert (path, source) == (f"['{place / 'one'}']", str(place / "one/two.py"))
    assert cached.startswith(str(place / "kept"))


@pytest.mark.parametrize("word", ["later", "other and longer"])
def test_a_module_whose_source_changed_is_loaded_from_that(place: Path, run: Run, word: str) -> None:
    run()
    write(place, word)
    os.utime(place / "one/two.py", (1_600_000_000, 1_600_000_000))

    found = run()

    assert found[: len(word.split()) + 1] == [*word.split(), "SourceFileLoader"]
    assert run()[: len(word.split()) + 1] == [*word.split(), "_Loader"]


def test_a_module_that_is_gone_is_not_there(place: Path, run: Run) -> None:
    run()
    (place / "one/two.py").unlink()

    with pytest.raises(subprocess.CalledProcessError) as caught:
        run()

    assert "No module named 'one.two'" in caught.value.stderr


def test_for_another_path_or_interpreter_there_is_none(run: Run) -> None:
    run()

    assert run("-O")[1] == "SourceFileLoader"
    assert run(PYTHONPATH=f"{SOURCE}:/elsewhere")[1] == "SourceFileLoader"


@pytest.mark.parametrize("damage", [b"", b"\0" * 4096, b"\xff" * 4096])
def test_a_torn_file_is_none(place: Path, run: Run, damage: bytes) -> None:
    run()
    file(place).write_bytes(damage)

    assert run()[:2] == ["first", "SourceFileLoader"]
    assert run()[:2] == ["first", "_Loader"]


def test_code_that_is_torn_is_loaded_from_the_source(place: Path, run: Run) -> None:
    run()
    whole = file(place).read_bytes()
    end = 8 + int.from_bytes(whole[:8], "little")
    file(place).write_bytes(whole[:end] + bytes(len(whole) - end))

    assert run()[0] == "first"


def test_where_nothing_is_to_be_compiled_nothing_is_written(place: Path, run: Run) -> None:
    assert run(PYTHONDONTWRITEBYTECODE="1")[0] == "first"

    assert list(place.glob("kept/**/modules.*.bin")) == []


def test_a_program_that_loads_modules_from_where_it_is_called_has_none(place: Path, run: Run) -> None:
    run()
    text = PROGRAM.format(place=str(place)).replace('sys.path.remove("")\n', "")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{SOURCE}", "PYTHONPYCACHEPREFIX": str(place / "kept")}
    before = file(place).read_bytes()
    done = subprocess.run([sys.executable, "-c", text], env=environment, check=True, capture_output=True, text=True)

    assert done.stdout.split()[:2] == ["first", "SourceFileLoader"]
    assert file(place).read_bytes() == before


def test_what_was_loaded_before_stays_in_the_file(place: Path, run: Run) -> None:
    (place / "three.py").write_text("")
    run()
    more = PROGRAM.format(place=str(place)).replace("import one.two", "import three, one.two")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{SOURCE}", "PYTHONPYCACHEPREFIX": str(place / "kept")}
    subprocess.run([sys.executable, "-c", more], env=environment, check=True, capture_output=True)

    assert run()[:2] == ["first", "_Loader"]
