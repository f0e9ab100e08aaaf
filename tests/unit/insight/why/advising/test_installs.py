"""Packages that are installed after files were copied."""

from __future__ import annotations

import pytest

from fakes.advised import FILES, advised, after, files, ran


@pytest.mark.parametrize(
    ("install", "path"),
    [
        ("RUN npm ci", "src/a"),
        ("RUN --mount=type=cache,target=/root/.npm npm ci && npm cache clean --force", "src/a"),
        ("RUN NODE_ENV=production yarn install --frozen-lockfile", "src/a"),
        ("RUN yarn", "src/a"),
        ("RUN corepack enable && pnpm i", "src/a"),
        ("RUN pip install -r requirements.txt", "app.py"),
        ("RUN python -m pip install flask", "app.py"),
        ("RUN uv sync --no-install-project", "app.py"),
        ("RUN poetry install --no-root", "app.py"),
        ("RUN go mod download", "main.go"),
        ("RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*", "any"),
        ("RUN apk add --no-cache curl", "any"),
    ],
)
def test_an_install_is_moved_above_files_that_it_does_not_read(install: str, path: str) -> None:
    (text,) = advised("FROM x AS app\n", ran(2, "COPY . .", files(path)), ran(3, install, after(2)))

    assert "at line 3 runs after COPY . . of line 2: moved above it" in text
    assert text.endswith(", 1 step and 2.0 s stay cached")


@pytest.mark.parametrize(
    ("install", "path"),
    [
        ("RUN npm ci", "package-lock.json"),
        ("RUN npm ci", "packages/a/package.json"),
        ("RUN npm install ./vendored", "src/a"),
        ("RUN pip install -r requirements.txt", "requirements.txt"),
        ("RUN pip install -r dev.txt", "requirements/dev.txt"),
        ("RUN pip install .", "app.py"),
        ("RUN pip install -e '.[dev]'", "app.py"),
        ("RUN uv sync", "app.py"),
        ("RUN poetry install", "app.py"),
        ("RUN cargo fetch", "src/main.rs"),
        ("RUN apt-get install -y ./app.deb", "app.deb"),
        ("RUN make", "src/a"),
        ("RUN echo npm ci", "src/a"),
    ],
)
def test_one_that_reads_them_stays_where_it_is(install: str, path: str) -> None:
    assert advised("FROM x AS app\n", ran(2, "COPY . .", files(path)), ran(3, install, after(2))) == []


def test_one_that_stands_beside_a_build_gets_a_run_of_its_own() -> None:
    build = ran(3, "RUN npm ci && npm run build", after(2), seconds=34)

    assert advised("FROM x AS app\n", ran(2, "COPY . .", FILES), build) == [
        (
            "RUN npm ci && npm run build at line 3 runs after COPY . . of line 2: with npm ci in a RUN of its own above it "
            "(with a COPY of package.json and its like before it), a part of 34 s stays cached"
        )
    ]


def test_what_would_have_run_anyway_is_not_advised_about() -> None:
    assert advised("FROM x AS app\n", ran(2, "COPY . .", FILES, after(1)), ran(3, "RUN npm ci", after(2))) == []
    assert advised("FROM x AS app\n", ran(2, "COPY . .", FILES), ran(3, "RUN npm ci", after(2), after(1))) == []


def test_of_too_many_files_nobody_knows_whether_it_reads_one() -> None:
    many = files(*(f"src/{number}" for number in range(200)))

    assert advised("FROM x AS app\n", ran(2, "COPY . .", many), ran(3, "RUN npm ci", after(2))) == []
