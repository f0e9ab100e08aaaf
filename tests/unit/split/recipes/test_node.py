"""Projects of Node."""

from __future__ import annotations

import json

import pytest

from fakes.splitting import builder, built, drafted, refusal, runtime

BOTH = {"dependencies": {"a": "1"}, "devDependencies": {"b": "1"}}
TEXT = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN {install}\nRUN {build}\nCMD {cmd}\n"


def project(facts: object = BOTH, **files: str) -> dict[str, str]:
    return {"package.json": json.dumps(facts), "src/index.ts": "", "tsconfig.json": "", "views/page.txt": "", **files}


def text(install: str = "npm ci", build: str = "npm run build", cmd: str = '["node", "dist/index.js"]') -> str:
    return TEXT.format(install=install, build=build, cmd=cmd)


def test_what_was_built_goes_on_with_packages_and_data() -> None:
    assert runtime(text(), project()) == [
        "FROM node:22-slim AS runtime",
        "WORKDIR /app",
        "COPY --from=builder /app/dist ./dist",
        "COPY --from=builder /app/node_modules ./node_modules",
        "COPY --from=builder /app/views ./views",
        "COPY --from=builder /app/package.json ./",
        'CMD ["node", "dist/index.js"]',
    ]
    assert [item.path for item in drafted(text(), project()).left] == ["/app/src", "/app/tsconfig.json"]


@pytest.mark.parametrize(
    ("install", "manager", "last"),
    [
        ("npm ci", "npm", "RUN npm prune --omit=dev"),
        ("pnpm install --frozen-lockfile", "pnpm", "RUN CI=true pnpm prune --prod"),
        ("yarn install", "yarn", "RUN yarn install --production --ignore-scripts --prefer-offline --frozen-lockfile"),
    ],
)
def test_packages_for_development_are_removed_by_the_manager_that_brought_them(
    install: str, manager: str, last: str
) -> None:
    assert drafted(text(install), project()).tool == manager
    assert builder(text(install), project())[-1] == last


@pytest.mark.parametrize("install", ["npm ci --omit=dev", "pnpm install --prod", "npm ci && npm prune --production"])
def test_where_there_are_none_nothing_is_removed(install: str) -> None:
    assert builder(text(install), project())[-1] == "RUN npm run build"
    assert builder(text(), project({"dependencies": {"a": "1"}}))[-1] == "RUN npm run build"


def test_a_bundle_needs_no_packages() -> None:
    assert not any("node_modules" in line for line in runtime(text(), project({"devDependencies": {"b": "1"}})))


def test_a_script_of_another_manager_becomes_what_it_runs() -> None:
    scripts = project({**BOTH, "scripts": {"start": "node dist/index.js"}})

    assert runtime(text("pnpm install", cmd='["pnpm", "start"]'), scripts)[-1] == 'CMD ["node", "dist/index.js"]'
    assert runtime(text(cmd="npm start"), scripts)[-1] == "CMD npm start"


@pytest.mark.parametrize(
    ("cmd", "start", "message"),
    [
        ("npm start", "node a.js && node b.js", "is not one call of node: node a.js && node b.js"),
        ("yarn start", "", "what `yarn start` runs is not one call of node"),
        ("npx app", "", "may fetch the program when the container starts"),
    ],
)
def test_what_runs_must_be_certain(cmd: str, start: str, message: str) -> None:
    said, hint = refusal(text(cmd=cmd), project({**BOTH, "scripts": {"start": start}}))

    assert message in said
    assert hint.startswith("name what it runs")


def test_a_slim_base_is_begun_anew() -> None:
    draft = drafted(text().replace("node:22", "node:22-alpine"), project())

    assert (draft.base, draft.why.partition(",")[0]) == ("node:22-alpine", "The same base")


def test_the_manifest_of_the_image_counts_where_there_is_one() -> None:
    cloned = "FROM node:22\nRUN git clone x /app\nWORKDIR /app\nRUN npm install\nCMD node index.js\n"
    tree = {"app/package.json": json.dumps(BOTH), "app/index.js": "", "app/node_modules/a/x": ""}

    assert built(cloned, {}, tree).end[0].text == "RUN npm prune --omit=dev"
    assert built(cloned, {}, {"app/index.js": ""}).end == ()
    assert "COPY --from=builder /app/node_modules ./node_modules" in runtime(cloned, {})


def test_packages_tell_the_kind_where_a_script_is_what_runs() -> None:
    assert drafted(text(cmd='["./start.sh"]'), project()).kind == "node"
