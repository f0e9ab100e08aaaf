"""Finding an image: from a name and a platform to its manifest and config, every byte of them checked."""

from __future__ import annotations

from stagemill.digest import Digest
from stagemill.errors import CorruptError, NotFoundError, RegistryError, StagemillError
from stagemill.oci.blobs import chunks
from stagemill.oci.choice import candidates, choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex
from stagemill.oci.manifest import Index, Manifest
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.registry.documents import ACCEPT, MOST_BYTES, Document, Shelf
from stagemill.registry.repository import Repository

_DEEPEST = 4


class Empty:
    """A shelf that keeps nothing."""

    def read(self, digest: Digest, /) -> bytes:
        raise NotFoundError(f"there is no blob {digest}")

    def put(self, data: bytes, /) -> Digest:
        return Digest.of(data)


def head(repository: Repository) -> Digest | None:
    """The digest that a name has now; None where the registry does not say. Raises RegistryError."""
    reference = repository.reference
    if reference.digest:
        return reference.digest
    try:
        answer = repository.ask("manifests", reference.tag, method="HEAD", headers={"Accept": ACCEPT})
    except NotFoundError as error:
        raise _with_near_tag(error, repository) from error
    answer.response.close()
    digest = _digest(answer.response.header("Docker-Content-Digest"))
    if digest:
        repository.heard(digest, answer)
    return digest


def resolve(repository: Repository, platform: Platform | None, *, shelf: Shelf) -> Image:
    """The image; what the shelf has is not asked for, and it gets what was. Raises RegistryError, CorruptError."""
    familiar = repository.reference.familiar
    digest = repository.reference.digest
    if digest is None and not isinstance(shelf, Empty):
        digest = head(repository)
    found = document(repository, digest, shelf=shelf)
    for _ in range(_DEEPEST):
        if not found.is_index:
            return _image(repository, found, shelf=shelf)
        found = document(repository, _chosen(found, platform, familiar).digest, shelf=shelf)
    raise RegistryError(f"{familiar} is an index in an index in an index ...", hint="push the image again")


def whole(repository: Repository, image: Image, *, shelf: Shelf) -> AnyImage:
    """The index that a name stands for, where it has this one image and what is said of it; else the image alone.

    Raises as `resolve` does.
    """
    top = document(repository, head(repository), shelf=shelf)
    if not top.is_index:
        return image
    try:
        entries = Index.parse(top.data).manifests
    except ValueError as error:
        raise _unreadable(repository.reference.familiar, error) from error
    images = {entry.digest for entry in candidates(entries)}
    said = [entry for entry in entries if entry.digest not in images]
    if images != {image.digest} or not said:
        return image
    beside = [_image(repository, document(repository, entry.digest, shelf=shelf), shelf=shelf) for entry in said]
    return ImageIndex.parse(top.data, [image, *beside])


def platforms(repository: Repository, *, shelf: Shelf) -> tuple[Platform, ...]:
    """For which there is an image, in the order of the index. Raises as `resolve` does."""
    found = document(repository, head(repository), shelf=shelf)
    if not found.is_index:
        return (_image(repository, found, shelf=shelf).config.platform,)
    try:
        images = candidates(Index.parse(found.data).manifests)
    except ValueError as error:
        raise _unreadable(repository.reference.familiar, error) from error
    return tuple(dict.fromkeys(image.platform for image in images if image.platform))


def document(repository: Repository, digest: Digest | None, *, shelf: Shelf) -> Document:
    """A manifest or index: the one with this digest, or the one that the reference's tag names."""
    familiar = repository.reference.familiar
    if digest is not None and (kept := _kept(shelf, digest)) is not None:
        return Document.of(kept, content_type="", what=familiar)
    try:
        answer = repository.ask("manifests", digest or repository.reference.tag, headers={"Accept": ACCEPT})
    except NotFoundError as error:
        raise _with_near_tag(error, repository) from error
    data = answer.body(limit=MOST_BYTES, what=f"the manifest of {familiar}")
    wanted = digest or _digest(answer.response.header("Docker-Content-Digest"))
    if wanted not in {None, Digest.of(data)}:
        raise CorruptError(
            f"the manifest of {familiar} from {answer.endpoint.name} is not {wanted}: its bytes are {Digest.of(data)}",
            hint="the bytes were changed on the way, or the registry or mirror is broken",
        )
    found = Document.of(data, content_type=answer.response.header("Content-Type"), what=familiar)
    shelf.put(data)
    return found


def _chosen(document: Document, platform: Platform | None, familiar: str) -> Descriptor:
    try:
        manifests = Index.parse(document.data).manifests
    except ValueError as error:
        raise _unreadable(familiar, error) from error
    chosen = choose(manifests, platform)
    if chosen is None:
        there = ", ".join(sorted({str(image.platform) for image in candidates(manifests) if image.platform}))
        raise NotFoundError(
            f"{familiar} has no image for {platform or Platform.local()}",
            hint=f"it has {there}: choose one with --platform" if there else "it has no image at all",
        )
    return chosen


def _image(repository: Repository, document: Document, *, shelf: Shelf) -> Image:
    familiar = repository.reference.familiar
    try:
        config = Manifest.parse(document.data).config
    except ValueError as error:
        raise _unreadable(familiar, error) from error
    if config.size > MOST_BYTES:
        raise RegistryError(f"the config of {familiar} has {config.size} bytes", hint=f"at most {MOST_BYTES} are read")
    data = _kept(shelf, config.digest)
    if data is None:
        with repository.open(config) as reader:
            data = b"".join(chunks(reader))
    try:
        image = Image.parse(document.data, data)
    except ValueError as error:
        raise _unreadable(familiar, error) from error
    shelf.put(data)
    return image


def _kept(shelf: Shelf, digest: Digest) -> bytes | None:
    try:
        return shelf.read(digest)
    except (NotFoundError, CorruptError):
        return None


def _unreadable(familiar: str, error: ValueError) -> RegistryError:
    return RegistryError(f"{familiar} is no container image that can be read: {error}", hint="push the image again")


def _digest(text: str) -> Digest | None:
    try:
        return Digest(text)
    except ValueError:
        return None


def _with_near_tag(error: NotFoundError, repository: Repository) -> NotFoundError:
    """The error with a hint at the tags that there are, where the registry tells."""
    reference = repository.reference
    try:
        tags = () if reference.digest else repository.tags()
    except StagemillError:
        return error
    if not tags:
        return error
    import difflib  # noqa: PLC0415  only a mistake needs it

    near = difflib.get_close_matches(reference.tag, tags, n=1)
    if near:
        meant = Reference(reference.registry, reference.repository, near[0])
        return NotFoundError(error.message, hint=f"did you mean {meant.familiar}?")
    shown = ", ".join(sorted(tags)[:8]) + (f" and {len(tags) - 8} more" if len(tags) > 8 else "")
    return NotFoundError(error.message, hint=f"its tags are {shown}")
