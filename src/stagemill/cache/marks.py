"""What a cache is known by where it lies."""

from __future__ import annotations

MEDIA_TYPE = "application/vnd.stagemill.cache.config.v1+json"
INLINE = "stagemill.cache.v1"
"""The key of an image's config under which an inline cache stands."""
BUILDKIT_INLINE = "moby.buildkit.cache.v0"
"""The same of BuildKit's, whose keys are not ours."""
