"""`too_deep`: what to say of an image with more layers than the programs take that will run it."""

from __future__ import annotations

from stagemill.oci.config import ImageConfig

MOST_LAYERS = 127
"""Source: Docker's documentation of its driver overlay2, which stacks 128 directories, the container's own among them."""


def too_deep(image: ImageConfig) -> str | None:
    """A notice, where there are too many; counted by the history, which has an entry for each."""
    count = sum(not entry.empty_layer for entry in image.history)
    if count <= MOST_LAYERS:
        return None
    hint = "write several commands in one RUN (a heredoc holds many), or copy what is finished into a stage of its own"
    return f"the image has {count} layers, and Docker runs none with more than {MOST_LAYERS}\nhint: {hint}"
