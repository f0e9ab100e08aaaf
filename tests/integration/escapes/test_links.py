"""Links and `..` in contexts, in stages and at destinations: what they name is looked for inside, and never on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.blobs import make_tar
from fakes.web import FakeWeb, Page
from integration.escapes.conftest import SECRET, Attack, Prey

pytestmark = pytest.mark.root


@dataclass(frozen=True)
class Case:
    """A Dockerfile, and the links of its context. What it makes has `has`; it fails where that is None."""

    dockerfile: str
    links: Mapping[str, str] = field(default_factory=dict)
    has: Mapping[str, str] | None = None
    files: Mapping[str, str] = field(default_factory=dict)


LINK = {"l": "{prey}/secret", "d": "{prey}", "in/far": "{up}/secret", "chain": "d"}
FROM = "FROM scratch\n"
STAGE = "FROM busybox AS s\nRUN ln -s {prey} /d && ln -s {up} /up && ln -s {prey}/secret /l && mkdir /t && ln -s / /t/r\nFROM scratch\n"

SOURCES = {
    "a link": Case(FROM + "COPY l /x", LINK),
    "a link that climbs": Case(FROM + "COPY in/far /x", LINK),
    "a directory that is a link": Case(FROM + "COPY d /x", LINK),
    "a path through a link": Case(FROM + "COPY d/secret /x", LINK),
    "a path through two": Case(FROM + "COPY chain/secret /x", LINK),
    "a pattern through a link": Case(FROM + "COPY d/s* /x/", LINK, has={}),
    "a pattern that meets links": Case(FROM + "COPY [ld] /x/", LINK, has={"x/l": "-> {prey}/secret", "x/d": "-> {prey}"}),
    "all of it": Case(FROM + "COPY in /x", LINK, has={"x/far": "-> {up}/secret"}),
    "parents": Case(FROM + "COPY --parents d/secret /x/", LINK),
    "parents with a pattern": Case(FROM + "COPY --parents **/secret /x/", LINK, has={}),
    "parents whose pivot is a link": Case(FROM + "COPY --parents d/./secret /x/", LINK),
    "parents whose pivot climbs": Case(FROM + "COPY --parents ./{up}/./secret /x/", LINK),
    "parents that climb behind the pivot": Case(FROM + "COPY --parents in/./{up}/secret /x/", LINK),
    "ADD": Case(FROM + "ADD l /x", LINK),
    "ADD of a path that climbs": Case(FROM + "ADD {up}/secret /x", LINK),
    "a path that climbs": Case(FROM + "COPY {up}/secret /x"),
    "an absolute path": Case(FROM + "COPY {prey}/secret /x"),
    "exclude of what is outside": Case(FROM + "COPY --exclude={up} in /x", LINK, has={"x/far": "-> {up}/secret"}),
    "a mount of a link": Case("FROM busybox\nRUN --mount=source=d,target=/m cat /m/secret", LINK),
    "a mount through a link": Case("FROM busybox\nRUN --mount=source=d/secret,target=/m cat /m", LINK),
    "a mount of a path that climbs": Case("FROM busybox\nRUN --mount=source={up},target=/m cat /m/secret", LINK),
    "a mount that has links": Case("FROM busybox\nRUN --mount=target=/m cat /m/l /m/in/far || echo no > /x", LINK, has={"x": "no\n"}),
    "of a stage: a link": Case(STAGE + "COPY --from=s /l /x"),
    "of a stage: through a link": Case(STAGE + "COPY --from=s /d/secret /x"),
    "of a stage: through one that climbs": Case(STAGE + "COPY --from=s /up/secret /x"),
    "of a stage: a directory": Case(STAGE + "COPY --from=s /d /x"),
    "of a stage: a path that climbs": Case(STAGE + "COPY --from=s {up}/secret /x"),
    "of a stage: parents": Case(STAGE + "COPY --from=s --parents /d/./secret /x/"),
    "of a stage: a link to the root": Case(STAGE + "COPY --from=s /t/r/etc/passwd /x", has={"x": "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n"}),
    "of a stage: what goes in circles": Case("FROM busybox AS s\nRUN ln -s b /a && ln -s a /b\nFROM scratch\nCOPY --from=s /a/x /x"),
}  # fmt: skip

TO = "FROM busybox\nRUN ln -s {prey} /d && ln -s {up} /up && ln -s {prey}/new /l && mkdir /real && ln -s /real /r\n"
FILES = {"a": "A", "dir/a": "A"}

DESTINATIONS = {
    "a link that leads out": Case(TO + "COPY a /d/", has={"{prey}/a": "A"}, files=FILES),
    "a link that climbs": Case(TO + "COPY a /up/", has={"{prey}/a": "A"}, files=FILES),
    "a link to a file that is not there": Case(TO + "COPY a /l", has={"{prey}/new": "A"}, files=FILES),
    "a directory onto a link": Case(TO + "COPY dir /d", has={"{prey}/a": "A"}, files=FILES),
    "a path that climbs": Case(TO + "COPY a {up}/", has={"{prey}/a": "A"}, files=FILES),
    "a path that climbs from the working directory": Case(TO + "WORKDIR /real\nCOPY a ../../../../r/", has={"real/a": "A"}, files=FILES),
    "ADD of an archive": Case(TO + "ADD t.tar /d", has={"{prey}/a": "A"}, files=FILES),
    "a heredoc": Case(TO + "COPY <<a /d/\nA\na", has={"{prey}/a": "A\n"}),
    "a heredoc whose name climbs": Case(TO + "COPY <<../../a /d/\nA\n../../a"),
    "with --link": Case(TO + "COPY --link a /d/", has={"d/a": "A"}, files=FILES),
    "WORKDIR through a link": Case(TO + "WORKDIR /d/sub\nRUN pwd -P > here", has={"{prey}/sub/here": "{prey}/sub\n"}),
    "WORKDIR that climbs": Case(TO + "WORKDIR {up}/sub\nRUN echo x > here", has={"{prey}/sub/here": "x\n"}),
    "a command": Case(TO + "RUN echo x > /d/written || mkdir -p {prey} && echo x > /d/written", has={"{prey}/written": "x\n"}),
}  # fmt: skip

ALL = {
    **{f"from {name}": case for name, case in SOURCES.items()},
    **{f"to {name}": case for name, case in DESTINATIONS.items()},
}


@pytest.mark.parametrize("name", ALL)
def test_a_copy_stays_inside(attack: Attack, name: str) -> None:
    case = ALL[name]
    files: dict[str, str | bytes] = dict(case.files)
    if "t.tar" in case.dockerfile:
        files["t.tar"] = make_tar({"a": b"A"})

    found = attack.build(case.dockerfile, files=files, links=case.links, fails=case.has is None)

    expected = {attack.meant(path).lstrip("/"): attack.meant(text) for path, text in (case.has or {}).items()}
    assert {path: text for path, text in found.items() if path in expected} == expected
    if case.has == {}:
        assert found == {}


@pytest.mark.parametrize("target", ["{prey}/secret", "{up}/secret"])
def test_a_dockerfile_that_is_a_link_out_of_the_context_is_not_shown(attack: Attack, target: str) -> None:
    """A repository from elsewhere may have one that leads to a key of the user's; its text would be in the error."""
    (attack.mill.folder / "Dockerfile").symlink_to(attack.meant(target))

    said = attack("build", ".", fails=True).err

    assert "leads out of" in said
    assert "hint: " in said


def test_a_dockerfile_that_is_a_link_may_be_named_by_its_own_path(attack: Attack, prey: Prey) -> None:
    good = prey.place.parent / "good"
    good.write_text("FROM scratch\nCOPY a /\n")
    attack.mill.write({"a": "A"})
    (attack.mill.folder / "inside").symlink_to("real")
    (attack.mill.folder / "real").write_text("FROM scratch\nCOPY a /\n")
    (attack.mill.folder / "outside").symlink_to(good)

    attack("build", "-f", "inside", ".", fails=False)
    attack("build", "-f", str(good), ".", fails=False)


@pytest.mark.parametrize("name", [".dockerignore", "Dockerfile.dockerignore"])
def test_an_ignore_file_that_is_a_link_out_of_the_context_is_not_shown(attack: Attack, prey: Prey, name: str) -> None:
    attack.mill.write({"Dockerfile": f"FROM scratch\nCOPY {SECRET[:8]} /\n", SECRET[:8]: ""})
    (prey.place.parent / "patterns").write_text(f"[{SECRET}\n")
    (attack.mill.folder / name).symlink_to(prey.place.parent / "patterns")

    assert "leads out of" in attack("build", ".", fails=True).err


def test_a_file_of_a_url_keeps_to_its_directory(attack: Attack, web: FakeWeb) -> None:
    names = ("%2e%2e%2f%2e%2e%2fevil", "..%2Fevil", "%2e%2e", "a%00b")
    for name in names:
        web.pages[f"/{name}"] = Page(b"E")
    for name in names[:2]:
        found = attack.build(f"FROM scratch\nADD {web.url}/{name} /d/\n")
        assert set(found) <= {"d/evil"}
    for name in names[2:]:
        attack.build(f"FROM scratch\nADD {web.url}/{name} /d/\n", fails=True)


def test_a_redirect_to_a_file_of_this_machine_is_not_followed(attack: Attack, web: FakeWeb, prey: Prey) -> None:
    for target in f"file://{prey.place}/secret", f"//{prey.place}/secret", f"gopher://127.0.0.1{prey.place}/secret":
        web.pages["/r"] = Page(redirect=target)
        attack.build(f"FROM scratch\nADD {web.url}/r /x\n", fails=True)


@pytest.mark.parametrize(
    "url", ["file://{prey}/secret", "FILE://{prey}/secret", "dict://127.0.0.1:1/", "ext::cat {prey}/secret"]
)
def test_only_urls_of_the_network_are_urls(attack: Attack, url: str) -> None:
    attack.build(f"FROM scratch\nADD {url.split(maxsplit=1)[0]} /x\n", fails=True)
    attack("build", attack.meant(url), fails=True)
    attack("build", "-f", attack.meant(url), ".", fails=True)
    attack("build", "--build-context", f"x={attack.meant(url)}", ".", fails=None)


def test_a_layout_whose_files_are_links_gives_nothing_away(attack: Attack, prey: Prey, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    attack.mill.write({"Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"})
    attack.mill.ok("build", "-o", f"type=oci,tar=false,dest={layout}", ".")
    attack.mill.write({"Dockerfile": "FROM base\n"})
    arguments = ("build", "--build-context", f"base=oci-layout://{layout}", ".")
    attack(*arguments, fails=False)
    for path in sorted(layout.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            path.unlink()
            path.symlink_to(prey.place / "secret")
            attack(*arguments, "--no-cache")
            attack("load", "-i", str(layout))
            path.unlink()
            path.write_bytes(data)
