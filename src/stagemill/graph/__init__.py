"""Operations and how they hang together: data only, with digests that are cache keys."""
