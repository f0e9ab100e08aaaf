"""Whatever strangers wrote into manifests, indexes and configs is read, or refused in words."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.places import MemorySource, both
from stagemill.cli.given.annotations import Annotations
from stagemill.cli.inspection.fields import fields
from stagemill.cli.inspection.seen import as_json, look
from stagemill.cli.inspection.text import text
from stagemill.errors import StagemillError
from stagemill.oci.document import MalformedError
from stagemill.places.composing import Part, compose
from stagemill.places.node import Node
from stagemill.places.rewriting import Form, in_form
from stagemill.template.values import to_json

JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, -1, 1.5, "", "x", "\x1b[2J", [], {}, [1], [{}], {"a": 1}, True, 10**30, "sha256:" + "0" * 64]
)
FORMS: tuple[Form, ...] = ("docker", "oci")
MARKS = Annotations.parse(["index:a=b", "manifest:c=d", "manifest-descriptor:e=f"], index=True)


def spoilt(value: Any, draw: st.DataObject) -> Any:
    """A document in which something is not what it was."""
    if not isinstance(value, dict | list) or not value or draw.draw(st.integers(0, 9)) == 0:
        return draw.draw(JUNK)
    place = draw.draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
    changed = value.copy()
    if draw.draw(st.booleans()):
        changed[place] = spoilt(value[place], draw)
    else:
        del changed[place]
    return changed


def replaced(source: MemorySource, entry: dict[str, Any], draw: st.DataObject) -> dict[str, Any]:
    """What names a document, for one that is spoilt."""
    data = json.dumps(spoilt(json.loads(source.blobs.read(entry["digest"])), draw)).encode()
    return {**entry, "digest": source.blobs.put(data), "size": len(data)}


@given(st.data(), st.sampled_from(["index", "entry", "manifest", "config"]))
@settings(max_examples=300)
def test_nothing_that_is_read_is_a_surprise_later(draw: st.DataObject, what: str) -> None:
    source = both()
    index = json.loads(source.node().data)
    number = draw.draw(st.integers(0, 3))
    if what == "manifest":
        index["manifests"][number] = replaced(source, index["manifests"][number], draw)
    elif what == "config":
        manifest = json.loads(source.blobs.read(index["manifests"][0]["digest"]))
        manifest["config"] = replaced(source, manifest["config"], draw)
        data = json.dumps(manifest).encode()
        index["manifests"][0] |= {"digest": source.blobs.put(data), "size": len(data)}
    elif what == "entry":
        index["manifests"][number] = spoilt(index["manifests"][number], draw)
    else:
        index = spoilt(index, draw)
    data = json.dumps(index).encode()
    entry = {**source.entry, "digest": source.blobs.put(data), "size": len(data)}

    try:
        node = MemorySource(entry, source.blobs).node()
    except StagemillError:
        return
    use(node, source)


def use(node: Node, source: MemorySource) -> None:
    """All that is done with an image at its place; what can be refused still is."""
    for form in FORMS:
        with suppress(StagemillError):
            in_form(node, form, told=lambda _text: None)
    with suppress(StagemillError):
        compose([Part(node, source)], MARKS)
    with suppress(MalformedError, StagemillError):
        seen = look("docker://app:1", node, source)
        assert "\x1b" not in text(seen)
        assert as_json([seen])
        assert to_json(fields(seen, "json"))
