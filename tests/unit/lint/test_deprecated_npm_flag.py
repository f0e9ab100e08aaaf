"""`deprecated-npm-flag`: the old spellings of `--omit=dev`."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, meaning, mended

RULE = "deprecated-npm-flag"


@pytest.mark.parametrize(
    "command",
    [
        "npm ci --only=production",
        "npm ci --only=prod",
        "npm ci --production",
        "npm install --production",
        "npm i --production=true",
        "npm prune --production",
    ],
)
def test_an_old_spelling_is_found_and_mended(command: str) -> None:
    text = f"FROM node:22\nRUN {command}\n"
    old = command.rsplit(maxsplit=1)[-1]

    assert lines_found(RULE, text) == [2]
    assert meaning(mended(RULE, text))[1] == f"RUN {command.replace(old, '--omit=dev')}"


@pytest.mark.parametrize(
    "command",
    [
        "npm ci --omit=dev",
        "npm install --production=false",
        "npm run build -- --production",
        "npm run build --production",
        "yarn install --production",
        "echo 'npm ci --production'",
        "echo npm ci --production",
        "true # npm ci --production",
    ],
)
def test_other_commands_are_fine(command: str) -> None:
    assert lines_found(RULE, f"FROM node:22\nRUN {command}\n") == []


def test_the_place_is_exact_over_continuations() -> None:
    text = "FROM node:22\nRUN set -e; \\\n    # only what runs\n    npm ci \\\n      --only=production && \\\n    ls\n"

    found = findings(RULE, text)

    assert [(f.span.line, f.span.column) for f in found] == [(5, 7)]
    assert found[0].hint == "write --omit=dev; npm 7 and later warn about the old spelling"
    assert mended(RULE, text) == text.replace("--only=production", "--omit=dev")


def test_a_flag_that_a_continuation_divides_is_mended() -> None:
    assert meaning(mended(RULE, "FROM node:22\nRUN npm ci --prod\\\nuction\n"))[1] == "RUN npm ci --omit=dev"


def test_a_flag_of_two_words_is_mended() -> None:
    assert mended(RULE, "FROM node:22\nRUN npm ci --only production\n") == "FROM node:22\nRUN npm ci --omit=dev\n"


def test_the_json_form_is_mended() -> None:
    text = 'FROM node:22\nRUN ["npm", "ci", "--only=production"]\n'

    assert mended(RULE, text) == text.replace("--only=production", "--omit=dev")


def test_a_heredoc_is_mended() -> None:
    text = "FROM node:22\nRUN <<EOF\nset -e\n  npm ci --production\nEOF\nRUN ls\n"

    assert [(f.span.line, f.span.column) for f in findings(RULE, text)] == [(4, 10)]
    assert mended(RULE, text) == text.replace("--production", "--omit=dev")


def test_a_heredoc_for_another_interpreter_is_left_alone() -> None:
    assert lines_found(RULE, "FROM node:22\nRUN <<EOF\n#!/usr/bin/env python3\nnpm ci --production\nEOF\n") == []


def test_a_script_in_quotes_is_found_and_not_mended() -> None:
    found = findings(RULE, 'FROM node:22\nRUN ["sh", "-c", "npm ci --production"]\n')

    assert [f.fix for f in found] == [None]


def test_the_base_of_a_stage_that_begins_from_a_stage_is_looked_up() -> None:
    text = "FROM node:22-slim AS base\nFROM base AS deps\nRUN npm install --production\n"

    assert meaning(mended(RULE, text))[2] == "RUN npm install --omit=dev"


@pytest.mark.parametrize("tag", ["", ":lts", ":lts-alpine", ":current-slim", ":alpine", ":16@sha256:" + "0" * 64])
def test_moving_tags_are_new_enough(tag: str) -> None:
    assert mended(RULE, f"FROM docker.io/library/node{tag}\nRUN npm ci --production\n")


@pytest.mark.parametrize("base", ["debian:12", "node:lts-erbium", "company/base"])
def test_there_is_no_fix_where_the_npm_may_be_an_old_one(base: str) -> None:
    found = findings(RULE, f"FROM {base}\nRUN npm ci --production\n")

    assert [f.fix for f in found] == [None]
    assert found[0].hint == (
        "write --omit=dev; npm 7 and later warn about the old spelling; npm 6 and earlier know only the old one, "
        "and which npm this is cannot be told from the base image"
    )


def test_an_old_npm_is_told_in_the_old_spelling() -> None:
    assert lines_found(RULE, "FROM node:14-alpine\nRUN npm ci --only=production\n") == []
