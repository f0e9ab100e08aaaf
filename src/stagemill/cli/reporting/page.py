"""`page`: a report as one file of HTML that needs nothing else and asks nobody.

All of a build's words are data: the template escapes them, and scripts see them as text of one JSON element. A policy within the
page lets only its own two scripts and its style sheet do anything, by their digests.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from stagemill.cli.frame import table
from stagemill.cli.progress.text import harmless
from stagemill.cli.reporting.document import Report
from stagemill.errors import StagemillError
from stagemill.insight.picture import svg
from stagemill.insight.picture.picture import took
from stagemill.oci.document import Json

if TYPE_CHECKING:
    from jinja2 import Environment

_MARKS = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})


def check() -> None:
    """Raises StagemillError where the library for pages is missing."""
    if importlib.util.find_spec("jinja2") is None:
        raise StagemillError("jinja2 is not installed", hint="pip install 'stagemill[report]'")


def page(report: Report) -> bytes:
    check()
    style, library, script = (_asset(name) for name in ("page.css", "d3-hierarchy.min.js", "page.js"))
    style += svg.SHAPES
    document = shown(report.document)
    text = (
        _environment()
        .from_string(_asset("page.html.j2"))
        .render(
            build=document["build"],
            document=document,
            data=as_data(document),
            graph=svg.svg(report.picture, alone=False),
            style=style,
            scripts=(library, script),
            policy=policy(styles=[style], scripts=[library, script]),
        )
    )
    return text.encode("utf-8", "replace")


def shown(document: Mapping[str, Json]) -> dict[str, Json]:
    """The same, where no text has anything in it that does more than show characters, such as turning writing round."""
    return {name: _shown(value) for name, value in document.items()}


def _shown(value: Json) -> Json:
    match value:
        case str():
            return "\n".join(map(harmless, value.split("\n")))
        case Mapping():
            return shown(value)
        case list() | tuple():
            return [_shown(item) for item in value]
        case _:
            return value


def as_data(document: Mapping[str, Json]) -> str:
    """JSON that nothing can end but the element that it stands in: it has no `<`, `>`, `&`, and ASCII only."""
    return json.dumps(document, separators=(",", ":")).translate(_MARKS)


def policy(*, styles: Sequence[str], scripts: Sequence[str]) -> str:
    """Source: Content Security Policy Level 3, 2.3.1 (hash-source)."""
    allowed = {"style-src": styles, "script-src": scripts}
    return "; ".join(
        [
            "default-src 'none'",
            *(f"{what} {' '.join(map(_hash, texts))}" for what, texts in allowed.items()),
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return files("stagemill.cli.reporting").joinpath("assets", name).read_text("utf-8")


def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["size"] = table.size
    environment.filters["took"] = took
    environment.filters["line"] = harmless
    return environment
