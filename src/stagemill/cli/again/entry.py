"""The row of `stagemill builds` that a build has which is answered from a receipt, as `store.builds` would write it."""

from __future__ import annotations

TYPE_CHECKING = False  # for a type checker it is true; typing itself takes a while to load
if TYPE_CHECKING:
    import sqlite3

    from stagemill.cli.again.forms import Entry

_KEPT = 200
_EVERY = 16


def write(state: sqlite3.Connection, entry: Entry, *, begun: float, seconds: float) -> None:
    """Part of the transaction that is open; the oldest builds are forgotten in time."""
    if not entry["graph"]:
        return
    place, title = (entry[name].encode("utf-8", "surrogatepass") for name in ("place", "title"))
    number = state.execute(
        "INSERT INTO builds (begun, seconds, result, place, title, ran, cached, graph, account) "
        "VALUES (?, ?, 'built', ?, ?, 0, ?, ?, x'')",
        (begun, seconds, place, title, entry["steps"], entry["graph"]),
    ).lastrowid
    if number and number % _EVERY == 0:
        state.execute("DELETE FROM builds WHERE number <= ?", (number - _KEPT,))
