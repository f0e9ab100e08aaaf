"""The list of what can be asked for. Source: BuildKit, frontend/subrequests."""

from __future__ import annotations

from stagemill.subrequests import form
from stagemill.subrequests.form import Value
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One kind of request; `options` are what it takes, by name, with what they mean; None where nobody says."""

    name: str
    description: str
    options: tuple[tuple[str, str], ...] | None = ()
    results: tuple[str, ...] = ("result.json", "result.txt")


REQUESTS = (
    Request("outline", "List all parameters current build target supports", (("target", "Target build stage"),)),
    Request("targets", "List all targets current build supports"),
    Request("lint", "Lint a Dockerfile", results=("result.json", "result.txt", "result.statuscode")),
    Request("subrequests.describe", "List available subrequest types", options=None),
)
_VERSION = "1.0.0"


def text() -> str:
    rows = [(request.name, _VERSION, request.description) for request in REQUESTS]
    return form.table([("NAME", "VERSION", "DESCRIPTION"), *rows], padding=1)


def json() -> str:
    return form.document([_request(request) for request in REQUESTS])


def _request(request: Request) -> dict[str, Value]:
    options: Value = None
    if request.options is not None:
        options = [{"name": name, "description": meaning} for name, meaning in request.options]
    return {
        "name": f"frontend.{request.name}",
        "version": _VERSION,
        "type": "rpc",
        "description": request.description,
        "opts": options,
        "inputs": None,
        "metadata": [{"name": name, "description": ""} for name in request.results],
        "refs": None,
    }
