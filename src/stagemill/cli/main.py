"""`main`, where the program begins and ends: it finds the command, and turns whatever goes wrong into words and a status."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Runs the command line and leaves with its status: 0, 1 for an error, 2 for wrong usage, 130 for Ctrl-C."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from stagemill import __version__

        print(f"stagemill {__version__}")
        return
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The status of a command line."""
    import click

    from stagemill.cli.commands import program
    from stagemill.cli.failure import report

    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = program.main(arguments, prog_name="stagemill", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one catch-all: a bug is shown as one, without a traceback
        return report(error)
    return status if isinstance(status, int) else 0


def _terminate(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
