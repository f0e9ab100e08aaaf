"""Repositories and their URLs: no part of them is an option or a command of git, and no file of this machine gets into one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fakes.web import FakeWeb, Page
from integration.escapes.conftest import SECRET, Attack

pytestmark = pytest.mark.root

URLS = (
    "{web}/r.git#--upload-pack=touch {prey}/new",
    "{web}/r.git#-u./payload",
    "{web}/r.git#main:--upload-pack=touch {prey}/new",
    "{web}/r.git?ref=--upload-pack%3Dtouch%20{prey}/new",
    "{web}/r.git?branch=--upload-pack%3Dx&subdir=..",
    "{web}/r.git#main;touch {prey}/new",
    "{web}/r.git#$(touch {prey}/new)",
    "{web}/r.git#:{up}",
    "{web}/r.git#main:../..",
    "{web}/r.git?subdir={up}",
    "{web}/r.git#main:.git",
    "{web}/--upload-pack=touch {prey}/new/r.git",
    "http://-oProxyCommand=touch%20{prey}/new/r.git",
    "git://-oProxyCommand=x/r.git",
    "git://--upload-pack=touch {prey}/new/r.git",
    "ssh://-oProxyCommand=touch%20{prey}%2Fnew/r.git",
    "ssh://git@-oProxyCommand=x/r.git",
    "ssh://-oProxyCommand=x@127.0.0.1/r.git",
    "git@-oProxyCommand=x:r.git",
    "git@127.0.0.1:-oProxyCommand=x",
    "-u@127.0.0.1:r.git",
    "--upload-pack=touch {prey}/new",
    "ext::sh -c touch% {prey}/new",
    "fd::17/foo",
    "file://{prey}/r.git",
    "{prey}/r.git",
)


@pytest.mark.parametrize("url", URLS)
def test_no_part_of_a_url_is_an_option_or_a_command(attack: Attack, web: FakeWeb, tmp_path: Path, url: str) -> None:
    """CVE-2019-13139 (docker build), CVE-2017-1000117, CVE-2017-14178 and CVE-2022-41953 (git): refs, hosts and paths that begin
    with a dash, or that a shell would run; CVE-2026-33748 (BuildKit): directories that lead out of the repository.
    """
    web.has_repository(
        tmp_path / "web", "r.git", [{"files": {"Dockerfile": "FROM scratch\n", "a": "A"}, "branch": "main"}]
    )
    meant = attack.meant(url.replace("{web}", web.url))

    attack("build", meant, fails=True)
    attack("build", "--", meant, fails=True)
    attack(
        "build", "--build-context", f"x={meant}", "-f", "-", ".", stdin=b"FROM scratch\nCOPY --from=x / /\n", fails=True
    )
    attack.mill.write({"Dockerfile": f'FROM scratch\nADD ["{meant}", "/x/"]\n'})
    attack("build", ".", fails=True)


def git(place: Path, *arguments: str, stdin: str | None = None) -> str:
    environment = {
        **os.environ, "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@h",
        "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@h",
    }  # fmt: skip
    done = subprocess.run(
        ["git", "-C", str(place), *arguments], env=environment, input=stdin, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def blob(place: Path, text: str) -> str:
    return git(place, "hash-object", "-w", "--stdin", stdin=text)


def serve(web: FakeWeb, place: Path, name: str, entries: Mapping[str, Any]) -> str:
    """A repository at /`name` made of tree entries that no git would add: `(mode, type, object)` by name. Its URL."""
    bare = place / name
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare", "-b", "main", ".")
    lines = [
        f"{mode} {kind} {blob(bare, text) if kind == 'blob' else text}\t{path}"
        for path, (mode, kind, text) in entries.items()
    ]
    tree = git(bare, "mktree", "--missing", stdin="\n".join(lines) + "\n")
    commit = git(bare, "commit-tree", "-m", "x", tree)
    git(bare, "update-ref", "refs/heads/main", commit)
    git(bare, "update-server-info")
    for path in bare.rglob("*"):
        if path.is_file():
            web.pages[f"/{name}/{path.relative_to(bare)}"] = Page(path.read_bytes())
    return f"{web.url}/{name}"


def modules(**values: str) -> str:
    return '[submodule "{}"]\n'.format(values.pop("name", "m")) + "".join(
        f"\t{key} = {value}\n" for key, value in values.items()
    )


COMMIT = "1" * 40

GITMODULES = {
    "a url that is an option": modules(path="m", url="--upload-pack=touch {prey}/new"),
    "a url that begins with a dash": modules(path="m", url="-u./payload"),
    "a url with a command": modules(path="m", url="ext::sh -c touch% {prey}/new"),
    "a directory of this machine": modules(path="m", url="{prey}"),
    "a file url": modules(path="m", url="file://{prey}"),
    "a url relative to the origin": modules(path="m", url="../../../../../../{prey}"),
    "a path that climbs": modules(path="../../m", url="http://127.0.0.1:1/x.git"),
    "a path that is absolute": modules(path="{prey}/dir", url="http://127.0.0.1:1/x.git"),
    "a path in .git": modules(path=".git/hooks", url="http://127.0.0.1:1/x.git"),
    "a path that is an option": modules(path="--git-dir={prey}", url="http://127.0.0.1:1/x.git"),
    "a name that climbs": modules(name="../../../../../..{prey}", path="m", url="http://127.0.0.1:1/x.git"),
    "an update that is a command": modules(path="m", url="http://127.0.0.1:1/x.git", update="!touch {prey}/new"),
    "a newline in the url": modules(path="m", url='"http://127.0.0.1:1/x.git\\\nhost=evil"'),
}


@pytest.mark.parametrize("name", GITMODULES)
def test_submodules_are_no_way_out(attack: Attack, web: FakeWeb, tmp_path: Path, name: str) -> None:
    """CVE-2018-17456, CVE-2018-11235, CVE-2019-1387, CVE-2019-19604, CVE-2020-5260, CVE-2022-39253 (git): what .gitmodules says."""
    url = serve(web, tmp_path / "web", "r.git", {
        ".gitmodules": ("100644", "blob", attack.meant(GITMODULES[name])), "m": ("160000", "commit", COMMIT),
        "Dockerfile": ("100644", "blob", "FROM scratch\nCOPY . /\n"), "payload": ("100755", "blob", attack.meant("#!/bin/sh\ntouch {prey}/new\n")),
    })  # fmt: skip

    attack("build", "-o", "type=tar,dest=t", url)
    attack.build(f"FROM scratch\nADD {url} /x/\n")
    attack.build(f"FROM scratch\nADD --keep-git-dir {url} /x/\n")


TREES: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "a link": {"l": ("120000", "blob", "{prey}/secret"), "d": ("120000", "blob", "{prey}")},
    "a .git that is a link": {".git": ("120000", "blob", "{prey}")},
    "a .GIT with hooks": {".GIT": ("120000", "blob", "{prey}")},
    "a name with slashes": {"..": ("100644", "blob", "x")},
    "a Dockerfile that is a link": {"Dockerfile": ("120000", "blob", "{prey}/secret")},
    "an ignore file that is a link": {".dockerignore": ("120000", "blob", "{prey}/secret")},
    "attributes with a filter": {".gitattributes": ("100644", "blob", "* filter=evil diff=evil\n"), "a": ("100644", "blob", "A")},
    "attributes that are a link": {".gitattributes": ("120000", "blob", "{prey}/secret"), ".gitignore": ("120000", "blob", "{prey}/secret")},
    "a .gitmodules that is a link": {".gitmodules": ("120000", "blob", "{prey}/secret"), "m": ("160000", "commit", COMMIT)},
}  # fmt: skip


@pytest.mark.parametrize("name", TREES)
def test_a_checkout_stays_inside(attack: Attack, web: FakeWeb, tmp_path: Path, name: str) -> None:
    """CVE-2014-9390, CVE-2021-21300 (git), CVE-2026-44517 (buildah): links and names in what a server gives out."""
    entries = {"Dockerfile": ("100644", "blob", "FROM scratch\nCOPY . /\n"), **TREES[name]}
    url = serve(
        web, tmp_path / "web", "r.git", {path: (m, k, attack.meant(text)) for path, (m, k, text) in entries.items()}
    )

    for where in url, f"{url}#main:d", f"{url}?subdir=.git":
        attack("build", "-o", "type=tar,dest=t", where)
    attack("build", "-f", "d/secret", url, fails=True)
    found = attack.build(f"FROM scratch\nADD {url} /x/\nCOPY --from=busybox /etc/passwd /x/d/\n")
    assert SECRET not in "".join(found.values())
    attack.build("FROM scratch\nCOPY --from=r / /y/\nCOPY --from=r l /z\n", "--build-context", f"r={url}")
    attack.build(
        "FROM busybox\nRUN --mount=from=r,target=/m cat /m/l /m/d/* > /x; true\n", "--build-context", f"r={url}"
    )


def test_nothing_of_the_user_s_git_is_used(
    attack: Attack, web: FakeWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template with hooks, a credential helper, an alias for a URL: they are the user's, and no build's."""
    url = serve(web, tmp_path / "web", "r.git", {"Dockerfile": ("100644", "blob", "FROM scratch\nCOPY . /\n")})
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {attack.prey.place}/new\n")
        (hooks / name).chmod(0o755)
    (tmp_path / "home" / ".gitconfig").write_text(
        f"[init]\n\ttemplateDir = {hooks.parent}\n[core]\n\thooksPath = {hooks}\n\tfsmonitor = {hooks}/post-checkout\n"
        f'[credential]\n\thelper = "!touch {attack.prey.place}/new"\n[url "file://{attack.prey.place}"]\n\tinsteadOf = http://\n'
    )
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hooks.parent))
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {attack.prey.place}/new")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"touch {attack.prey.place}/new")

    attack("build", url, fails=False)
    attack("build", "ssh://git@127.0.0.1:1/r.git", fails=True)
