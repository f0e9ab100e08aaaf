"""Images of the store as people name them: by reference, by the digest of their manifest, or by the beginning of an id."""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.cli.given import flags
from stagemill.cli.named import kept
from stagemill.cli.named.kept import Kept
from stagemill.errors import NotFoundError, UsageError
from stagemill.execute import base
from stagemill.oci.choice import choose
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex, pick, runnable
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.regex import regex
from stagemill.store.store import Store

_ID = regex(r"(?:sha256:)?([0-9a-f]{4,64})")
_WHOLE = 64
_SEVERAL = 4


def find(store: Store, text: str) -> tuple[str, AnyImage]:
    """The full name, empty where it was found by a digest, and the image, or the index.

    The digest of one of an index's images means that one. Raises as `locate` does.
    """
    name, found = locate(store, text)
    item = base.read(store, found.descriptor)
    return name, _meant(item, text) or item


def find_image(store: Store, text: str, platform: Platform | None = None) -> tuple[str, Image]:
    """The same, but of an index the image for a platform (None: this machine's, or the only one there is).

    Raises as `find` does, and NotFoundError where there is none for the platform.
    """
    name, item = find(store, text)
    image = pick(item, platform)
    if image is None or (platform and image.config.platform.architecture and not _fits(image, platform)):
        known = ", ".join(dict.fromkeys(str(image.config.platform) for image in runnable(item))) or "none"
        wanted = platform or Platform.local()
        hint = f"it has {known}: choose one with --platform, or stagemill pull --platform {wanted} {text}"
        raise NotFoundError(f"{text} has no image for {wanted} in the store", hint=hint)
    return name, image


def _meant(item: AnyImage, text: str) -> Image | None:
    match = _ID.fullmatch(text)
    for image in runnable(item) if match and isinstance(item, ImageIndex) else ():
        if match and any(digest.hex.startswith(match[1]) for digest in (image.digest, image.manifest.config.digest)):
            return image
    return None


def _fits(image: Image, platform: Platform) -> bool:
    return choose((image.descriptor,), platform) is not None


def locate(store: Store, text: str) -> tuple[str, Kept]:
    """The full name, empty where it was found by a digest, and what the store has, which need not be whole.

    A name is taken before a digest that begins so. Raises NotFoundError with a near name, UsageError for what is no name
    or the beginning of several digests.
    """
    everything = kept.everything(store)
    match = _ID.fullmatch(text)
    if not match:
        return _named(everything, flags.reference(text), text)
    if not text.startswith("sha256:") and len(text) < _WHOLE:
        name = str(flags.reference(text))
        for item in everything:
            if name in item.names:
                return name, item
    return "", _by_digest(store, everything, match[1], text)


def tags(store: Store, text: str) -> list[str]:
    """The names with the tags that a repository has, where a text is its name, without tag and digest."""
    if ":" in text.rpartition("/")[2] or "@" in text or (len(text) == _WHOLE and _ID.fullmatch(text)):
        return []
    wanted = flags.reference(text)
    return [
        other.familiar
        for other in (Reference.parse(name) for name, _, _ in store.images.all())
        if other.tag and (other.registry, other.repository) == (wanted.registry, wanted.repository)
    ]


def _named(everything: Iterable[Kept], reference: Reference, text: str) -> tuple[str, Kept]:
    name = str(reference)
    items = list(everything)
    for item in items:
        if name in item.names:
            return name, item
    for item in items:
        if item.descriptor.digest == reference.digest:
            repository = kept.repository(reference)
            if any(kept.repository(Reference.parse(other)) == repository for other in item.names):
                return "", item
    raise missing(text, [name for item in items for name in item.names])


def _by_digest(store: Store, everything: Iterable[Kept], digits: str, text: str) -> Kept:
    items = list(everything)
    found = [item for item in items if any(digest.hex.startswith(digits) for digest in item.digests(store))]
    if len(found) > 1:
        each = ", ".join(_title(item, store) for item in found[:_SEVERAL])
        more = ", …" if len(found) > _SEVERAL else ""
        raise UsageError(f"{text} begins the ids of several images", hint=f"give more digits, or a name: {each}{more}")
    if not found and (text.startswith("sha256:") or len(digits) == _WHOLE):
        raise NotFoundError(f"there is no image {text} in the store", hint="stagemill images lists what there is")
    if not found:
        raise missing(text, [name for item in items for name in item.names])
    return found[0]


def _title(item: Kept, store: Store) -> str:
    tags = kept.repo_tags(item.names)
    return item.identity(store).short + (f" ({tags[0]})" if tags else "")


def missing(text: str, names: list[str]) -> NotFoundError:
    """The error for an image that the store does not have."""
    familiar = [Reference.parse(name).familiar for name in names]
    import difflib

    near = difflib.get_close_matches(Reference.parse(text).familiar, familiar, n=1)
    hint = f"did you mean {near[0]}?" if near else "stagemill images lists what there is; stagemill pull fetches more"
    return NotFoundError(f"there is no image {text} in the store", hint=hint)
