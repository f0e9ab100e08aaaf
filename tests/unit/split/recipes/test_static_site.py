"""Static sites."""

from __future__ import annotations

import pytest

from fakes.splitting import drafted, facts_of, refusal, runtime
from stagemill.split.recipes.static_site import Served, served

TEXT = "FROM node:22\nWORKDIR /site\nCOPY . .\nRUN npm run build\nEXPOSE 4000\nCMD {}\n"


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("npx serve -l 3000 dist", Served("/site/dist", "3000", "serve")),
        ("npx --yes http-server ./out -p 80", Served("/site/out", "80", "http-server")),
        ("serve dist", Served("/site/dist", "4000", "serve")),
        ("npx vite preview --port=5000", Served("/site/dist", "5000", "vite")),
        ("python3 -m http.server 8000 --directory /www", Served("/www", "8000", "http.server")),
        ("npx serve -s dist -l tcp://0.0.0.0:3000", Served("/site/dist", "3000", "serve", single=True)),
        ("node server.js", None),
    ],
)
def test_a_server_says_what_it_serves(command: str, found: Served | None) -> None:
    assert served(facts_of(TEXT.format(command))) == found


def test_pages_are_served_by_busybox() -> None:
    assert runtime(TEXT.format("npx serve dist"), {"src/a": ""}) == [
        "FROM busybox AS runtime",
        "WORKDIR /site",
        "COPY --from=builder /site/dist ./dist",
        "EXPOSE 4000",
        'CMD ["busybox", "httpd", "-f", "-p", "4000", "-h", "/site/dist"]',
    ]
    assert drafted(TEXT.format("npx serve dist"), {"src/a": ""}).kind == "site"


def test_what_busybox_cannot_do_is_refused() -> None:
    assert "unknown paths lead to one page" in refusal(TEXT.format("npx serve -s dist"))[0]
    assert "the sources are served" in refusal(TEXT.format("npx serve"))[0]
