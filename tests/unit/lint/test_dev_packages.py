"""`dev-packages`: node_modules with packages for development in the image."""

from __future__ import annotations

import pytest

from fakes.linting import PACKAGE, findings, lines_found, meaning, mended, project
from fakes.tree import MemoryTree

RULE = "dev-packages"
INSTALL = "FROM node:22 AS builder\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\n"
RUNTIME = (
    "\n# Stage 2\nFROM node:22-slim AS runtime\nWORKDIR /app\nCOPY --from=builder /app/dist ./dist\n"
    'COPY --from=builder /app/node_modules ./node_modules\nCMD ["node", "dist/index.js"]\n'
)
BASIC = INSTALL + "COPY . .\nRUN npm run build\n" + RUNTIME
TESTING = (
    "FROM node:22 AS deps\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\n\n"
    "FROM deps AS builder\nCOPY . .\nRUN npm run build\n\nFROM deps AS tester\nCOPY . .\nRUN npm test\n\n"
    "FROM node:22-slim AS production\nWORKDIR /app\nCOPY --from=builder /app/dist ./dist\n"
    'COPY --from=deps /app/node_modules ./node_modules\nCMD ["node", "dist/index.js"]\n'
)


def two(install: str, source: str = "/app/node_modules") -> str:
    return (
        f"FROM node:22 AS builder\nWORKDIR /app\n{install}\n"
        f"FROM node:22-slim AS runtime\nWORKDIR /app\nCOPY --from=builder {source} ./node_modules\n"
    )


@pytest.mark.parametrize(
    "install",
    [
        "RUN npm ci",
        "RUN npm install",
        'RUN ["npm", "ci"]',
        "RUN <<EOF\nset -e\nnpm ci\nEOF",
        "RUN set -ex; npm ci && npm cache clean --force",
        "RUN corepack enable pnpm && pnpm install --frozen-lockfile",
        "RUN yarn --frozen-lockfile",
        "RUN bun install --frozen-lockfile",
        "ENV NODE_ENV=production\nRUN bun ci",
        "RUN bun install\nRUN bun install --production",
        "RUN cd /app && yarn install",
        "RUN npm --prefix /app ci",
        "RUN npm ci --omit=dev && npm ci",
        "ENV NODE_ENV=development\nRUN npm ci",
        "ENV NODE_ENV=production\nRUN npm ci --include=dev",
        "RUN npm ci\nENV NODE_ENV=production",
    ],
)
def test_an_install_with_everything_that_is_copied_is_found(install: str) -> None:
    text = two(install)

    assert lines_found(RULE, text) == [len(text.splitlines())]


@pytest.mark.parametrize(
    "install",
    [
        "RUN npm ci --omit=dev",
        "RUN npm ci --omit dev",
        "RUN npm ci --only=production",
        "RUN npm install --production",
        "RUN NODE_ENV=production npm ci",
        "RUN export NODE_ENV=production; npm ci",
        "ENV NODE_ENV=production\nRUN npm ci",
        "ARG NODE_ENV=production\nRUN npm ci",
        "RUN npm config set omit dev && npm ci",
        "RUN pnpm install --prod",
        "RUN pnpm i -P",
        "RUN yarn install --production",
        "RUN bun install -p",
        "RUN bun install --frozen-lockfile --production",
        "RUN bun install\nRUN bun run build && bun prune --production",
        "RUN npm ci && npm run build && npm prune --omit=dev",
        "RUN npm ci\nRUN npm run build\nRUN npm prune --production",
        "RUN npm ci\nRUN npm run build\nRUN npm ci --omit=dev",
        "RUN pnpm install\nRUN pnpm prune --prod",
        "RUN yarn\nRUN yarn install --production",
        "RUN npm ci\nRUN rm -rf node_modules",
        'RUN if [ "$X" = 1 ]; then npm ci --omit=dev; else npm ci; fi',
        "RUN npm install -g typescript",
        "RUN make",
    ],
)
def test_what_is_for_production_is_fine(install: str) -> None:
    assert lines_found(RULE, two(install)) == []


def test_another_directory_of_packages_is_fine() -> None:
    text = two("RUN pnpm install\nRUN pnpm deploy --prod /prod", source="/prod/node_modules")

    assert lines_found(RULE, text) == []


def test_one_package_is_fine() -> None:
    assert lines_found(RULE, two("RUN npm ci", source="/app/node_modules/express")) == []


def test_packages_may_come_from_the_stage_that_the_source_begins_from() -> None:
    text = TESTING.replace("COPY --from=deps", "COPY --from=builder")

    assert lines_found(RULE, text) == [17]


def test_packages_are_followed_through_copies_between_stages() -> None:
    text = (
        "FROM node:22 AS deps\nWORKDIR /app\nRUN npm ci\nFROM node:22 AS builder\nWORKDIR /src\n"
        "COPY --from=deps /app/node_modules ./node_modules\nRUN npm run build\n"
        "FROM node:22 AS runner\nCOPY --from=builder /src/node_modules ./node_modules\n"
    )

    found = findings(RULE, text, context=project())

    assert [(f.span.line, f.fix) for f in found] == [(9, None)]


def test_a_stage_that_is_not_shipped_may_take_them() -> None:
    text = TESTING.replace("COPY --from=deps /app/node_modules ./node_modules\n", "")

    assert lines_found(RULE, text.replace("RUN npm test", "COPY --from=deps /app/node_modules ./\nRUN npm test")) == []


def test_a_project_without_packages_for_development_is_fine() -> None:
    package = {key: value for key, value in PACKAGE.items() if key != "devDependencies"}

    assert lines_found(RULE, BASIC, context=project(package=package)) == []


def test_the_message_and_the_hint_say_what_to_write() -> None:
    found = findings(RULE, BASIC)

    assert found[0].message == (
        "COPY takes node_modules with the packages for development, which `npm ci` installs in line 4"
    )
    assert found[0].hint == (
        "remove them when `builder` has done its work, with a last line in it: RUN npm prune --omit=dev"
    )


def test_the_fix_prunes_at_the_end_of_the_source_stage() -> None:
    new = mended(RULE, BASIC, context=project())

    assert new == BASIC.replace("RUN npm run build\n", "RUN npm run build\nRUN npm prune --omit=dev\n")


def test_the_fix_changes_nothing_elsewhere() -> None:
    instructions = meaning(mended(RULE, BASIC, context=project()))

    instructions.remove("RUN npm prune --omit=dev")
    assert instructions == meaning(BASIC)


def test_an_old_npm_is_told_in_its_own_spelling() -> None:
    text = BASIC.replace("node:22", "node:14")

    assert "RUN npm prune --production\n" in mended(RULE, text, context=project())


def test_pnpm_prunes_where_nothing_ran_after_the_install() -> None:
    text = two("COPY package.json pnpm-lock.yaml ./\nRUN corepack enable && pnpm install --frozen-lockfile")

    assert "RUN CI=true pnpm prune --prod\n" in mended(RULE, text, context=project({"pnpm-lock.yaml": "text"}))


@pytest.mark.parametrize(
    ("after", "context"),
    [
        ("RUN pnpm build", project()),
        ("ENV A=b", project(package={**PACKAGE, "scripts": {"prepare": "husky"}})),
        ("ENV A=b", project({"pnpm-workspace.yaml": "packages: [a]"})),
        ("ENV A=b", MemoryTree({"src/index.ts": "text"})),
    ],
)
def test_pnpm_does_not_prune_where_that_may_lose_something(after: str, context: MemoryTree) -> None:
    text = two(f"COPY package.json ./\nRUN pnpm install\n{after}")

    found = findings(RULE, text, context=context)

    assert [(f.hint, f.fix) for f in found] == [
        ("remove them when `builder` has done its work, with a last line in it: RUN CI=true pnpm prune --prod", None)
    ]


def test_npm_start_of_a_plain_program_does_not_hinder_the_fix() -> None:
    text = BASIC.replace('["node", "dist/index.js"]', '["npm", "start"]')

    assert mended(RULE, text, context=project())


@pytest.mark.parametrize(
    "text",
    [
        BASIC.replace("FROM node:22 AS", "FROM company/base AS"),
        BASIC.replace("WORKDIR /app\nCOPY package", "COPY package"),
        BASIC.replace("RUN npm ci", "RUN npm ci --legacy-peer-deps"),
        BASIC.replace("RUN npm ci", "RUN --mount=type=bind,source=package.json,target=package.json npm ci"),
        BASIC.replace("RUN npm run build", "USER node\nRUN npm run build"),
        BASIC.replace("RUN npm run build", "WORKDIR /app/src\nRUN npm run build"),
        BASIC.replace("RUN npm run build", "RUN npm run build && npm install left-pad"),
        BASIC.replace("RUN npm run build", "RUN cp -r vendor/* node_modules/"),
        BASIC.replace("RUN npm run build", "RUN npm run build\nCMD npm start"),
        BASIC.replace("RUN npm run build", "COPY --from=busybox /x ./"),
        BASIC.replace("RUN npm run build", 'SHELL ["bash", "-c"]\nRUN npm run build'),
        BASIC.replace('CMD ["node", "dist/index.js"]', 'CMD ["npx", "tsx", "src/index.ts"]'),
        BASIC.replace('CMD ["node", "dist/index.js"]', "CMD node_modules/.bin/next start"),
        BASIC.replace("\n# Stage 2", "FROM alpine AS test\nCOPY --from=builder /app /app\n# Stage 2"),
        BASIC.replace("\n# Stage 2", "FROM alpine AS test\nRUN --mount=from=builder,target=/x ls\n# Stage 2"),
        BASIC.replace("\n# Stage 2", "ARG B=x\nFROM ${B} AS test\n# Stage 2"),
    ],
)
def test_there_is_no_prune_where_something_else_may_change(text: str) -> None:
    found = findings(RULE, text, context=project())

    assert [f.fix for f in found] == [None] * len(found)
    assert found


@pytest.mark.parametrize("context", [None, project({"node_modules/x/index.js": "text"})])
def test_there_is_no_prune_where_the_context_may_bring_packages(context: MemoryTree | None) -> None:
    assert [f.fix for f in findings(RULE, BASIC, context=context)] == [None]


def test_the_fix_for_a_stage_with_children_is_a_stage_of_its_own() -> None:
    new = mended(RULE, TESTING, context=project())

    stage = "FROM node:22 AS prod-deps\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci --omit=dev\n\n"
    expected = TESTING.replace("FROM node:22-slim AS production", stage + "FROM node:22-slim AS production")
    assert new == expected.replace("--from=deps", "--from=prod-deps")


def test_the_hint_shows_the_stage_where_there_is_no_fix() -> None:
    text = TESTING.replace("RUN npm ci\n", "RUN corepack enable pnpm && pnpm install --frozen-lockfile\n")

    found = findings(RULE, text, context=project())

    assert found[0].fix is None
    assert found[0].hint == (
        "install without them in a stage of its own, and copy from there:\n"
        "FROM node:22 AS prod-deps\nWORKDIR /app\nCOPY package*.json ./\n"
        "RUN corepack enable pnpm && pnpm install --frozen-lockfile --prod\n\n"
        "COPY --from=prod-deps /app/node_modules ./node_modules"
    )


def test_the_json_form_is_repeated_with_the_flag() -> None:
    text = TESTING.replace("RUN npm ci\n", 'RUN ["npm", "ci"]\n')

    assert 'RUN ["npm", "ci", "--omit=dev"]\n' in mended(RULE, text, context=project())


@pytest.mark.parametrize(
    "text",
    [
        TESTING.replace("RUN npm ci\n", "RUN npm install\n"),
        TESTING.replace("RUN npm ci\n", "RUN npm ci && npm rebuild\n"),
        TESTING.replace("RUN npm ci\n", "RUN npm ci\nRUN npx prisma generate\n"),
        TESTING.replace("RUN npm ci\n", "RUN apk add python3\nRUN npm ci\n"),
        TESTING.replace("COPY package*.json ./", "COPY . ."),
        TESTING.replace("FROM node:22 AS", "FROM company/base AS"),
        TESTING.replace("/app/node_modules ./node_modules", "/app/node_modules /app/package.json ./"),
        TESTING + "FROM production AS final\nCOPY --from=3 /app/dist /dist\n",
        TESTING.replace("COPY --from=deps", "COPY --from=builder").replace("tester", "x") + "FROM builder\n",
        TESTING.replace('CMD ["node", "dist/index.js"]', "RUN npm run migrate"),
    ],
)
def test_there_is_no_stage_where_it_may_come_out_differently(text: str) -> None:
    assert {f.fix for f in findings(RULE, text, context=project())} <= {None}


@pytest.mark.parametrize(
    "context",
    [
        None,
        project(package={**PACKAGE, "scripts": {"prepare": "husky"}}),
        project(package={**PACKAGE, "workspaces": ["a"]}),
    ],
)
def test_there_is_no_stage_where_the_install_may_need_more(context: MemoryTree | None) -> None:
    assert [f.fix for f in findings(RULE, TESTING, context=context)] == [None]


def test_a_name_that_is_taken_is_not_used_for_the_new_stage() -> None:
    text = TESTING.replace("FROM deps AS tester", "FROM deps AS prod-deps")

    assert "FROM node:22 AS prod-deps-2\n" in mended(RULE, text, context=project())
