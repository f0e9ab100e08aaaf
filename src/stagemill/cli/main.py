"""`main`, where the program begins and ends: it finds the command, and turns whatever goes wrong into words and a status."""

from __future__ import annotations

import gc
import io
import os
import sys

TYPE_CHECKING = False  # for a type checker it is true; typing itself takes a while to load
if TYPE_CHECKING:
    from typing import NoReturn

    from stagemill.cli.again.unanswered import Unanswered

_COLLECT_AFTER = 200_000
"""New objects. What is made here seldom refers to itself, and to look for that among the files of a large context took a tenth
of the time of a build from the cache.
"""

_PATIENCE = 0.0005
"""Seconds that a thread waits for one that computes, instead of Python's 5 ms: who talks with a RUN waits ten times for it."""


def script() -> NoReturn:
    """What the installed command calls: `main`, and then the process ends at once.

    Python would take down everything that it has loaded, piece by piece: an eighth of the time of a small build.
    """
    status: object = 0
    try:
        main()
    except SystemExit as leave:
        status = leave.code or 0
    if _others_are_at_work():
        sys.exit(status if isinstance(status, int) else 1)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            if not stream.closed:
                stream.flush()
        except OSError as error:
            from stagemill.cli.frame.failure import report

            status = status or report(error)
    os._exit(status if isinstance(status, int) else 1)


def _others_are_at_work() -> bool:
    """Whether threads are not done that Python waits for: they may have files to take away."""
    import threading

    return any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread())


def main() -> None:
    """Runs the command line and leaves with its status: 0, 1 for an error, 2 for wrong usage, 130 for Ctrl-C."""
    if sys.argv[1:] in (["--version"], ["-V"], ["-v"]):
        from stagemill import __version__

        print(f"stagemill {__version__}")
        return
    gc.set_threshold(_COLLECT_AFTER)
    sys.setswitchinterval(_PATIENCE)
    _open_streams()
    from stagemill.cli.frame import bundle

    modules = bundle.use()
    from stagemill.cli.frame import stopping

    stopping.listen()
    try:
        status = run(sys.argv[1:])
        bundle.renew(modules)
        stopping.leave()
    except KeyboardInterrupt:  # a second one, while the first was being told
        stopping.leave()
        status = stopping.STOPPED
    sys.exit(status)


def _open_streams() -> None:
    """Streams that take every text. Somebody may have closed one: the next file to be opened would take its place."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: SIM115 - for as long as we live
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error has it


def run(arguments: list[str]) -> int:
    """The status of a command line."""
    try:
        unanswered = None
        if arguments[:1] == ["build"] and (asked := _question(arguments)):
            unanswered = _repeated(asked)
            if unanswered is None:
                return 0
        try:
            return _run(arguments, unanswered)
        finally:
            if unanswered:
                unanswered.close()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one catch-all: a bug is shown as one, without a traceback
        from stagemill.cli.frame.failure import report

        return report(error)


def _question(arguments: list[str]) -> str:
    """What a build is asked, where it may have been asked before."""
    from stagemill import __version__
    from stagemill.cli.again.question import question

    return question(arguments, os.environ, __version__)


def _repeated(asked: str) -> Unanswered | None:
    """None where a build is done because nothing has changed."""
    from stagemill.cli.again.replay import replay

    return replay(asked, os.environ)


def _run(arguments: list[str], unanswered: Unanswered | None) -> int:
    from stagemill.cli.frame.later import load_later

    load_later("inspect")  # with five modules more
    import click

    from stagemill.cli.commands import program

    try:
        status = program.main(arguments, prog_name="stagemill", standalone_mode=False, obj=unanswered)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        if error.message.startswith("Usage: "):  # no command at all: this is the help
            sys.stderr.write(f"{error.message}\n")
            return error.exit_code
        from stagemill.cli.frame.usage import told

        raise told(error) from error
    return status if isinstance(status, int) else 0
