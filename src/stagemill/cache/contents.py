"""`CacheContents`: the steps that a cache knows, by their keys, and the layers that they gave.

The keys are the digests of operations (DESIGN.md, section 4), which are the same on every machine. docs/cache.md describes
the document.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, Self, TypeAlias

from stagemill.digest import Digest
from stagemill.oci import document as json
from stagemill.oci.descriptor import Descriptor
from stagemill.values import dataclass

Form: TypeAlias = Literal["layer", "chain"]
_VERSION = 1
_FORMS: dict[str, Form] = {"layer": "layer", "chain": "chain"}


@dataclass(frozen=True, slots=True)
class CachedLayer:
    """A layer as trees name it. A base's (`chain`) is not in the cache; `blob` is where it is, once that is known."""

    form: Form
    digest: Digest
    created: str = ""
    diff_id: Digest | None = None
    blob: Descriptor | None = None


@dataclass(frozen=True, slots=True)
class CachedStep:
    """A step by its canonical key, and the `definitions` that lead to it; its result as layers, the lowest first.

    `ingredients` are those of the key, sealed, as canonical JSON; empty where nobody knows them.
    """

    key: Digest
    definitions: tuple[Digest, ...]
    layers: tuple[CachedLayer, ...]
    name: str = ""
    ingredients: str = ""


@dataclass(frozen=True, slots=True)
class CachedMount:
    """What was in the directory of a cache mount, by its full name: `size` bytes of files, packed at `saved` (seconds)."""

    name: str
    blob: Descriptor
    diff_id: Digest
    size: int
    saved: int


@dataclass(frozen=True, slots=True)
class CacheContents:
    """All that a cache holds; steps are in the order of their keys, mounts in that of their names."""

    steps: tuple[CachedStep, ...] = ()
    mounts: tuple[CachedMount, ...] = ()

    @classmethod
    def of(cls, steps: Iterable[CachedStep], mounts: Iterable[CachedMount] = ()) -> Self:
        """Each step once, with all definitions that lead to it, whatever their order; each mount once, the first."""
        found: dict[Digest, CachedStep] = {}
        for step in steps:
            before = found.get(step.key, step)
            definitions = tuple(sorted({*before.definitions, *step.definitions}))
            ingredients = before.ingredients or step.ingredients
            found[step.key] = replace(before, definitions=definitions, ingredients=ingredients)
        named = {mount.name: mount for mount in reversed(list(mounts))}
        return cls(tuple(found[key] for key in sorted(found)), tuple(named[name] for name in sorted(named)))

    @property
    def layers(self) -> tuple[CachedLayer, ...]:
        """Every layer of a build that steps name, once, in the order in which it is first met."""
        return tuple(dict.fromkeys(layer for step in self.steps for layer in step.layers if layer.form == "layer"))

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """The blobs of those layers and of the mounts, each once."""
        found = {layer.blob.digest: layer.blob for layer in self.layers if layer.blob}
        found |= {mount.blob.digest: mount.blob for mount in self.mounts}
        return tuple(found.values())

    def serialize(self) -> bytes:
        """Compact JSON: the same bytes for the same contents."""
        return json_module.dumps(self.to_json(), sort_keys=True, separators=(",", ":")).encode()

    def to_json(self) -> json.JsonObject:
        numbers: dict[CachedLayer, int] = {}
        steps: list[json.Json] = []
        for step in self.steps:
            layers: list[json.Json] = [numbers.setdefault(layer, len(numbers)) for layer in step.layers]
            steps.append(_step_to_json(step, layers))
        document: dict[str, json.Json] = {
            "version": _VERSION,
            "layers": [_layer_to_json(layer) for layer in numbers],
            "steps": steps,
        }
        if self.mounts:
            document["mounts"] = [_mount_to_json(mount) for mount in self.mounts]
        return document

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises MalformedError (a ValueError) for what is no such document, or one of another version."""
        return cls.from_json(json.parse_object(data, "the cache"))

    @classmethod
    def from_json(cls, document: json.JsonObject) -> Self:
        """As `parse`."""
        version = json.integer(document, "version")
        if version != _VERSION:
            raise json.MalformedError(f"the cache has version {version}, and version {_VERSION} is read")
        layers = [_layer(item) for item in json.objects(document, "layers")]
        mounts = [_mount(item) for item in json.objects(document, "mounts")]
        return cls.of((_step(item, layers) for item in json.objects(document, "steps")), mounts)


def _layer_to_json(layer: CachedLayer) -> json.JsonObject:
    document: dict[str, json.Json] = {"form": layer.form, "digest": layer.digest}
    if layer.created:
        document["created"] = layer.created
    if layer.diff_id:
        document["diff_id"] = layer.diff_id
    if layer.blob:
        document["blob"] = layer.blob.to_json()
    return document


def _step_to_json(step: CachedStep, layers: list[json.Json]) -> json.JsonObject:
    document: dict[str, json.Json] = {
        "key": step.key,
        "definitions": list(step.definitions),
        "layers": layers,
        "name": step.name,
    }
    if step.ingredients:
        document["ingredients"] = json.parse_object(step.ingredients, "the ingredients of a key")
    return document


def _layer(document: json.JsonObject) -> CachedLayer:
    form = _FORMS.get(json.text(document, "form"))
    if form is None:
        raise json.MalformedError(f"{document['form']!r} is no form of a layer")
    return CachedLayer(
        form,
        _digest(json.text(document, "digest")),
        json.text(document, "created", ""),
        _digest(json.text(document, "diff_id")) if document.get("diff_id") else None,
        Descriptor.from_json(json.obj(document, "blob")) if document.get("blob") else None,
    )


def _step(document: json.JsonObject, layers: list[CachedLayer]) -> CachedStep:
    chosen: list[CachedLayer] = []
    for number in json.array(document, "layers"):
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(layers):
            raise json.MalformedError(f"{number!r} is no layer of the cache, which has {len(layers)}")
        chosen.append(layers[number])
    return CachedStep(
        _digest(json.text(document, "key")),
        tuple(_digest(text) for text in json.texts(document, "definitions")),
        tuple(chosen),
        json.text(document, "name", ""),
        _ingredients(json.obj(document, "ingredients")),
    )


def _ingredients(document: json.JsonObject) -> str:
    """Canonical, as records keep them."""
    if not document:
        return ""
    return json_module.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _mount_to_json(mount: CachedMount) -> json.JsonObject:
    return {
        "name": mount.name,
        "blob": mount.blob.to_json(),
        "diff_id": mount.diff_id,
        "size": mount.size,
        "saved": mount.saved,
    }


def _mount(document: json.JsonObject) -> CachedMount:
    return CachedMount(
        json.text(document, "name"),
        Descriptor.from_json(json.obj(document, "blob")),
        _digest(json.text(document, "diff_id")),
        json.integer(document, "size"),
        json.integer(document, "saved"),
    )


def _digest(text: str) -> Digest:
    try:
        return Digest(text)
    except ValueError as error:
        raise json.MalformedError(str(error)) from error
