"""Builds are written down, so that later it can be told why their steps ran."""
