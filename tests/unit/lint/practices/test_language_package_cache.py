"""`LanguagePackageCache`: what pip, npm or yarn have loaded stays in a layer of the image."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, unsafely_mended

RULE = "LanguagePackageCache"


@pytest.mark.parametrize(
    "run",
    [
        "pip install a==1",
        "PIP_NO_CACHE_DIR=0 pip install a",
        "export PIP_NO_CACHE_DIR=off && pip install a",
        "python -m pip install -r x",
        "npm ci",
        "npm install -g a@1",
        "yarn install",
        "yarn",
        "yarn --frozen-lockfile",
    ],
)
def test_what_stays_in_the_image_is_found(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == [2]


@pytest.mark.parametrize(
    "text",
    [
        "RUN pip install --no-cache-dir a", "ENV PIP_NO_CACHE_DIR=1\nRUN pip install a", "RUN PIP_NO_CACHE_DIR=1 pip install a",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install a", "RUN --mount=type=cache,target=/root/.cache pip install a",
        "RUN pip install a && rm -rf /root/.cache", "RUN pip install a && rm -rf ~/.cache/pip", "RUN pip install a; pip cache purge",
        "RUN npm ci && npm cache clean --force", "RUN --mount=type=cache,target=/home/node/.npm npm ci", "RUN npm run build",
        "RUN yarn install && yarn cache clean", "RUN yarn build", "RUN yarn --version", "RUN pip download a", "RUN export PIP_NO_CACHE_DIR=1; pip install a", "RUN pipx install a", "RUN npm ci && rm -rf /root/.npm",
    ],
)  # fmt: skip
def test_what_is_cleaned_or_kept_out_is_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []


def test_a_build_stage_may_keep_it() -> None:
    assert lines_found(RULE, "FROM x AS build\nRUN npm ci\nFROM y\nCOPY --from=build /a /a\n") == []


def test_the_fixes_clean() -> None:
    assert unsafely_mended(RULE, "FROM x\nRUN pip install a\n") == "FROM x\nRUN pip install --no-cache-dir a\n"
    assert unsafely_mended(RULE, "FROM x\nRUN npm ci\n") == "FROM x\nRUN npm ci && npm cache clean --force\n"


def test_hadolint_has_numbers_for_two_of_them() -> None:
    assert [f.alias for f in findings(RULE, "FROM x\nRUN pip install a && yarn install && npm ci\n")] == [
        "DL3042",
        "DL3060",
        "",
    ]
