"""Packages before source: an edit of the source keeps them."""

from __future__ import annotations

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "04-dependency-caching"
BASES = ("node:22-slim",)
INSTALL = "RUN corepack enable pnpm && pnpm install --frozen-lockfile"


def test_the_program_runs_with_the_packages_that_pnpm_installed(example: Example) -> None:
    built = example.build("--no-cache")

    assert INSTALL in built.done
    counted = example.run("node", "dist/index.js", "--check")
    assert counted == '{"one":2,"stage":1,"two":1,"stages":1,"image":1}\n'


def test_an_edit_of_the_source_takes_the_packages_from_the_cache(example: Example) -> None:
    example.build()
    word = example.word
    example.edit("src/index.ts", "one image", f"no {word}")

    again = example.build()

    assert INSTALL in again.cached
    assert "COPY --from=deps /app/node_modules ./node_modules" in again.cached
    assert "RUN pnpm build" in again.done
    counted = example.run("node", "dist/index.js", "--check")
    assert counted == f'{{"one":1,"stage":1,"two":1,"stages":1,"no":1,"{word}":1}}\n'


def test_an_edit_of_a_comment_builds_but_ships_the_same_layer(example: Example) -> None:
    word = example.word
    example.edit("tsconfig.json", '"strict": true,', '"strict": true,\n    "removeComments": true,')
    example.edit("src/words.ts", "export function", f"// {word}\nexport function")
    example.build()
    example.edit("src/words.ts", word, f"{word} again")

    again = example.build()

    assert "RUN pnpm build" in again.done
    assert "COPY --from=builder /app/dist ./dist" in again.cached


def test_an_edit_of_the_package_file_installs_again(example: Example) -> None:
    example.build()
    example.edit("package.json", '"version": "1.0.0"', f'"version": "1.0.0-{example.word}"')

    assert INSTALL in example.build().done
