"""Files out of images that no stage begins from."""

from __future__ import annotations

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "09-copy-from-images"
BASES = ("alpine", "busybox:uclibc")


def test_the_server_answers_with_what_came_out_of_other_images(example: Example) -> None:
    example.build("--no-cache")

    assert int(example.run("/bin/serve", "--check")) > 0


def test_the_file_of_the_other_image_is_there_with_its_owner_and_mode(example: Example) -> None:
    example.build()

    assert example.run("stat", "-c", "%a %u:%g %F", "/bin/busybox") == "755 0:0 regular file\n"
    assert example.run("stat", "-c", "%a", "/www/cgi-bin/certificates", "/www/index.html").split() == ["755", "644"]


def test_an_image_that_is_nowhere_is_named_with_its_line(example: Example) -> None:
    example.edit("Dockerfile", "--from=busybox:uclibc", "--from=127.0.0.1:9/busybox:uclibc")

    failed = example.try_build()

    assert failed.status == 1
    assert "127.0.0.1:9/busybox:uclibc" in failed.err
    assert "Dockerfile:4" in failed.err
    assert "Traceback" not in failed.err
