"""Each safe fix of `stagemill lint` by itself: the image is built before and after it, with real processes.

Package managers are small scripts in the bases, which do with files what the real ones do: there is no network here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.linting import LOCK, PACKAGE
from fakes.mill import Mill

pytestmark = pytest.mark.root

NPM = """#!/bin/sh
# Writes node_modules as `npm ci` and `npm install` do, and removes what is for development as `npm prune` does.
development=yes
for word; do case $word in --omit=dev|--production|--only=production) development=;; esac; done
case $1 in
  ci|install) rm -rf node_modules; mkdir node_modules; cat package-lock.json > node_modules/express
    [ -z "$development" ] || echo tsc > node_modules/typescript ;;
  prune) [ -n "$development" ] || rm node_modules/typescript ;;
  run) mkdir -p dist; cat src/index.ts > dist/index.js ;;
esac
"""
PACKAGES = """#!/bin/sh
# A package manager for which no question is open: it writes the names of packages down.
verb=
for word; do
  case $word in
    update|install|in|remove|clean) verb=$word ;;
    -*) ;;
    *) [ -z "$verb" ] || echo "$verb $word" >> /packages ;;
  esac
done
"""
WGET = """#!/bin/sh
# wget without a network, which knows the options of GNU.
for word; do case $word in -*) ;; *) echo "$word" > "/${word##*/}" ;; esac; done
"""
PROJECT = {
    "package.json": json.dumps(PACKAGE),
    "package-lock.json": json.dumps(LOCK),
    "src/index.ts": "text",
    ".dockerignore": "Dockerfile\n",
}
BUILDER = "FROM node:22 AS builder\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\n"
RUNTIME = 'FROM node:22 AS runtime\nWORKDIR /app\nCOPY --from={} /app/node_modules ./node_modules\nCMD ["node", "src/index.ts"]\n'


@dataclass(frozen=True)
class Fixed:
    """A Dockerfile with one mistake, a line of it after its fix, and the files that the image then lacks, as the rule wants."""

    rule: str
    text: str
    line: str
    files: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()


FIXES = [
    Fixed("unnamed-stage", "FROM busybox AS a\nRUN echo 1 > /a\nFROM busybox\nCOPY --from=a /a /b\n", "FROM busybox AS runtime"),
    Fixed("index-from", "FROM busybox AS a\nRUN echo 1 > /a\nFROM busybox AS b\nCOPY --from=0 /a /b\n", "COPY --from=a /a /b"),
    Fixed("index-from", "FROM busybox\nRUN echo 1 > /a\nFROM busybox AS b\nCOPY --from=0 /a /b\n", "COPY --from=builder /a /b"),
    Fixed("undeclared-arg", "FROM busybox AS os-a\nRUN echo 1 > /a\nFROM os-${W:-a} AS b\nRUN cat /a > /b\n", "ARG W"),
    Fixed("deprecated-npm-flag", "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci --only=production\n", "RUN npm ci --omit=dev", PROJECT),
    Fixed("deprecated-npm-flag", "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install --production\n", "RUN npm install --omit=dev", PROJECT),
    Fixed("install-after-copy", "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n", "COPY package.json package-lock.json ./", PROJECT),
    Fixed("dev-packages", f"{BUILDER}{RUNTIME.format('builder')}", "RUN npm prune --omit=dev", PROJECT, gone=("app/node_modules/typescript",)),
    Fixed(
        "dev-packages", f"{BUILDER}FROM builder AS test\nRUN true\n{RUNTIME.format('builder')}", "RUN npm ci --omit=dev",
        PROJECT, gone=("app/node_modules/typescript",),
    ),
    Fixed("ConsistentInstructionCasing", "FROM busybox\nrun echo 1 > /a\nRUN echo 2 > /b\n", "RUN echo 1 > /a"),
    Fixed("FromAsCasing", "FROM busybox as a\nRUN echo 1 > /a\n", "FROM busybox AS a"),
    Fixed("StageNameCasing", "FROM busybox AS One\nRUN echo 1 > /a\nFROM One AS two\n", "FROM busybox AS one"),
    Fixed("LegacyKeyValueFormat", 'FROM busybox\nENV A b  $HOME "c" \\\n  d\nLABEL one two three\nRUN echo "$A" > /a\n', 'LABEL one="two three"'),
    Fixed("ExposeProtoCasing", "FROM busybox\nEXPOSE 80/TCP 53/Udp\n", "EXPOSE 80/tcp 53/udp"),
    Fixed("ExposeInvalidFormat", "FROM busybox\nEXPOSE 127.0.0.1:80:8080 90:91/udp\n", "EXPOSE 8080 91/udp"),
    Fixed("NoEmptyContinuation", "FROM busybox\nRUN echo 1 > /a && \\\n\n  # why\n\n  echo 2 > /b\n", "  # why"),
    Fixed("RedundantTargetPlatform", "FROM --platform=$TARGETPLATFORM busybox AS a\nRUN echo 1 > /a\n", "FROM busybox AS a"),
    Fixed("CopyManySources", "FROM busybox\nWORKDIR /d\nCOPY a b /d\n", "COPY a b /d/", {"a": "1", "b": "2"}),
    Fixed("AddInsteadOfCopy", "FROM busybox\nADD --chown=1:2 a dir /d/\n", "COPY --chown=1:2 a dir /d/", {"a": "1", "dir/b": "2"}),
    Fixed("AptInsteadOfAptGet", "FROM debian:12\nRUN apt update && apt remove a\n", "RUN apt-get update && apt-get remove a"),
    Fixed("NonInteractiveInstall", "FROM debian:12\nRUN apt-get install a  b\n", "RUN apt-get install -y a  b"),
    Fixed("NonInteractiveInstall", "FROM debian:12\nRUN yum install a && dnf remove b\n", "RUN yum install -y a && dnf remove -y b"),
    Fixed("NonInteractiveInstall", "FROM debian:12\nRUN zypper in a\n", "RUN zypper -n in a"),
    Fixed("WgetProgress", "FROM debian:12\nRUN /bin/wget http://a/b\n", "RUN /bin/wget --progress=dot:giga http://a/b"),
]  # fmt: skip


@pytest.fixture(scope="module")
def stocked(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """A store with node:22 and debian:12, in which the package managers are."""
    mill = base.copy(tmp_path_factory.mktemp("stocked") / "mill")
    programs = dict.fromkeys(("apt", "apt-get", "yum", "dnf", "zypper"), PACKAGES)
    mill.write({f"bin/{name}": text for name, text in {**programs, "wget": WGET, "npm": NPM, "node": NPM}.items()})
    text = "FROM busybox\nRUN rm -f /bin/wget\nCOPY --chmod=755 bin/ /bin/\n"
    mill.build(text, "-t", "node:22", "-t", "debian:12")
    return mill


@pytest.mark.parametrize("case", FIXES, ids=lambda case: f"{case.rule}-{case.line}")
def test_a_safe_fix_makes_the_same_image(case: Fixed, stocked: Mill, tmp_path: Path) -> None:
    mill = Mill(stocked.root, tmp_path / "context")
    mill.folder.mkdir()
    mill.write(case.files)
    mill.build(case.text, "-t", "before")

    mill.ok("lint", "--fix", "--rule", case.rule, "--fail-on", "none", "--no-shellcheck", ".")
    mended = (mill.folder / "Dockerfile").read_text()
    mill.ok("build", "-t", "after", ".")

    assert case.line in mended.splitlines()
    assert changes(mill) == [f"removed {path}" for path in case.gone]


def changes(mill: Mill) -> list[str]:
    """What `stagemill diff` says of the files of both images, of their config and of their packages."""
    found = json.loads(mill.ok("diff", "--json", "before", "after").out)
    assert found["packages"] == []
    return [f"{file['change']} {file['path']}" for file in found["files"]] + [str(key) for key in found["config"]]


def test_every_rule_with_a_safe_fix_is_built_here() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lint.md").read_text()
    rows = re.findall(r"^\| \[([\w-]+)\]\(lint/.*\| (yes|where proven) \|$", page, re.MULTILINE)

    assert {name for name, _ in rows} == {case.rule for case in FIXES}
