"""Which image stands beside which."""

from __future__ import annotations

import pytest

from stagemill.split import families
from stagemill.split.families import Base


@pytest.mark.parametrize(
    ("base", "runtime"),
    [
        ("node:22", "node:22-slim"),
        ("node", "node:slim"),
        ("node:22-bookworm", "node:22-bookworm-slim"),
        ("python:3.12-bookworm", "python:3.12-slim-bookworm"),
        ("python:bookworm", "python:slim-bookworm"),
        ("host:5000/mirror/python:3.12", "host:5000/mirror/python:3.12-slim"),
        ("node:22-alpine", "node:22-alpine"),
        ("ruby:3.3", "ruby:3.3-slim"),
        ("library/ruby:3.3", "library/ruby:3.3-slim"),
        ("somebody/python:3", "somebody/python:3"),
        ("debian:bookworm", "debian:bookworm"),
        ("node:22@sha256:abc", "node:22-slim"),
    ],
)
def test_a_language_has_a_slim_image(base: str, runtime: str) -> None:
    assert families.slim(Base.of(base)) == runtime


@pytest.mark.parametrize(
    ("base", "runtime"),
    [
        ("golang:1.23", "debian:bookworm-slim"),
        ("golang:1.23-bullseye", "debian:bullseye-slim"),
        ("golang:1.23-alpine3.20", "alpine:3.20"),
        ("rust:1-alpine", "alpine"),
        ("ubuntu:24.04", "ubuntu:24.04"),
        ("debian:bookworm-slim", "debian:bookworm-slim"),
    ],
)
def test_a_compiler_has_a_system_below_it(base: str, runtime: str) -> None:
    assert families.system(Base.of(base)) == runtime


@pytest.mark.parametrize(
    ("base", "release", "runtime"),
    [
        ("golang:1.25", "debian trixie", "debian:trixie-slim"),
        ("company/gcc:13", "ubuntu 24.04", "ubuntu:24.04"),
        ("company/gcc:13", "alpine 3.20.1", "alpine:3.20"),
        ("company/gcc:13", "fedora 41", "company/gcc:13"),
        ("debian:bookworm", "debian bookworm", "debian:bookworm"),
    ],
)
def test_a_build_knows_the_release_of_the_system(base: str, release: str, runtime: str) -> None:
    assert families.system(Base.of(base), release) == runtime


@pytest.mark.parametrize(
    ("base", "runtime"),
    [
        ("maven:3.9-eclipse-temurin-21", "eclipse-temurin:21-jre"),
        ("maven:3.9-eclipse-temurin-21-alpine", "eclipse-temurin:21-jre-alpine"),
        ("gradle:8.7-jdk17", "eclipse-temurin:17-jre"),
        ("eclipse-temurin:21-jdk-jammy", "eclipse-temurin:21-jre-jammy"),
        ("eclipse-temurin:21", "eclipse-temurin:21-jre"),
        ("openjdk:17-slim", "eclipse-temurin:17-jre"),
        ("maven:latest", None),
    ],
)
def test_a_java_that_compiles_has_one_that_runs(base: str, runtime: str | None) -> None:
    assert families.java(Base.of(base)) == runtime


def test_an_image_of_uv_has_a_python_below_it() -> None:
    assert (
        families.python_of_uv(Base.of("ghcr.io/astral-sh/uv:python3.12-bookworm-slim")) == "python:3.12-slim-bookworm"
    )
    assert families.python_of_uv(Base.of("python:3.12")) is None
