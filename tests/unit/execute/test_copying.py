"""COPY, ADD and WORKDIR as steps: their layer is one of the store."""

from __future__ import annotations

import io
import os
import tarfile

import pytest

from fakes.tree import file
from fakes.workshop import Workshop, never
from stagemill.execute.copying import Copier
from stagemill.execute.progress import quiet
from stagemill.execute.tree import ContextFiles, Tree
from stagemill.graph.operations import Copy, InlineFile, MakeDirectory

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


def copier(workshop: Workshop) -> Copier:
    return Copier(workshop.services, workshop.forms, quiet, never())


def test_files_of_a_stage_are_linked(workshop: Workshop) -> None:
    stage = workshop.tree({"app": "binary"})

    tree = copier(workshop).copy(Copy(("app",), "/app"), Tree(), [stage], name="COPY")

    places = [workshop.forms.directories(each)[0] / "app" for each in (stage, tree)]
    assert places[0].samefile(places[1])


def test_a_file_with_another_owner_is_no_link(workshop: Workshop) -> None:
    stage = workshop.tree({"app": file("binary", uid=5)})

    tree = copier(workshop).copy(Copy(("app",), "/app", owner="7:8"), Tree(), [stage], name="COPY")

    assert workshop.layer(tree) == {"app": "file 0644 7:8 =binary"}
    assert workshop.layer(stage) == {"app": "file 0644 5:0 =binary"}


def test_files_of_a_context_are_copied(workshop: Workshop) -> None:
    view = workshop.context({"app": "binary"})

    tree = copier(workshop).copy(Copy(("app",), "/app"), Tree(), [ContextFiles(view)], name="COPY")

    view.real_path("app").write_text("another")
    assert workshop.layer(tree) == {"app": "file 0644 0:0 =binary"}


def test_files_of_the_dockerfile_need_no_source(workshop: Workshop) -> None:
    tree = copier(workshop).copy(Copy((), "/motd", files=(InlineFile("EOF", "hello\n"),)), Tree(), [], name="COPY")

    assert workshop.layer(tree) == {"motd": "file 0644 0:0 =hello\n"}


def test_add_unpacks_an_archive(workshop: Workshop) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("inside"))
    view = workshop.context({"a.tar": file(out.getvalue())})

    tree = copier(workshop).copy(Copy(("a.tar",), "/", unpack=True), Tree(), [ContextFiles(view)], name="COPY")

    assert workshop.layer(tree) == {"inside": "file 0644 0:0 ="}


def test_workdir_is_a_layer_on_top(workshop: Workshop) -> None:
    parent = workshop.tree({"etc/passwd": "me:x:5:6::/:\n"})

    tree = copier(workshop).make_directory(MakeDirectory("/srv", user="me"), parent)

    assert tree.layers[:-1] == parent.layers
    assert workshop.layer(tree) == {"srv": "dir 0755 5:6"}
