"""Instructions of a history in the words of a Dockerfile, and images that are somewhere else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.program import Call
from stagemill.cli.sizing.images import plain


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("RUN /bin/sh -c make  all # buildkit", "RUN make all"),
        ("RUN |2 A=1 B=two /bin/sh -c make # buildkit", "RUN make"),
        ("COPY app / # buildkit", "COPY app /"),
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("/bin/sh -c #(nop) ADD file:1 in / ", "ADD file:1 in /"),
        ("RUN echo /bin/sh -c x # buildkit", "RUN echo /bin/sh -c x"),
        ("", ""),
    ],
)
def test_every_builders_history_reads_alike(text: str, wanted: str) -> None:
    assert plain(text) == wanted


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
@pytest.mark.parametrize("form", ["oci-archive", "oci", "docker-archive"])
def test_an_image_in_a_place_is_as_in_the_store(app: Call, folder: Path, form: str) -> None:
    assert app("copy", "app", f"{form}:{folder}/there").status == 0

    stored, there = (json.loads(app("size", "--json", name).out) for name in ("app", f"{form}:{folder}/there"))

    assert there["name"] == f"{form}:{folder}/there"
    assert [layer["tar"] for layer in there["layers"]] == [layer["tar"] for layer in stored["layers"]]
    assert [layer["pulled"] for layer in there["layers"]] == [layer["pulled"] for layer in stored["layers"]]


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
def test_a_damaged_blob_is_an_error_and_not_a_size(app: Call, folder: Path) -> None:
    app("copy", "app", f"oci:{folder}/there")
    for path in (folder / "there" / "blobs" / "sha256").iterdir():
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            path.write_bytes(data[:-20] + bytes(20))

    said = app("size", f"oci:{folder}/there")

    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("error: ")
