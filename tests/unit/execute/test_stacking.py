"""What --link puts on top of a tree, and what is said about it."""

from __future__ import annotations

import os

import pytest

from fakes.blobs import make_image
from fakes.tree import directory, link
from fakes.workshop import Workshop
from stagemill.execute import base
from stagemill.execute.stacking import stack

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def said(workshop: Workshop, below: dict[str, object], above: dict[str, object]) -> list[tuple[str, str]]:
    """What is said of one layer on another; the tree is what it is above in any case."""
    heard: list[tuple[str, str]] = []
    lower, upper = workshop.tree(below), workshop.tree(above)  # type: ignore[arg-type]

    tree = stack(lower, upper, forms=workshop.forms, report=lambda message, hint: heard.append((message, hint)))

    assert tree.layers == (*lower.layers, *upper.layers)
    view = workshop.forms.view(tree)
    for path in above:
        assert view.lstat(path) == workshop.forms.view(upper).lstat(path)
    return heard


def test_nothing_is_said_of_files_and_directories_that_are_that_in_both(workshop: Workshop) -> None:
    assert said(workshop, {"a/b": "1", "a/c": "2"}, {"a/b": "3", "a/d/e": "4", "new/f": "5"}) == []


def test_a_file_in_the_place_of_a_directory_is_said(workshop: Workshop) -> None:
    assert said(workshop, {"app/data": "", "other": ""}, {"app": "x"}) == [
        (
            '--link puts a file in the place of the directory "/app", and what is in it is gone',
            "write /app/ to copy into the directory, or leave --link out",
        )
    ]


def test_a_directory_in_the_place_of_a_link_is_said_once(workshop: Workshop) -> None:
    assert said(workshop, {"bin": link("usr/bin"), "usr/bin/sh": ""}, {"bin/tools/x": "", "bin/y": ""}) == [
        (
            '--link puts a directory in the place of "/bin", a symbolic link to usr/bin',
            "copy to usr/bin, or leave --link out: then the link is followed",
        )
    ]


def test_a_directory_in_the_place_of_a_file_is_said(workshop: Workshop) -> None:
    assert said(workshop, {"a/b": "file"}, {"a/b": directory()}) == [
        ('--link puts a directory in the place of the file "/a/b"', "copy to another path")
    ]


def test_a_base_is_not_fetched_to_look_at_it(workshop: Workshop) -> None:
    image = make_image(workshop.remote.blobs, {"app/data": b"1"})
    base.remember(workshop.store, image, reference="example.com/base")
    lower = base.tree(workshop.store, image.descriptor.digest)
    heard: list[str] = []

    tree = stack(
        lower, workshop.tree({"app": "x"}), forms=workshop.forms, report=lambda message, _hint: heard.append(message)
    )

    assert len(tree.layers) == 2
    assert (heard, workshop.remote.opened) == ([], [])
