"""Where the program begins and ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import stagemill
from fakes.mill import COMMAND, SOURCE
from stagemill.cli import commands
from stagemill.cli.main import main, run


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--version"], 0), (["-h"], 0), (["build", "-h"], 0), (["nothing"], 2), (["tag", "one"], 2)],
)
def test_the_status_says_how_it_went(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == status


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("boom"), 1), (KeyboardInterrupt(), 130), (OSError(5, "broken"), 1)]
)
def test_whatever_is_raised_becomes_words(
    error: BaseException,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def raises(*_arguments: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr(commands.program, "main", raises)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    assert run(["images"]) == status
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_one_line(
    flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["stagemill", flag])

    main()

    assert capsys.readouterr().out == f"stagemill {stagemill.__version__}\n"


def called(*arguments: str, **streams: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [*COMMAND, *arguments], env={"PYTHONPATH": str(SOURCE)}, check=False, timeout=60, **streams
    )


def test_it_can_be_called_as_a_module() -> None:
    done = called("--help", capture_output=True)

    assert done.returncode == 0
    assert done.stdout.startswith(b"Usage: stagemill ")


def test_nobody_listening_is_no_traceback() -> None:
    done = subprocess.run(
        f"{' '.join(COMMAND)} build --help | true",
        shell=True,
        env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


def test_it_ends_without_being_taken_down(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import atexit\natexit.register(print, 'taken down')\n")
    done = subprocess.run(
        [*COMMAND, "tag", "-h"],
        env={"PYTHONPATH": f"{tmp_path}:{SOURCE}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.startswith("Usage: stagemill tag")
    assert "taken down" not in done.stdout


def test_what_could_not_be_said_is_an_error() -> None:
    with Path("/dev/full").open("wb") as full:
        done = called("--help", stdout=full, stderr=subprocess.PIPE)

    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "error: the system refused: No space left on device",
        "hint: free some space and try again; nothing that was finished is lost",
    ]


@pytest.mark.parametrize(("arguments", "status"), [(("--version",), 0), (("nothing",), 2), (("tag", "-h"), 0)])
def test_its_status_is_that_of_the_process(arguments: tuple[str, ...], status: int) -> None:
    assert called(*arguments, capture_output=True).returncode == status


def test_signals_are_the_systems_again_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    monkeypatch.setattr(sys, "argv", ["stagemill", "nothing"])
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    try:
        with pytest.raises(SystemExit) as caught:
            main()
        after = [signal.getsignal(number) for number in before]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert caught.value.code == 2
    assert after == [signal.SIG_DFL, signal.SIG_DFL, signal.SIG_IGN]


def test_little_is_looked_through_for_what_refers_to_itself() -> None:
    script = "import atexit, gc; atexit.register(lambda: print(gc.get_threshold()[0])); from stagemill.cli.main import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", script, "tag", "-h"], env={"PYTHONPATH": SOURCE}, capture_output=True, check=True
    )

    assert int(done.stdout.split()[-1]) >= 100_000
