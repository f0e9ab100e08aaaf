"""A look into stages."""

from __future__ import annotations

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "10-debugging"
BASES = ("golang:1.23", "gcr.io/distroless/static")


def test_a_stage_can_be_built_tagged_and_run(example: Example) -> None:
    built = example.build("--no-cache", "--target=builder", tag="builder")

    assert built.stages == {"builder"}
    assert example.run("/bin/sh", "-c", "ls /app", tag="builder").split() == ["go.mod", "main.go", "wordcount"]


def test_shell_runs_a_command_in_the_tree_of_a_stage(example: Example) -> None:
    shell = example.stagemill("shell", "--target=builder", "-c", "pwd && go version", ".")

    assert shell.status == 0, shell.err
    assert shell.out.startswith("/app\ngo version go1.23")


def test_shell_says_that_the_runtime_has_none(example: Example) -> None:
    failed = example.stagemill("shell", "-c", "ls", ".")

    assert failed.status == 1
    assert "has no /bin/sh" in failed.err
    assert "busybox" in failed.err


def test_shell_brings_a_busybox_along_where_it_is_told_to(example: Example) -> None:
    shell = example.stagemill("shell", "--busybox", "-c", "ls -d /wordcount", ".")

    assert shell.status == 0, shell.err
    assert shell.out == "/wordcount\n"


def test_plain_progress_names_every_step_with_its_time(example: Example) -> None:
    built = example.build("--no-cache")

    assert {"COPY . .", "RUN CGO_ENABLED=0 go build -o wordcount ."} <= built.done
    assert example.run("/etc/passwd").endswith(" /etc/passwd\n")


def test_size_shows_each_stage_and_what_the_image_carries(example: Example) -> None:
    assert example.saving()["build_stage"] == "builder"
    assert example.saving()["percent"] < -90
