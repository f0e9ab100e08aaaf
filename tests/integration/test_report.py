"""The page of a build in a real Chromium, from a file: what it shows, keys, colours, phones, hostile words, a thousand steps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.browser import Browser, browsing
from fakes.mill import Mill
from fakes.pasts import Drawn, build, keep
from stagemill.cli.reporting.document import report
from stagemill.cli.reporting.page import page
from stagemill.insight.why.past import Outcome, Past
from stagemill.store.store import Store

EVIL = "<img src=x onerror=\"document.title='hurt'\"></script><script>document.title='hurt'</script>"
FILE = f"""\
FROM busybox AS tool
RUN head -c 300000 /dev/zero > /tool
FROM busybox AS web
COPY --from=tool /tool /bin/tool
RUN printf '%s\\n' "{EVIL.replace('"', "'")}" && echo '\033[31mred\033[0m'
RUN head -c 500000 /dev/zero > /data
"""
ROWS = "[...document.querySelectorAll('#list tbody tr')]"
SHOWN = f"{ROWS}.filter((row) => !row.hidden)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _silent(browser: Browser) -> Iterator[None]:
    """Whatever a test does, the page complains of nothing and asks nobody."""
    browser.complaints.clear()
    browser.asked.clear()
    yield
    assert browser.complaints == []
    assert [url for url in browser.asked if not re.fullmatch(r"file:///\S+\.html", url)] == []


@pytest.fixture(scope="module")
def written(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a second build, in which the last two steps ran."""
    home = tmp_path_factory.mktemp("report")
    mill = base.copy(home / "mill")
    mill.build(FILE)
    mill.build(FILE.replace("500000", "600000").replace("red", "blue"), "--report", str(home / "out.html"))
    return home / "out.html"


def text(browser: Browser, selector: str) -> str:
    return str(browser.value(f"document.querySelector({selector!r}).innerText"))


def test_it_opens_from_a_file_and_shows_all_parts(browser: Browser, written: Path) -> None:
    browser.open(written)

    assert browser.value("document.title") == "build 3 of web"
    assert browser.value(f"{ROWS}.map((row) => row.cells[3].innerText)") == ["cached", "cached", "ran", "ran"]
    assert browser.value("document.querySelectorAll('.bar').length") == 2
    assert browser.value("document.querySelectorAll('#graph .row').length") == 4
    assert "web" in text(browser, "#map")
    assert "ImageTagMissing" in text(browser, "#findings")
    assert text(browser, "#against h2") == "Changes since build 2"
    assert "+RUN head -c 600000 /dev/zero > /data" in text(browser, "#against .diff")
    files = "[...document.querySelectorAll('#against .files tbody tr')].map((row) => row.innerText)"
    assert browser.value(files) == ["changed\t/data\t500 kB\t600 kB\tcontent (500000 → 600000 bytes)"]
    assert browser.value("document.querySelector('.bar title').textContent").startswith("web line 5: RUN printf")


def test_a_graph_is_made_smaller_to_fit_but_not_so_that_nobody_can_read_it(browser: Browser, written: Path) -> None:
    widths = {}
    for width in (1280, 800, 400):
        browser.open(written, width=width)
        widths[width] = browser.value("document.querySelector('#graph svg').getBoundingClientRect().width")

    natural = browser.value("document.querySelector('#graph svg').viewBox.baseVal.width")
    assert widths[1280] == natural
    assert 0.7 * natural < widths[800] < 800
    assert widths[400] == pytest.approx(0.7 * natural, abs=1)


def test_hostile_words_are_only_words(browser: Browser, written: Path) -> None:
    browser.open(written)
    browser.value(f"{ROWS}[2].focus()")
    browser.press("Enter")

    assert browser.value("document.querySelector('#detail').open") is True
    log = text(browser, "#detail-log").splitlines()
    assert log == [EVIL.replace('"', "'"), "blue"]
    assert browser.value("document.querySelectorAll('img').length") == 0
    assert browser.value("document.title") == "build 3 of web"


def test_the_policy_of_the_page_stops_a_script_that_got_in(browser: Browser, written: Path) -> None:
    browser.open(written)

    browser.value(
        "(() => { const one = document.createElement('script'); one.textContent = \"document.title = 'hurt'\";"
        " document.body.append(one); })()"
    )

    assert browser.value("document.title") == "build 3 of web"
    assert any("Content Security Policy" in said for said in browser.complaints)
    browser.complaints.clear()


def test_keys_go_everywhere(browser: Browser, written: Path) -> None:
    browser.open(written)

    browser.press("j")
    browser.press("j")
    assert browser.value(f"{ROWS}.indexOf(document.activeElement)") == 1
    browser.press("k")
    browser.press("Enter")
    assert "line 2" in text(browser, "#detail-facts")
    browser.press("Escape")
    assert browser.value("document.querySelector('#detail').open") is False
    browser.press("4")
    assert browser.value("document.activeElement.id") == "sizes"
    browser.press("?")
    assert browser.value("document.querySelector('#keys').open") is True


def test_steps_are_filtered(browser: Browser, written: Path) -> None:
    browser.open(written)

    browser.press("/")
    for key in "tool":
        browser.press(key)
    assert browser.value(f"{SHOWN}.length") == 2
    assert text(browser, "#count") == "2 of 4"
    browser.value("document.querySelector('#only').click()")
    assert browser.value(f"{SHOWN}.length") == 0


def test_sizes_are_gone_into_and_out_of(browser: Browser, written: Path) -> None:
    browser.open(written)

    browser.value("[...document.querySelectorAll('#map button')].find((one) => one.title.startsWith('web')).click()")
    assert "RUN head -c 600000" in text(browser, "#map")
    grey = "[...document.querySelectorAll('#map .brought')].map((one) => one.title.split(':')[0])"
    assert browser.value(grey) == ["FROM busybox"]
    assert browser.value("document.querySelectorAll('#crumbs button').length") == 2
    browser.press("Backspace")
    assert browser.value("document.querySelectorAll('#crumbs button').length") == 1


def test_tab_goes_once_through_a_list_and_arrows_within_it(browser: Browser, written: Path) -> None:
    browser.open(written)
    stops = []
    for _ in range(40):
        browser.press("Tab")
        stops.append(browser.value("document.activeElement.closest('#list, #map, #theme, #filter')?.id ?? ''"))
        seen = browser.value("getComputedStyle(document.activeElement).outlineStyle")
        assert seen != "none" or stops[-1] == ""
    assert [one for one in stops if one][:4] == ["theme", "filter", "list", "map"]

    browser.value("document.querySelector('#map button').focus()")
    browser.press("ArrowRight")
    assert browser.value("[...document.querySelectorAll('#map button')].indexOf(document.activeElement)") == 1
    browser.press("ArrowLeft")
    browser.press("ArrowUp")
    assert browser.value("[...document.querySelectorAll('#map button')].indexOf(document.activeElement)") == 0
    assert browser.value("document.querySelectorAll('#map button[tabindex=\\'0\\']').length") == 1


def test_light_and_dark_are_those_of_the_system_until_somebody_turns_it(browser: Browser, written: Path) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    browser.open(written)
    light = browser.value(colour)
    browser.open(written, dark=True)
    dark = browser.value(colour)
    browser.press("t")

    assert light != dark
    assert browser.value(colour) == light


def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, written: Path) -> None:
    browser.open(written, width=360, height=800)

    assert browser.value("document.documentElement.scrollWidth") == 360
    assert browser.value("document.querySelector('#list thead').offsetHeight") == 0
    assert browser.value(f"{ROWS}[0].cells[2].getBoundingClientRect().right") <= 360
    assert browser.value(f"{ROWS}.every((row) => row.offsetHeight < 200)")


def test_long_lines_and_turned_names_are_borne(base: Mill, browser: Browser, tmp_path: Path) -> None:
    mill, out = base.copy(tmp_path / "mill"), tmp_path / "out.html"
    first = "FROM busybox\nRUN head -c 1000000 /dev/zero | tr '\\0' x; printf 'A\\033]0;t\\007\\342\\200\\256B'\n"

    mill.build(first)
    mill.build(f"{first}RUN echo \u202egnp.exe > /$(printf 'turned\\342\\200\\256gnp\\nexe')\n", "--report", str(out))
    browser.open(out, width=360, height=800)
    took = browser.work(f"{ROWS}[0].click(); document.body.offsetHeight")

    assert text(browser, "#detail-log").endswith("xxxAB")
    assert text(browser, "#detail-cut").startswith("934 kB before this are left out")
    assert took < 0.5
    assert browser.value("document.documentElement.scrollWidth") == 360
    browser.press("Escape")
    browser.value(f"{ROWS}[1].click()")
    assert text(browser, "#detail-title").startswith("RUN echo gnp.exe")
    assert "/turnedgnp exe" in text(browser, "#against .files")
    assert not browser.value("/[\\u202a-\\u202e]/.test(document.documentElement.innerHTML)")


def test_a_page_of_a_failed_build_is_written_too(base: Mill, browser: Browser, tmp_path: Path) -> None:
    mill = base.copy(tmp_path / "mill")

    mill.write({"Dockerfile": "FROM busybox\nRUN echo told && exit 3\n"})
    mill.fail("build", "--report", str(tmp_path / "out.html"), ".")
    browser.open(tmp_path / "out.html")

    assert text(browser, ".badge") == "failed"
    assert browser.value(f"{ROWS}[0].cells[3].innerText") == "failed"
    browser.value(f"{ROWS}[0].click()")
    assert text(browser, "#detail-log") == "told"


def test_a_step_that_two_stages_have_is_drawn_in_both_as_it_was_foreseen(base: Mill, tmp_path: Path) -> None:
    mill = base.copy(tmp_path / "mill")
    mill.write({
        "Dockerfile": "ARG BASE=tools\nFROM busybox AS tools\nWORKDIR /app\nRUN touch a b\nFROM busybox AS web\nWORKDIR /app\n"
        "COPY --from=tools /app/a .\nCOPY --from=tools /app/b .\nFROM $BASE AS other\nRUN touch c\n"
        "FROM web AS last\nCOPY --from=other /app/c /c\n"
    })  # fmt: skip

    foreseen = json.loads(mill.ok("graph", "--format", "json", ".").out)
    mill.ok("build", ".")
    built = json.loads(mill.ok("graph", "--format", "json").out)

    for found in foreseen, built:
        assert [(one["title"], [step["line"] for step in one["steps"]]) for one in found["stages"]] == [
            ("tools", [3, 4]), ("web", [6, 7, 8]), ("other", [10]), ("last", [12]),
        ]  # fmt: skip
        assert found["stages"][2]["base"] == "tools"
        assert {(one["from"], one["to"], one["step"], one["way"], one["begin"]) for one in found["arrows"]} == {
            ("tools", "web", 1, "reads", None), ("tools", "web", 2, "reads", None), ("other", "last", 0, "reads", None),
            ("tools", "other", -1, "from", None), ("web", "last", -1, "from", None),
        }  # fmt: skip


def test_values_of_secrets_are_not_in_it(base: Mill, browser: Browser, tmp_path: Path) -> None:
    mill = base.copy(tmp_path / "mill")
    file, out = 'FROM busybox\nARG API_TOKEN\nRUN test -n "$API_TOKEN"\n', tmp_path / "out.html"

    mill.build(file, "--build-arg", "API_TOKEN=hidden-one")
    mill.build(file, "--build-arg", "API_TOKEN=hidden-two", "--report", str(out))
    browser.open(out)

    assert "API_TOKEN" in browser.value(f"{ROWS}[0].cells[6].innerText")
    assert "hidden-" not in out.read_text()


def test_a_thousand_steps_stay_fluid(browser: Browser, tmp_path: Path) -> None:
    """What is counted is the time that the page's thread works, which is the same on a machine that others use too."""
    with Store.open(tmp_path / "store") as store:
        keep(store, thousand())
        (tmp_path / "out.html").write_bytes(page(report(store, None, None)))

    browser.open(tmp_path / "out.html")

    assert browser.value(f"{ROWS}.length") == 1000
    assert browser.work(SCROLLED) / FRAMES < 1 / 60
    assert browser.work(WALKED) / KEYS < 0.01
    assert browser.work(FILTERED) < 0.1
    assert browser.value(f"{SHOWN}.length") == 11  # 77, and 770 to 779


FRAMES, KEYS = 60, 20
SCROLLED = f"""
new Promise((done) => {{
  let left = {FRAMES};
  const frame = () => {{
    window.scrollBy(0, 400);
    left -= 1;
    if (left) requestAnimationFrame(frame); else done();
  }};
  requestAnimationFrame(frame);
}})
"""
WALKED = f"""
for (let left = {KEYS}; left; left -= 1) {{
  document.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'j' }}));
  document.body.offsetHeight;
}}
"""
FILTERED = """
document.querySelector('#filter').value = 'number=77';
document.querySelector('#filter').dispatchEvent(new Event('input'));
document.body.offsetHeight;
"""


def thousand() -> Past:
    one = Drawn("s0")
    outcomes: dict[str, Outcome] = {}
    for stage in range(10):
        one.begin(f"s{stage}")
        one.base(f"m{stage}")
        for number in range(100):
            key = one.run(f"RUN make number={stage * 100 + number}")
            outcomes[key] = Outcome("ran", 0.5, begun=number * 0.5)
    return replace(build(1, one.graph(source="FROM scratch\n")), outcomes=outcomes, seconds=50.0)
