"""`Side`: one of the two images that are compared, with where its blobs are."""

from __future__ import annotations

from stagemill.oci.blobs import BlobSource
from stagemill.oci.image import Image
from stagemill.values import dataclass
from stagemill.verify.pair import Circumstances


@dataclass(frozen=True, slots=True)
class Side:
    """`built` says how it was made, where that is known."""

    image: Image
    blobs: BlobSource
    built: Circumstances | None = None
