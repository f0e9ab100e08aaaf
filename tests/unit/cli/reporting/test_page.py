"""The page of a report: one file, that no word of a build can be anything in but a word."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from fakes.pasts import Drawn, build, keep
from stagemill.cli.reporting import page
from stagemill.cli.reporting.document import report
from stagemill.errors import StagemillError
from stagemill.insight.why.past import Past, PastStage
from stagemill.store.store import Store

HOSTILE = "</script></style><!--<img src=x onerror=alert(1)>\u2028'\"&\udcff\u202e"


class Elements(HTMLParser):
    """The elements of a page, and the texts of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in {"script", "style"} and data.strip():
            self.raw.append((self.found[-1][0], data))


def hostile() -> Past:
    one = Drawn(f"st{HOSTILE}")
    one.base(ref=HOSTILE)
    one.run(f"RUN {HOSTILE}")
    found = build(1, one.graph(source=f"FROM {HOSTILE}\n", stages=[PastStage(f"st{HOSTILE}", 1, (), {}, HOSTILE)]))
    return replace(found, title=HOSTILE, place=f"/{HOSTILE}\0{HOSTILE}")


def test_nothing_is_asked_for_and_only_its_own_scripts_and_styles_may_do_anything(store: Store, past: Past) -> None:
    keep(store, past)

    elements = Elements(page.page(report(store, None, None)).decode())

    (policy,) = [
        str(one["content"]) for tag, one in elements.found if one.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    own = [text for place, (_, text) in enumerate(elements.raw) if place != 1]  # which is the data
    allowed = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in own}
    assert set(re.findall(r"'sha256-([^']*)'", policy)) == allowed
    assert not [one for _, one in elements.found if {"src", "style", "onclick"} & one.keys()]
    assert {tag for tag, _ in elements.found}.isdisjoint({"link", "img", "iframe", "object", "base"})
    assert {one["href"][0] for tag, one in elements.found if tag == "a" and one["href"]} == {"#"}


def test_hostile_names_add_no_element_and_end_no_script(store: Store, past: Past) -> None:
    keep(store, past)
    plain = {tag for tag, _ in Elements(page.page(report(store, None, None)).decode()).found}
    keep(store, hostile())

    text = page.page(report(store, 2, None)).decode()
    elements = Elements(text)

    assert {tag for tag, _ in elements.found} <= plain
    assert [kind for kind, _ in elements.raw] == ["style", "script", "script", "script"]
    assert "\u202e" not in text
    data = json.loads(elements.raw[1][1])
    # U+2028 and U+202E, that end and turn lines, are not in what scripts show either.
    assert data["steps"][0]["text"] == "RUN </script></style><!--<img src=x onerror=alert(1)>'\"&\ufffd"


def test_the_data_is_ascii_without_a_character_that_means_anything_to_html() -> None:
    text = page.as_data({"a": [HOSTILE]})

    assert text.isascii()
    assert not set(text) & set("<>&")
    assert json.loads(text) == {"a": [HOSTILE]}


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(StagemillError) as raised:
        page.check()

    assert (raised.value.message, raised.value.hint) == ("jinja2 is not installed", "pip install 'stagemill[report]'")
