"""`install-after-copy`: installs that every edit of a source file repeats."""

from __future__ import annotations

import pytest

from fakes.linting import LOCK, PACKAGE, findings, lines_found, meaning, mended, project
from fakes.tree import MemoryTree
from stagemill.lint import Finding

RULE = "install-after-copy"
TEXT = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n"


@pytest.mark.parametrize(
    "command",
    [
        "npm ci",
        "npm install && npm run build",
        "corepack enable && pnpm i --frozen-lockfile",
        "yarn",
        "yarn install",
        "bun install --frozen-lockfile",
        "pip install -r requirements.txt",
        "python3 -m pip install --requirement requirements.txt",
        "go mod download",
        "bundle install",
        "cargo fetch",
        "composer install --no-dev",
    ],
)
def test_an_install_after_everything_was_copied_is_found(command: str) -> None:
    assert lines_found(RULE, f"FROM x\nCOPY . .\nRUN {command}\n") == [3]


@pytest.mark.parametrize("copy", ["COPY ./ /app/", "ADD . .", 'COPY [".", "/app/"]', "COPY --chown=1:1 . ."])
def test_all_forms_of_copying_everything_count(copy: str) -> None:
    assert lines_found(RULE, f"FROM x\n{copy}\nRUN npm ci\n") == [3]


@pytest.mark.parametrize(
    "text",
    [
        "COPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n",
        "COPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm ci --omit=dev\n",
        "COPY frontend/ .\nRUN npm ci && npm run build\n",
        "COPY . .\nRUN go build -o server .\n",
        "COPY . .\nRUN npm install -g serve\n",
        "COPY . .\nRUN npm install express\n",
        "COPY --from=other . .\nRUN npm ci\n",
    ],
)
def test_other_orders_are_fine(text: str) -> None:
    assert lines_found(RULE, "FROM x\n" + text) == []


def test_the_copy_may_be_in_the_stage_that_this_one_begins_from() -> None:
    text = "FROM x AS base\nCOPY . .\nFROM base AS deps\nRUN npm ci\n"

    assert [f.fix for f in findings(RULE, text, context=project())] == [None]


def test_the_message_and_the_hint_say_what_to_write() -> None:
    found = findings(RULE, "FROM x\nCOPY . /app\nRUN pip install -r requirements/base.txt\n")

    assert found[0].message == (
        "`pip install -r requirements/base.txt` runs again whenever any file changes, "
        "for all files are copied before it, in line 2"
    )
    assert found[0].hint == (
        "copy what names the packages, install them, then copy the rest:\n"
        "COPY requirements/base.txt requirements/\nRUN pip install -r requirements/base.txt\nCOPY . /app"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("ADD ./ /app\nRUN pip install -r /app/requirements.txt", ["COPY requirements.txt /app/", "ADD ./ /app"]),
        ("WORKDIR /app\nCOPY . .\nRUN pip install -r /app/r.txt", ["COPY r.txt ./", "COPY . ."]),
        ("COPY . /app\nRUN cd /app && npm ci", ["COPY package.json package-lock.json /app/", "COPY . /app"]),
        ("WORKDIR /b\nCOPY . ./a/\nWORKDIR /b/a\nRUN npm ci", ["COPY package.json package-lock.json ./", "COPY . /b/a"]),
        ("WORKDIR /b\nCOPY . .\nWORKDIR /b/web\nRUN npm ci", ["COPY web/package.json web/package-lock.json ./", "COPY . /b"]),
        ("WORKDIR /b\nCOPY . .\nRUN pip install -r /etc/r.txt", ["COPY r.txt /etc/", "COPY . ."]),
    ],
)  # fmt: skip
def test_the_hint_copies_to_where_the_install_looks(text: str, written: list[str]) -> None:
    hint = findings(RULE, f"FROM x\n{text}\n")[0].hint

    assert hint is not None
    assert [line for line in hint.split("\n")[1:] if not line.startswith("RUN")] == written


def test_a_directory_of_the_context_that_names_the_packages_counts_too() -> None:
    context = MemoryTree({"web/package.json": "{}", "web/a.js": "", "lib/a.js": "", "api/package.json": "{}"})

    def found(text: str) -> list[Finding]:
        return findings(RULE, f"FROM x\nWORKDIR /app\n{text}\n", context=context)

    (one,) = found("COPY web ./\nCOPY lib ./lib\nRUN npm clean-install")
    assert "for all of web/ is copied before it, in line 3" in one.message
    assert one.hint is not None
    assert one.hint.split("\n")[1] == "COPY web/package.json web/package-lock.json ./"
    assert one.fix is None
    assert len(found("COPY web /w\nRUN cd /w && npm ci")) == 1
    assert found("COPY lib ./\nRUN npm ci") == []
    assert found("COPY api ./api\nRUN npm ci") == []
    assert found("COPY web/package.json ./\nRUN npm ci\nCOPY web ./") == []
    assert found("COPY web ./\nRUN pip install -r requirements.txt") == []


def test_the_fix_puts_the_copy_below_the_install() -> None:
    new = mended(RULE, TEXT, context=project())

    assert new == (
        "FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n"
    )


def test_the_fix_takes_npmrc_owners_comments_and_line_ends_along() -> None:
    text = "FROM node:22\r\nCOPY --chown=node:node . .\r\n# packages\r\nRUN npm ci"

    new = mended(RULE, text, context=project({".npmrc": "fund=false"}))

    assert new == (
        "FROM node:22\r\nCOPY --chown=node:node package.json package-lock.json .npmrc ./\r\n"
        "# packages\r\nRUN npm ci\r\nCOPY --chown=node:node . ."
    )


def test_the_fix_changes_nothing_elsewhere() -> None:
    assert sorted(meaning(mended(RULE, TEXT, context=project()))) == sorted(
        [*meaning(TEXT), "COPY package.json package-lock.json ./"]
    )


@pytest.mark.parametrize(
    "context",
    [
        None,
        MemoryTree({"src/index.ts": "text"}),
        MemoryTree({"package.json": "{", "package-lock.json": "{}"}),
        project(package={**PACKAGE, "scripts": {"postinstall": "node scripts/setup.js"}}),
        project(package={**PACKAGE, "scripts": {"prepare": "husky"}}),
        project(package={**PACKAGE, "dependencies": {"lib": "file:../lib"}}),
        project(package={**PACKAGE, "dependencies": {"lib": "link:lib"}}),
        project(package={**PACKAGE, "dependencies": {"lib": "workspace:*"}}),
        project(package={**PACKAGE, "dependencies": {"lib": "./lib.tgz"}}),
        project(package={**PACKAGE, "overrides": {"a": {"b": "file:b"}}}),
        project(package={**PACKAGE, "workspaces": ["packages/*"]}),
        project(lock={"lockfileVersion": 1, "dependencies": {}}),
        project(lock={"packages": {"": {}, "node_modules/lib": {"resolved": "lib", "link": True}}}),
        project(lock={"packages": {"": {}, "packages/lib": {}}}),
        project(lock={"packages": {"": {}, "node_modules/prisma": {"hasInstallScript": True}}}),
        project({"node_modules/express/index.js": "text"}),
        project({"npm-shrinkwrap.json": "{}"}),
        project({"binding.gyp": "{}"}),
    ],
)
def test_there_is_no_fix_where_the_install_may_need_other_files(context: MemoryTree | None) -> None:
    assert [f.fix for f in findings(RULE, TEXT, context=context)] == [None]


def test_an_install_script_for_another_system_does_not_matter() -> None:
    packages = {**LOCK["packages"], "node_modules/fsevents": {"hasInstallScript": True, "os": ["darwin"]}}  # type: ignore[dict-item]

    assert mended(RULE, TEXT, context=project(lock={**LOCK, "packages": packages}))


@pytest.mark.parametrize(
    "lines",
    [
        "COPY . .\nRUN npm ci && npm run build\n",
        "COPY . .\nRUN npm install\n",
        "COPY . .\nRUN npm ci --legacy-peer-deps\n",
        "COPY . .\nRUN --mount=type=cache,target=/root/.npm npm ci\n",
        "COPY . .\nENV A=b\nRUN npm ci\n",
        "COPY . /app\nRUN npm ci\n",
        "COPY . other ./\nRUN npm ci\n",
        "COPY --link . .\nRUN npm ci\n",
        "COPY . <<f ./\ntext\nf\nRUN npm ci\n",
        "ADD . .\nRUN npm ci\n",
    ],
)
def test_there_is_no_fix_for_other_forms(lines: str) -> None:
    assert [f.fix for f in findings(RULE, "FROM node:22\n" + lines, context=project())] == [None]
