"""`Dates`: how the command line dates what is built: `--reproducible`, and buildah's flags for times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.cli.frame.command import Option
from stagemill.cli.frame.values import Values
from stagemill.errors import UsageError
from stagemill.graph.operations import STILL
from stagemill.plan.epoch import EPOCH, seconds
from stagemill.plan.request import Times
from stagemill.values import dataclass


def options() -> Iterator[Option]:
    """Of every command that builds."""
    yield Option(
        ["--reproducible"],
        is_flag=True,
        help="Make the same bytes every time: one date for all that is built, and no other time in it. [date: SOURCE_DATE_EPOCH, "
        "else the context's commit]",
    )
    yield Option(
        ["--source-date-epoch"], metavar="SECONDS", help="The date of the image, whatever SOURCE_DATE_EPOCH says."
    )


def of_layers() -> Iterator[Option]:
    """Of a command that writes images."""
    yield Option(
        ["--rewrite-timestamp"], is_flag=True, help="Let no file of the image's own layers be newer than its date."
    )
    yield Option(
        ["--timestamp"], metavar="SECONDS", help="Give the image, and every file of its own layers, this date."
    )


@dataclass(frozen=True, slots=True)
class Dates:
    """`given` is the text of SOURCE_DATE_EPOCH from a flag, None where there is none. `reserve` is the date of what is
    `still` and has no other, in seconds.
    """

    times: Times = "kept"
    given: str | None = None
    reserve: int = STILL

    @classmethod
    def of(cls, values: Values) -> Dates:
        """Raises UsageError for a date that is none, and for flags that say different things."""
        stamp = values.text("timestamp") if "timestamp" in values.given else None
        date = values.text("source_date_epoch")
        if stamp is not None and (date is not None or values.flag("reproducible")):
            other = "--reproducible" if date is None else "--source-date-epoch"
            hint = "--timestamp gives every file the date, the other only those that are newer: leave one out"
            raise UsageError(f"--timestamp and {other} say different things", hint=hint)
        for flag, text in ("--timestamp", stamp), ("--source-date-epoch", date):
            _check(flag, text)
        if stamp is not None:
            return cls("exact", stamp)
        if values.flag("reproducible"):
            return cls("still", date, _commit(values.text("context") or "."))
        return cls("clamped" if values.given.get("rewrite_timestamp") is True else "kept", date)

    def added(self, build_args: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
        """The build arguments with the date: of the flag, else their own, else of the environment."""
        own = {EPOCH: environment[EPOCH]} if EPOCH in environment else {}
        return {**own, **build_args, **({EPOCH: self.given} if self.given is not None else {})}


def _check(flag: str, text: str | None) -> None:
    if text is None:
        return
    try:
        seconds(text)  # words have their meaning only as a build argument
    except UsageError as error:
        raise UsageError(f"invalid {flag} {text!r}", hint=error.hint) from error


def _commit(context: str) -> int:
    """The time of the commit that a directory is at; STILL where it is in no repository."""
    from stagemill.cli.given.git_labels import commit_time

    found = commit_time(context)
    return STILL if found is None else found
